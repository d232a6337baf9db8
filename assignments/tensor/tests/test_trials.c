/*
 * What layers are tried with: numbers from which a right layer computes right ones, whatever the seed, and parts that
 * make up the whole.
 */
#include "assignments/tensor/trials.h"
#include "tests/support/test.h"

enum { SEEDS = 200, MOST_RANKS = 4 };

static double variance_of(const float *row, int count)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        sum += (double)row[i];
        squares += (double)row[i] * (double)row[i];
    }
    return squares / count - sum / count * (sum / count);
}

/* Rows of x that are nearly constant: with a deviation of less than a tenth. */
static int nearly_constant_rows(const struct trial *trial)
{
    struct tensor *x = trial_x(trial, 0, 0);
    const int columns = shape_count(trial->whole.parameter[0].shape);
    int found = 0;
    for (int first = 0; first < x->count; first += columns)
        found += variance_of(tensor_floats(x) + first, columns) < 0.01;
    tensor_free(x);
    return found;
}

/* A layer norm divides by the deviation of a row: its dx is rounding where that is next to nothing. */
START_TEST(no_row_of_a_layer_norm_is_nearly_constant)
{
    const struct trial_kind *kind = trial_kind_named("split_layer_norm");
    int found = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (int number = 0; number < kind->trials; number++) {
            struct trial trial;
            trial_make(&trial, kind, number, _i, seed);
            found += nearly_constant_rows(&trial);
            trial_clear(&trial);
        }
    ck_assert_int_eq(found, 0);
}
END_TEST

/* One behind the other, over all there is, and no rank before another has less. */
START_TEST(parts_make_up_the_whole)
{
    for (int size = _i; size < 40; size++) {
        int end = 0, before = size;
        for (int rank = 0; rank < _i; rank++) {
            const struct part part = trial_part(size, _i, rank);
            const int own = part.end - part.begin;
            ck_assert_int_eq(part.begin, end);
            ck_assert(own == size / _i || own == size / _i + 1);
            ck_assert_int_le(own, before);
            end = part.end;
            before = own;
        }
        ck_assert_int_eq(end, size);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("trials of layers");
    TCase *tests = tcase_create("trials of layers");
    tcase_add_loop_test(tests, no_row_of_a_layer_norm_is_nearly_constant, 1, MOST_RANKS + 1);
    tcase_add_loop_test(tests, parts_make_up_the_whole, 1, 7);
    suite_add_tcase(suite, tests);
    return suite;
}
