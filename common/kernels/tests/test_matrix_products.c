/*
 * Matrix products of all forms and many shapes, against sums in double precision; and nothing
 * beyond the arrays is read into a result or written.
 */
#include "common/base/random.h"
#include "common/kernels/products/few.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 64 }; /* floats before and behind each array */

/* An array whose numbers are in [-1, 1), between guards that are NaN. */
static float *guarded(size_t count, uint32_t stream)
{
    float *all = malloc((count + 2 * GUARD) * sizeof *all);
    ck_assert_ptr_nonnull(all);
    memset(all, 0xff, (count + 2 * GUARD) * sizeof *all);
    random_uniform(all + GUARD, count, 1, random_stream(RANDOM_TEST, stream, 0), 0, -1, 1);
    return all + GUARD;
}

static bool guards_are_whole(const float *array, size_t count)
{
    unsigned char untouched[GUARD * sizeof(float)];
    memset(untouched, 0xff, sizeof untouched);
    return memcmp(array - GUARD, untouched, sizeof untouched) == 0 &&
           memcmp(array + count, untouched, sizeof untouched) == 0;
}

struct arrays {
    bool transpose_a, transpose_b, add;
    int rows, columns, depth;
    float *a, *b, *before, *c;
};

static struct arrays arrays_new(bool transpose_a, bool transpose_b, bool add, int rows, int columns,
                                int depth)
{
    size_t size = (size_t)rows * (size_t)columns;
    struct arrays arrays = {.transpose_a = transpose_a,
                            .transpose_b = transpose_b,
                            .add = add,
                            .rows = rows,
                            .columns = columns,
                            .depth = depth};
    arrays.a = guarded((size_t)rows * (size_t)depth, 0);
    arrays.b = guarded((size_t)depth * (size_t)columns, 1);
    arrays.before = guarded(size, 2);
    arrays.c = guarded(size, 3);
    if (add)
        memcpy(arrays.c, arrays.before, size * sizeof *arrays.c);
    else /* what was there must not matter */
        memset(arrays.c, 0xff, size * sizeof *arrays.c);
    return arrays;
}

/* How many elements of c are further from the sum in double precision than floats may be. */
static int wrong_elements(const struct arrays *s)
{
    int wrong = 0;
    for (int i = 0; i < s->rows; i++)
        for (int j = 0; j < s->columns; j++) {
            size_t at = (size_t)i * (size_t)s->columns + (size_t)j;
            double sum = s->add ? s->before[at] : 0, sizes = fabs(sum);
            for (int k = 0; k < s->depth; k++) {
                double term = (double)s->a[s->transpose_a ? k * s->rows + i : i * s->depth + k] *
                              (double)s->b[s->transpose_b ? j * s->depth + k : k * s->columns + j];
                sum += term;
                sizes += fabs(term);
            }
            wrong += !(fabs(sum - (double)s->c[at]) <= 4e-7 * sizes + 1e-9);
        }
    return wrong;
}

static void arrays_check_and_free(struct arrays *s, const char *who)
{
    size_t size = (size_t)s->rows * (size_t)s->columns;
    ck_assert_msg(guards_are_whole(s->c, size), "%s wrote beyond c: %d×%d, depth %d", who, s->rows,
                  s->columns, s->depth);
    int wrong = wrong_elements(s);
    ck_assert_msg(wrong == 0, "%s: %d of %zu elements are wrong: %d×%d, depth %d, a%s, b%s, %s",
                  who, wrong, size, s->rows, s->columns, s->depth, s->transpose_a ? "ᵀ" : "",
                  s->transpose_b ? "ᵀ" : "", s->add ? "+=" : "=");
    free(s->a - GUARD);
    free(s->b - GUARD);
    free(s->before - GUARD);
    free(s->c - GUARD);
}

static void check_streamed(void multiply(const struct streamed_product *), const char *who,
                           bool transpose_a, bool add, int rows, int columns, int depth)
{
    struct arrays s = arrays_new(transpose_a, false, add, rows, columns, depth);
    multiply(&(struct streamed_product){.rows = rows,
                                        .columns = columns,
                                        .depth = depth,
                                        .a_row = transpose_a ? 1 : depth,
                                        .a_column = transpose_a ? rows : 1,
                                        .b_row = columns,
                                        .c_row = columns,
                                        .a = s.a,
                                        .b = s.b,
                                        .c = s.c,
                                        .add = add});
    arrays_check_and_free(&s, who);
}

static void check_dot(void multiply(const struct dot_product *), const char *who, bool add,
                      int rows, int columns, int depth)
{
    struct arrays s = arrays_new(false, true, add, rows, columns, depth);
    multiply(&(struct dot_product){.rows = rows,
                                   .columns = columns,
                                   .depth = depth,
                                   .a_row = depth,
                                   .b_row = depth,
                                   .c_row = columns,
                                   .a = s.a,
                                   .b = s.b,
                                   .c = s.c,
                                   .add = add});
    arrays_check_and_free(&s, who);
}

static const int few[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 24, 31, 32, 33, 50};
static const int wide[] = {16, 17, 31, 32, 47, 64, 100, 113, 160};
static const int narrow[] = {1, 2, 3, 7, 8, 10, 15};
static const int deep[] = {1, 2, 5, 8, 9, 15, 16, 17, 33, 64, 150};
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

START_TEST(test_streamed_and_short)
{
    for (int i = 0; i < COUNT(few); i++)
        for (int j = 0; j < COUNT(wide); j++)
            for (int k = 0; k < COUNT(deep); k++)
                for (int form = 0; form < 4; form++) {
                    check_streamed(cpu_streamed_product, "streamed", form & 1, form & 2, few[i],
                                   wide[j], deep[k]);
                    check_streamed(cpu_short_product, "short", form & 1, form & 2, few[i], wide[j],
                                   deep[k]);
                }
}
END_TEST

START_TEST(test_short_of_few_columns)
{
    for (int i = 0; i < COUNT(few); i++)
        for (int j = 0; j < COUNT(narrow); j++)
            for (int form = 0; form < 4; form++)
                check_streamed(cpu_short_product, "short", form & 1, form & 2, few[i], narrow[j],
                               11);
}
END_TEST

START_TEST(test_dot_and_turned)
{
    for (int i = 0; i < COUNT(few); i++)
        for (int j = 0; j < COUNT(wide) + COUNT(narrow); j++)
            for (int k = 0; k < COUNT(deep); k++)
                for (int add = 0; add < 2; add++) {
                    int columns = j < COUNT(wide) ? wide[j] : narrow[j - COUNT(wide)];
                    check_dot(cpu_dot_product, "dot", add, few[i], columns, deep[k]);
                    if (columns >= LANES)
                        check_dot(cpu_turned_product, "turned", add, few[i], columns, deep[k]);
                }
    for (int add = 0; add < 2; add++) { /* several blocks of b */
        check_dot(cpu_turned_product, "turned", add, 37, 300, 513);
        check_dot(cpu_turned_product, "turned", add, 16, 257, 256);
    }
}
END_TEST

static size_t guarded_bytes(int rows, int columns)
{
    return ((size_t)rows * (size_t)columns + 2 * GUARD) * sizeof(float);
}

static void multiply_by_the_table(const struct arrays *s)
{
    const size_t a = guarded_bytes(s->rows, s->depth), b = guarded_bytes(s->depth, s->columns);
    const size_t c = guarded_bytes(s->rows, s->columns);
    float *lent_a = lend(s->a - GUARD, a), *lent_b = lend(s->b - GUARD, b),
          *lent_c = lend(s->c - GUARD, c);
    kernels_for(tested_device())
        ->matrix_product(s->transpose_a, s->transpose_b, s->rows, s->columns, s->depth,
                         lent_a + GUARD, lent_b + GUARD, s->add, lent_c + GUARD);
    lent_free(lent_a, s->a - GUARD);
    lent_free(lent_b, s->b - GUARD);
    take_back(lent_c, s->c - GUARD, c);
}

/* What the table chooses, on either side of its limits, and with b larger than caches. */
START_TEST(test_all_forms_through_the_table)
{
    static const int shape[][2] = {{64, 64},   {10, 512},  {512, 10},   {130, 127},  {256, 64},
                                   {300, 257}, {513, 300}, {784, 1100}, {1500, 1402}};
    static const int rows[] = {1, 2, 3, 5, 8, 12, 16, 17, 25, 32, 33, 64, 130, 520};
    for (int s = 0; s < COUNT(shape); s++)
        for (int r = 0; r < (s < 5 ? COUNT(rows) : s < 7 ? 12 : 6); r++)
            for (int form = 0; form < 3; form++) {
                int n = shape[s][0], k = shape[s][1], few_rows = rows[r];
                bool tn = form == 2;
                struct arrays a = arrays_new(tn, form == 0, r & 1, tn ? n : few_rows, tn ? k : n,
                                             tn ? few_rows : k);
                multiply_by_the_table(&a);
                arrays_check_and_free(&a, "the table");
            }
}
END_TEST

START_TEST(test_streamed_from_far_memory)
{
    check_streamed(cpu_streamed_product, "streamed", false, true, 3, 1500, 1403);
    check_streamed(cpu_streamed_product, "streamed", false, false, 8, 2050, 1025);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("matrix products");
    TCase *cases = tcase_create("against double precision");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_all_forms_through_the_table);
    if (!tests_a_gpu()) { /* the processor's own loops */
        tcase_add_test(cases, test_streamed_and_short);
        tcase_add_test(cases, test_short_of_few_columns);
        tcase_add_test(cases, test_dot_and_turned);
        tcase_add_test(cases, test_streamed_from_far_memory);
    }
    suite_add_tcase(suite, cases);
    return suite;
}
