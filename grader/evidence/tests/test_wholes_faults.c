/*
 * Tests of wholes: whatever is missing, held twice, changed, forged or damaged is named.
 */
#include "tests/support/stored_wholes.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct slice rows(int from, int to)
{
    return slice_along(SHAPE(8, 6), 0, from, to);
}

static struct slice columns(int from, int to)
{
    return slice_along(SHAPE(8, 6), 1, from, to);
}

/* Rows 0 and 1 on rank 0, and so on; one rank has other rows. */
static void put_rows(int other, int from, int to)
{
    stored_begin();
    for (int w = 0; w < STORED_WHOLES; w++)
        stored_make(w, SHAPE(8, 6));
    for (int r = 0; r < STORED_RANKS; r++) {
        struct slice slice = r == other ? rows(from, MAX(to, from + 1)) : rows(2 * r, 2 * r + 2);
        if (r != other || to > from)
            stored_put(r, 0, &slice);
    }
}

static const struct wholes_rules once = {.copies = 1}, any = {0}, on_two = {.copies = 2};

#define W    "layers.0.weight (8, 6)"
#define HERE " (by the logs, layer 0 is on rank 0, rank 1, rank 2 and rank 3)"

START_TEST(a_lost_part_is_named)
{
    put_rows(2, 0, 0);
    stored_expect_fault(0, once, "rows 4 to 5 of " W " are on no rank" HERE);
    put_rows(1, 2, 3);
    stored_expect_fault(0, once, "row 3 of " W " is on no rank" HERE);
    stored_begin();
    stored_make(0, SHAPE(8, 6));
    struct slice some = columns(0, 2);
    slice_add(&some, 1, 4, 5);
    stored_put(1, 0, &some);
    stored_expect_fault(0, any, "columns 2 to 3 and 5 of " W " are on no rank" HERE);
    stored_begin();
    stored_make(0, SHAPE(8, 6));
    some = rows(0, 7);
    stored_put(0, 0, &some);
    some = (struct slice){{2, {8, 6}}, {{1, {{7, 8}}}, {1, {{0, 5}}}}};
    stored_put(1, 0, &some);
    stored_expect_fault(0, any, "element [7, 5] of " W " is on no rank" HERE);
    stored_begin();
    stored_make(0, SHAPE(8, 6));
    stored_expect_fault(0, any, "layers.0.weight is on no rank" HERE);
}
END_TEST

START_TEST(a_lost_range_is_named)
{
    GRand *random = g_rand_new_with_seed(3);
    stored_begin();
    for (int w = 0; w < STORED_WHOLES; w++)
        stored_make(w, SHAPE(8, 6));
    stored_put_ranges(random, 45, 58); /* 3 elements of the first, 10 of the second */
    stored_write();
    struct wholes *wholes = stored_read();
    stored_expect_original(wholes, 2, 1);
    ck_assert_ptr_null(stored_assemble(wholes, 0, once));
    ck_assert_str_eq(stored.why->str, "row 7, columns 3 to 5 of " W " are on no rank" HERE);
    ck_assert_ptr_null(stored_assemble(wholes, 1, once));
    ck_assert_str_eq(stored.why->str,
                     "elements 0 to 9 (row by row) of layers.0.bias (8, 6) are on no "
                     "rank" HERE);
    wholes_free(wholes);
    stored_free_originals();
    g_rand_free(random);
}
END_TEST

START_TEST(a_shifted_part_is_missing_and_doubled)
{
    put_rows(2, 5, 7);
    stored_expect_fault(0, once,
                        "row 4 of " W " is on no rank" HERE "; row 6 of " W
                        " is on 2 ranks, not on 1: rank 2, rank 3");
}
END_TEST

START_TEST(a_part_held_twice_is_named)
{
    put_rows(2, 3, 6);
    stored_expect_fault(0, once, "row 3 of " W " is on 2 ranks, not on 1: rank 1, rank 2");
    put_rows(STORED_RANKS, 0, 0);
    struct slice again = rows(3, 4);
    stored_put(1, 0, &again);
    stored_expect_fault(0, any, "row 3 of " W " is on rank 1 twice");
}
END_TEST

START_TEST(too_few_copies_are_named)
{
    put_rows(STORED_RANKS, 0, 0);
    struct slice low = rows(0, 2), high = rows(2, 7);
    stored_put(3, 0, &low);
    stored_put(0, 0, &high);
    stored_expect_fault(0, on_two, "row 7 of " W " is on 1 rank, not on 2: rank 3");
}
END_TEST

START_TEST(copies_that_differ_are_named)
{
    put_rows(STORED_RANKS, 0, 0);
    struct slice low = rows(0, 3), element = rows(6, 7);
    stored_put_changed(3, 0, &low, 0.5f);
    stored_put_changed(2, 0, &element, NAN);
    stored_expect_fault(
        0, any,
        "element [6, 5] of " W
        " is not the same on rank 2 and rank 3: 1 element, worst at [6, 5]: nan and 41");
    put_rows(STORED_RANKS, 0, 0);
    stored_put_changed(3, 0, &low, 0.5f);
    stored_expect_fault(
        0, any,
        "element [2, 5] of " W
        " is not the same on rank 1 and rank 3: 1 element, worst at [2, 5]: 17 and 17.5");
    put_rows(STORED_RANKS, 0, 0);
    stored_put_changed(3, 0, &low, 0.5f);
    stored_write();
    struct wholes *wholes = stored_read();
    struct tolerance loose = {.relative = 0, .absolute = 0.6, .norm = INFINITY};
    ck_assert_msg(stored_assemble(wholes, 0, (struct wholes_rules){.closeness = &loose}) != NULL,
                  "%s", stored.why->str);
    loose.norm = 1e-5;
    ck_assert_ptr_null(stored_assemble(wholes, 0, (struct wholes_rules){.closeness = &loose}));
    ck_assert_ptr_nonnull(strstr(stored.why->str, "relative norm of the difference is 0.0"));
    wholes_free(wholes);
    stored_free_originals();
}
END_TEST

static bool is_the_first(const char *name)
{
    return strcmp(name, stored_names[0]) == 0;
}

/* What one rank may work with for all: its copy is taken, and what is missing is told all the same. */
START_TEST(of_some_wholes_one_copy_is_enough)
{
    struct wholes_rules rules = {.one_is_enough = is_the_first};
    struct slice all = rows(0, 8);
    stored_begin();
    stored_make(0, SHAPE(8, 6));
    stored_make(1, SHAPE(8, 6));
    for (int w = 0; w < 2; w++) {
        stored_put_all(1, w);
        stored_put_changed(3, w, &all, 0.5f);
    }
    stored_write();
    struct wholes *wholes = stored_read();
    const struct tensor *found = stored_assemble(wholes, 0, rules);
    ck_assert_msg(found != NULL, "%s", stored.why->str);
    ck_assert_mem_eq(found->data, stored.original[0]->data, 8 * 6 * sizeof(float));
    rules.one = 3;
    found = stored_assemble(wholes, 0, rules);
    ck_assert_msg(found != NULL, "%s", stored.why->str);
    ck_assert_float_eq(tensor_floats(found)[8 * 6 - 1],
                       tensor_floats(stored.original[0])[8 * 6 - 1] + 0.5f);
    ck_assert_ptr_null(stored_assemble(wholes, 1, rules));
    ck_assert_ptr_nonnull(strstr(stored.why->str, "is not the same on rank 1 and rank 3"));
    wholes_free(wholes);
    stored_free_originals();
    put_rows(2, 2, 4);
    stored_expect_fault(0, rules, "rows 4 to 5 of " W " are on no rank" HERE);
}
END_TEST

/* Several elements: how many, where, and the worst of them. */
START_TEST(the_worst_of_the_differences_is_told)
{
    put_rows(STORED_RANKS, 0, 0);
    struct slice low = rows(0, 2);
    float *numbers = tensor_floats(stored.original[0]);
    numbers[1] += 2;
    numbers[7] += 0.5f;
    stored_put(3, 0, &low);
    stored_expect_fault(
        0, any,
        "rows 0 to 1, column 1 of " W
        " are not the same on rank 0 and rank 3: 2 elements, worst at [0, 1]: 1 and 3");
}
END_TEST

/* What is held twice where it should be once is no copy to compare, whatever its numbers are. */
START_TEST(doubled_with_other_numbers_is_doubled)
{
    put_rows(STORED_RANKS, 0, 0);
    struct slice row = rows(3, 4);
    stored_put_changed(2, 0, &row, 1);
    stored_expect_fault(0, once, "row 3 of " W " is on 2 ranks, not on 1: rank 1, rank 2");
}
END_TEST

START_TEST(half_a_whole_on_one_rank_is_no_whole)
{
    stored_begin();
    stored_make(0, SHAPE(8, 6));
    struct slice all = slice_all(SHAPE(8, 6));
    struct arena *arena = arena_new();
    arena_add(arena, stored_names[0], &all);
    tensor_file_set_arena(stored.file[1], "stage", arena);
    arena_free(arena);
    struct tensor *half = tensor_view(stored.original[0], 24, SHAPE(24));
    tensor_file_add_range(stored.file[1], "half", half, "stage", "", 24);
    tensor_free(half);
    stored_expect_fault(0, once, "rows 0 to 3 of " W " are on no rank" HERE);
}
END_TEST

START_TEST(numbers_that_are_not_finite_are_named)
{
    static const float bad[] = {NAN, -INFINITY};
    static const char *const says[] = {"element [5, 5] of " W " is NaN on rank 2",
                                       "element [5, 5] of " W " is infinite on rank 2"};
    for (int i = 0; i < 2; i++) {
        put_rows(2, 0, 0);
        struct slice slice = rows(4, 6);
        stored_put_changed(2, 0, &slice, bad[i]);
        stored_expect_fault(0, (struct wholes_rules){.finite = true}, says[i]);
        put_rows(2, 0, 0); /* also where one rank has all of it */
        stored_put_changed(1, 1, &(struct slice){{2, {8, 6}}, {{1, {{0, 8}}}, {1, {{0, 6}}}}},
                           bad[i]);
        stored_expect_fault(1, (struct wholes_rules){.finite = true},
                            i == 0
                                ? "element [7, 5] of layers.0.bias (8, 6) is NaN on rank 1"
                                : "element [7, 5] of layers.0.bias (8, 6) is infinite on rank 1");
    }
}
END_TEST

START_TEST(another_whole_is_named)
{
    put_rows(2, 0, 0);
    struct slice slice = slice_along(SHAPE(8, 3), 0, 4, 6);
    struct tensor *part = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(2, 3));
    tensor_zero(part);
    tensor_file_add_slice(stored.file[2], "x", part, stored_names[0], &slice);
    tensor_free(part);
    stored_write();
    struct wholes *wholes = stored_read();
    ck_assert_ptr_null(stored_assemble(wholes, 0, once));
    ck_assert_str_eq(stored.why->str,
                     "rank 2 has a part of layers.0.weight as float32 (8, 3); it should be "
                     "float32 (8, 6)");
    g_string_truncate(stored.why, 0);
    ck_assert_ptr_null(
        wholes_assemble(wholes, stored_names[0], DTYPE_FLOAT32, NULL, once, stored.why));
    ck_assert_str_eq(stored.why->str,
                     "rank 2 has a part of layers.0.weight as float32 (8, 3); rank 0 has "
                     "one as float32 (8, 6)");
    g_string_truncate(stored.why, 0);
    ck_assert_ptr_null(
        wholes_assemble(wholes, stored_names[0], DTYPE_INT32, NULL, once, stored.why));
    ck_assert_str_eq(stored.why->str,
                     "rank 0 has a part of layers.0.weight as float32 (8, 6); rank 0 has "
                     "one as int32 (8, 6)");
    wholes_free(wholes);
    stored_free_originals();
}
END_TEST

/* A whole that is said to be larger than any memory costs none. */
START_TEST(a_forged_size_costs_nothing)
{
    stored_begin();
    stored_make(0, SHAPE(1));
    struct slice slice = slice_along(SHAPE(2000000000), 0, 5, 6);
    tensor_file_add_slice(stored.file[1], "x", stored.original[0], stored_names[0], &slice);
    stored_write();
    struct wholes *wholes = stored_read();
    ck_assert_ptr_null(
        wholes_assemble(wholes, stored_names[0], DTYPE_FLOAT32, NULL, any, stored.why));
    ck_assert_str_eq(stored.why->str,
                     "layers.0.weight (2000000000) has 2000000000 elements, and all ranks "
                     "together stored 1");
    wholes_free(wholes);
    stored_free_originals();
}
END_TEST

START_TEST(holders_are_known)
{
    put_rows(STORED_RANKS, 0, 0);
    stored_write();
    struct wholes *wholes = stored_read();
    const struct whole *whole = wholes_find(wholes, stored_names[0]);
    for (size_t i = 0; i < 48; i++)
        ck_assert_int_eq(whole_holder(whole, i), (int)i / 12);
    ck_assert_int_eq(whole_holder(whole, 48), -1);
    ck_assert_int_eq(wholes_files(wholes), STORED_RANKS);
    ck_assert_int_eq(wholes_rank_of_layer(wholes, 1), 0);
    ck_assert_int_eq(wholes_rank_of_layer(wholes, 2), -1);
    wholes_free(wholes);
    stored_free_originals();
}
END_TEST

/* ---- files ------------------------------------------------------------------------------------------ */

static void expect_unreadable(const char *says)
{
    struct verdict *verdict = verdict_new();
    ck_assert_ptr_null(wholes_read(&stored.run->outcome, "before", 3, verdict));
    logged_run_expect(verdict, VERDICT_FAIL, says);
    stored_free_originals();
}

START_TEST(files_that_can_not_be_used_are_named)
{
    char path[256];
    put_rows(STORED_RANKS, 0, 0);
    stored_write();
    stored_path(2, path);
    switch (_i) {
    case 0:
        ck_assert_int_eq(unlink(path), 0);
        expect_unreadable("rank 2 left no usable tensors before step 3: ");
        break;
    case 1:
        ck_assert_int_eq(truncate(path, 100), 0);
        expect_unreadable("rank 2 left no usable tensors before step 3: ");
        break;
    default: {
        char other[256];
        stored_path(3, other);
        ck_assert_int_eq(rename(other, path), 0);
        expect_unreadable("the tensors of rank 2 (stage 0) before step 3 do not state the rank");
        break;
    }
    }
}
END_TEST

START_TEST(forged_parts_are_named)
{
    put_rows(STORED_RANKS, 0, 0);
    tensor_file_set_metadata(stored.file[1], "slice.extra", "{\"whole\":7}");
    tensor_file_add(stored.file[1], "extra", stored.original[0]);
    stored_write();
    expect_unreadable("rank 1 left no usable tensors before step 3: tensor \"extra\": ");
}
END_TEST

START_TEST(layers_of_others_are_named)
{
    put_rows(STORED_RANKS, 0, 0);
    tensor_file_add(stored.file[1], "layers.2.bias", stored.original[0]);
    stored_write();
    expect_unreadable("rank 1 stored layers.2.bias, but its stage has layers 0 to 1 only");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("faults of wholes");
    TCase *cases = tcase_create("faults");
    tcase_add_checked_fixture(cases, stored_setup, stored_teardown);
    tcase_add_test(cases, a_lost_part_is_named);
    tcase_add_test(cases, a_lost_range_is_named);
    tcase_add_test(cases, a_shifted_part_is_missing_and_doubled);
    tcase_add_test(cases, a_part_held_twice_is_named);
    tcase_add_test(cases, too_few_copies_are_named);
    tcase_add_test(cases, copies_that_differ_are_named);
    tcase_add_test(cases, of_some_wholes_one_copy_is_enough);
    tcase_add_test(cases, the_worst_of_the_differences_is_told);
    tcase_add_test(cases, doubled_with_other_numbers_is_doubled);
    tcase_add_test(cases, half_a_whole_on_one_rank_is_no_whole);
    tcase_add_test(cases, numbers_that_are_not_finite_are_named);
    tcase_add_test(cases, another_whole_is_named);
    tcase_add_test(cases, a_forged_size_costs_nothing);
    tcase_add_test(cases, holders_are_known);
    tcase_add_loop_test(cases, files_that_can_not_be_used_are_named, 0, 3);
    tcase_add_test(cases, forged_parts_are_named);
    tcase_add_test(cases, layers_of_others_are_named);
    suite_add_tcase(suite, cases);
    return suite;
}
