/*
 * What a wrong tensor has to do with the right one, on made-up parts.
 */
#include "assignments/tensor/judges/facts/signature.h"
#include "common/base/random.h"
#include "tests/support/test.h"

#include <math.h>

enum { ROWS = 6, COLUMNS = 5, RANKS = 3 };

static struct tensor *expected;
static struct wholes_file files[RANKS];
static struct whole whole;

static float number(int i)
{
    return sinf((float)(7 * i + 1)) + 0.1f * (float)(i % 4);
}

static void set_up(void)
{
    expected = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(ROWS, COLUMNS));
    for (int i = 0; i < expected->count; i++)
        tensor_floats(expected)[i] = number(i);
    whole = (struct whole){.name = (char *)"w",
                           .parts = g_array_new(FALSE, FALSE, sizeof(struct whole_part))};
}

static void tear_down(void)
{
    for (guint i = 0; i < whole.parts->len; i++)
        tensor_free((struct tensor *)g_array_index(whole.parts, struct whole_part, i).tensor);
    g_array_unref(whole.parts);
    tensor_free(expected);
}

/* A part with the right numbers. */
static struct tensor *add_part(struct slice slice)
{
    const int rank = (int)whole.parts->len;
    struct whole_part part = {.from = &files[rank], .is = {.slice = slice}};
    files[rank].rank = rank;
    part.is.count = shape_elements(slice_shape(&slice));
    struct tensor *tensor = tensor_signature_expected(&part, expected);
    part.tensor = tensor;
    g_array_append_val(whole.parts, part);
    return tensor;
}

static struct slice rows_of(int rank)
{
    return slice_along(expected->shape, 0, rank * ROWS / RANKS, (rank + 1) * ROWS / RANKS);
}

static struct signature found(void)
{
    return tensor_signature_of(&whole, expected, RANKS);
}

START_TEST(multiples_and_powers)
{
    static const struct {
        float factor;
        int power;
    } factors[] = {{3.0f, 1}, {9.0f, 2}, {1.0f / 3.0f, -1}, {2.0f, 0}, {-1.0f, 0}};
    for (int rank = 0; rank < RANKS; rank++) {
        struct tensor *part = add_part(_i % 2 ? rows_of(rank) : slice_all(expected->shape));
        for (int i = 0; i < part->count; i++)
            tensor_floats(part)[i] *= factors[_i].factor;
    }
    const struct signature signature = found();
    ck_assert_int_eq(signature.kind, SIGNATURE_MULTIPLE);
    ck_assert_double_eq_tol(signature.factor, (double)factors[_i].factor, 1e-6);
    ck_assert_int_eq(signature.power, factors[_i].power);
}
END_TEST

/* Each rank another share of each number, and all together the right one. */
START_TEST(terms_of_a_sum)
{
    struct tensor *copy[RANKS];
    for (int rank = 0; rank < RANKS; rank++)
        copy[rank] = add_part(slice_all(expected->shape));
    for (int i = 0; i < expected->count; i++) {
        const float first = 0.3f * number(i + 50), second = 0.6f * number(i + 90);
        tensor_floats(copy[0])[i] = first;
        tensor_floats(copy[1])[i] = second;
        tensor_floats(copy[2])[i] = number(i) - first - second;
    }
    ck_assert(tensor_signature_of_copies(&whole));
    ck_assert_int_eq(found().kind, SIGNATURE_TERMS);
    tensor_floats(copy[2])[4] += 0.1f;
    ck_assert_int_eq(found().kind, SIGNATURE_NONE);
}
END_TEST

START_TEST(the_first_slice_everywhere)
{
    struct tensor *part[RANKS];
    for (int rank = 0; rank < RANKS; rank++)
        part[rank] = add_part(rows_of(rank));
    ck_assert(!tensor_signature_of_copies(&whole));
    tensor_copy(part[1], part[0]);
    ck_assert_int_eq(found().kind, SIGNATURE_NONE);
    tensor_copy(part[2], part[0]);
    ck_assert_int_eq(found().kind, SIGNATURE_FIRST_SLICE);
}
END_TEST

START_TEST(sums_of_slices)
{
    struct tensor *part[RANKS];
    for (int rank = 0; rank < RANKS; rank++)
        part[rank] = add_part(rows_of(rank));
    for (int i = 0; i < part[0]->count; i++) {
        const float sum = number(i) + number(i + part[0]->count) + number(i + 2 * part[0]->count);
        for (int rank = 0; rank < RANKS; rank++)
            tensor_floats(part[rank])[i] = sum;
    }
    ck_assert_int_eq(found().kind, SIGNATURE_SUM_OF_SLICES);
}
END_TEST

START_TEST(numbers_in_other_places)
{
    struct tensor *part[RANKS];
    for (int rank = 0; rank < RANKS; rank++)
        part[rank] = add_part(slice_all(expected->shape));
    for (int rank = 0; rank < RANKS; rank++)
        for (int i = 0; i < expected->count; i++)
            tensor_floats(part[rank])[i] = number((i + 4) % expected->count);
    ck_assert_int_eq(found().kind, SIGNATURE_ELSEWHERE);
    tensor_floats(part[1])[3] = 5.0f;
    ck_assert_int_eq(found().kind, SIGNATURE_NONE);
}
END_TEST

/* Zeros, and parts of unlike size, show nothing. */
START_TEST(what_shows_nothing)
{
    struct tensor *first = add_part(slice_along(expected->shape, 0, 0, 4));
    add_part(slice_along(expected->shape, 0, 4, 6));
    for (int i = 0; i < first->count; i++)
        tensor_floats(first)[i] = _i == 0 ? 0.0f : NAN;
    ck_assert_int_eq(found().kind, SIGNATURE_NONE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("signatures of wrong tensors");
    TCase *cases = tcase_create("signatures");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, multiples_and_powers, 0, 5);
    tcase_add_test(cases, terms_of_a_sum);
    tcase_add_test(cases, the_first_slice_everywhere);
    tcase_add_test(cases, sums_of_slices);
    tcase_add_test(cases, numbers_in_other_places);
    tcase_add_loop_test(cases, what_shows_nothing, 0, 2);
    suite_add_tcase(suite, cases);
    return suite;
}
