/* Tests of slices: against lists of indices, element by element. */
#include "common/base/slice.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

/* A random slice, and along each dimension the list of the whole's indices that it has. */
struct listed {
    struct slice slice;
    int index[TENSOR_MAX_DIMENSIONS][64];
};

/* Pieces in any order, of the whole's indices 0 … size-1 without overlap. */
static void random_pieces(GRand *random, struct listed *one, int d)
{
    int size = one->slice.whole.size[d];
    bool used[64] = {false};
    struct slice_pieces *along = &one->slice.along[d];
    int wanted = g_rand_int_range(random, 1, SLICE_MAX_PIECES + 1), listed = 0;
    along->count = 0;
    while (along->count < wanted && along->count < SLICE_MAX_PIECES) {
        int begin = g_rand_int_range(random, 0, size);
        int end = g_rand_int_range(random, begin, size) + 1;
        bool free = true;
        for (int i = begin; i < end; i++)
            free = free && !used[i];
        if (!free && along->count > 0)
            break;
        along->piece[along->count++] = (struct slice_piece){begin, end};
        for (int i = begin; i < end; i++) {
            used[i] = true;
            one->index[d][listed++] = i;
        }
    }
}

static struct listed random_slice(GRand *random)
{
    struct listed one = {.slice.whole.dimensions = g_rand_int_range(random, 0, 5)};
    for (int d = 0; d < one.slice.whole.dimensions; d++) {
        one.slice.whole.size[d] = g_rand_int_range(random, 1, 9);
        random_pieces(random, &one, d);
    }
    return one;
}

/* Row by row, the long way. */
static size_t listed_place(const struct listed *one, struct shape part, size_t element)
{
    size_t place = 0;
    int index[TENSOR_MAX_DIMENSIONS] = {0};
    for (int d = part.dimensions - 1; d >= 0; d--) {
        index[d] = one->index[d][element % (size_t)part.size[d]];
        element /= (size_t)part.size[d];
    }
    for (int d = 0; d < part.dimensions; d++)
        place = place * (size_t)one->slice.whole.size[d] + (size_t)index[d];
    return place;
}

struct walked {
    const struct listed *one;
    struct shape part;
    size_t next;
};

static void visit(size_t in_part, size_t in_whole, size_t length, void *user)
{
    struct walked *walked = user;
    ck_assert_uint_eq(in_part, walked->next);
    ck_assert_uint_gt(length, 0);
    for (size_t i = 0; i < length; i++)
        ck_assert_uint_eq(in_whole + i, listed_place(walked->one, walked->part, in_part + i));
    walked->next += length;
}

START_TEST(places_are_those_of_the_lists)
{
    GRand *random = g_rand_new_with_seed(11);
    char text[SLICE_ERROR_SIZE];
    for (int trial = 0; trial < 2000; trial++) {
        struct listed one = random_slice(random);
        ck_assert_ptr_null(slice_fault(&one.slice, text));
        struct shape part = slice_shape(&one.slice);
        size_t elements = shape_elements(part);
        for (size_t i = 0; i < elements; i++)
            ck_assert_uint_eq(slice_place(&one.slice, i), listed_place(&one, part, i));
        size_t first = (size_t)g_rand_int_range(random, 0, (int)elements);
        size_t count = (size_t)g_rand_int_range(random, 0, (int)(elements - first) + 1);
        struct walked walked = {&one, part, first};
        slice_walk(&one.slice, first, count, visit, &walked);
        ck_assert_uint_eq(walked.next, first + count);
    }
    g_rand_free(random);
}
END_TEST

START_TEST(what_is_copied_out_goes_back_in)
{
    GRand *random = g_rand_new_with_seed(12);
    for (int trial = 0; trial < 500; trial++) {
        struct listed one = random_slice(random);
        struct shape shape = slice_shape(&one.slice);
        struct tensor *whole =
            tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, one.slice.whole);
        struct tensor *other =
            tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, one.slice.whole);
        int *numbers = whole->data, *others = other->data, inside = 0;
        for (int i = 0; i < whole->count; i++) {
            numbers[i] = i;
            others[i] = -1;
        }
        struct tensor *part = slice_part_new(&one.slice, whole);
        ck_assert(shape_equal(part->shape, shape));
        for (int i = 0; i < part->count; i++)
            ck_assert_int_eq(tensor_integers(part)[i], (int)listed_place(&one, shape, (size_t)i));
        slice_copy_in(&one.slice, part, other);
        for (int i = 0; i < whole->count; i++) {
            ck_assert(others[i] == i || others[i] == -1);
            inside += others[i] == i;
        }
        ck_assert_int_eq(inside, part->count);
        tensor_free(whole);
        tensor_free(other);
        tensor_free(part);
    }
    g_rand_free(random);
}
END_TEST

START_TEST(heads_of_a_fused_weight_are_three_pieces)
{
    struct slice slice = slice_along(SHAPE(12, 2), 0, 1, 2);
    slice_add(&slice, 0, 5, 6);
    slice_add(&slice, 0, 9, 10);
    ck_assert(shape_equal(slice_shape(&slice), SHAPE(3, 2)));
    static const size_t places[] = {2, 3, 10, 11, 18, 19};
    for (size_t i = 0; i < 6; i++)
        ck_assert_uint_eq(slice_place(&slice, i), places[i]);
    ck_assert(!slice_is_all(&slice));
    slice = slice_all(SHAPE(12, 2));
    ck_assert(slice_is_all(&slice));
}
END_TEST

START_TEST(what_is_no_slice_is_told)
{
    static const struct {
        struct slice slice;
        const char *says;
    } wrong[] = {
        {{{5, {1}}, {{0}}}, "5 dimensions"},
        {{{-1, {1}}, {{0}}}, "-1 dimensions"},
        {{{1, {4}}, {{0, {{0, 0}}}}}, "0 pieces along dimension 0"},
        {{{1, {4}}, {{5, {{0, 1}}}}}, "5 pieces along dimension 0"},
        {{{1, {4}}, {{1, {{2, 2}}}}}, "2 up to 2 along dimension 0"},
        {{{1, {4}}, {{1, {{3, 5}}}}}, "3 up to 5 along dimension 0 is not within 0 up to 4"},
        {{{1, {4}}, {{1, {{-1, 2}}}}}, "-1 up to 2"},
        {{{1, {4}}, {{2, {{0, 2}, {1, 3}}}}}, "two pieces along dimension 0 overlap"},
        {{{2, {65536, 65536}}, {{1, {{0, 1}}}, {1, {{0, 1}}}}}, "more than 2147483647 elements"},
    };
    char text[SLICE_ERROR_SIZE];
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const char *fault = slice_fault(&wrong[i].slice, text);
        ck_assert_ptr_nonnull(fault);
        ck_assert_msg(strstr(fault, wrong[i].says), "\"%s\" is not in \"%s\"", wrong[i].says,
                      fault);
    }
}
END_TEST

static void of_nothing(void)
{
    slice_along((struct shape){.dimensions = 0}, 0, 0, 1);
}
static void of_the_third(void)
{
    slice_along(SHAPE(4, 5), 2, 0, 1);
}
static void behind_the_end(void)
{
    slice_along(SHAPE(4, 5), 1, 3, 6);
}
static const struct fatal_case misuses[] = {
    {of_nothing, "slice_along: the whole has no dimensions: is it a parameter that the layer does "
                 "not have?"},
    {of_the_third, "slice_along: there is no dimension 2 to slice: the whole has 2"},
    {behind_the_end, "slice_along: there is no such slice: 3 up to 6 along dimension 1"},
};

START_TEST(what_is_no_slice_ends_the_program)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("slices");
    TCase *cases = tcase_create("slices");
    tcase_add_test(cases, places_are_those_of_the_lists);
    tcase_add_test(cases, what_is_copied_out_goes_back_in);
    tcase_add_test(cases, heads_of_a_fused_weight_are_three_pieces);
    tcase_add_test(cases, what_is_no_slice_is_told);
    tcase_add_loop_test(cases, what_is_no_slice_ends_the_program, 0, (int)G_N_ELEMENTS(misuses));
    suite_add_tcase(suite, cases);
    return suite;
}
