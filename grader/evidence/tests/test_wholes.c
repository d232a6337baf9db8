/*
 * Tests of wholes: tensors cut at random and held by several ranks come together
 * again; and whatever is missing, doubled, changed or forged is named.
 */
#include "grader/evidence/wholes.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANKS  4
#define WHOLES 3

static struct logged_run *run;
static struct tensor_file *file[RANKS];
static struct tensor *original[WHOLES];
static const char *const names[WHOLES] = {"layers.0.weight", "layers.0.bias", "layers.1.weight"};
static GString *why;

/* ---- a run that never was ----------------------------------------------------------------------- */

/* All ranks have the same two layers. */
static void setup(void)
{
    run = logged_run_new(RANKS);
    why = g_string_new(NULL);
    for (int r = 0; r < RANKS; r++) {
        script_put(&run->script[r],
                   log_record_of_stage((struct log_stage){.stage = 0, .layers = 2}));
        script_step(&run->script[r], LOG_STEP_BEGIN, 0);
        /* Made later, to compare with: it leaves no file. */
        script_put(&run->script[r],
                   log_record_of_stage((struct log_stage){.stage = 1, .layers = 7}));
    }
    logged_run_end(run);
}

static void teardown(void)
{
    g_string_free(why, TRUE);
    logged_run_free(run);
}

static void make(int w, struct shape shape)
{
    original[w] = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    for (size_t i = 0; i < original[w]->elements; i++)
        tensor_floats(original[w])[i] = (float)(1000 * w) + (float)i;
}

static void begin(void)
{
    for (int r = 0; r < RANKS; r++)
        file[r] = tensor_file_new();
}

static void free_originals(void)
{
    for (int w = 0; w < WHOLES; w++) {
        tensor_free(original[w]);
        original[w] = NULL;
    }
}

static void path_of(int rank, char path[256])
{
    snprintf(path, 256, "%s/rank-%d.stage-0.before-3.safetensors", run->folder, rank);
}

static void write_files(void)
{
    for (int r = 0; r < RANKS; r++) {
        char error[TENSOR_FILE_ERROR_SIZE], path[256], rank[16];
        snprintf(rank, sizeof rank, "%d", r);
        path_of(r, path);
        tensor_file_set_metadata(file[r], "rank", rank);
        tensor_file_set_metadata(file[r], "first_layer", "0");
        tensor_file_set_metadata(file[r], "layers", "2");
        ck_assert_msg(tensor_file_write(file[r], path, error), "%s", error);
        tensor_file_free(file[r]);
    }
}

static struct wholes *read_wholes(void)
{
    struct verdict *verdict = verdict_new();
    struct wholes *wholes = wholes_read(&run->outcome, "before", 3, verdict);
    ck_assert_msg(wholes != NULL, "%s", verdict->headline->str);
    verdict_free(verdict);
    return wholes;
}

/* What rank r has of whole w, each number changed by `by`. */
static void put_changed(int r, int w, const struct slice *slice, float by)
{
    static int number;
    char name[32];
    snprintf(name, sizeof name, "tensor %d", number++);
    struct tensor *part =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, slice_shape(slice));
    slice_copy_out(slice, original[w], part);
    tensor_floats(part)[part->elements - 1] += by;
    tensor_file_add_slice(file[r], name, part, names[w], slice);
    tensor_free(part);
}

static void put(int r, int w, const struct slice *slice)
{
    put_changed(r, w, slice, 0);
}

static void put_all(int r, int w)
{
    struct slice all = slice_all(original[w]->shape);
    put(r, w, &all);
}

static const struct tensor *assemble(struct wholes *wholes, int w, struct wholes_rules rules)
{
    g_string_truncate(why, 0);
    return wholes_assemble(wholes, names[w], DTYPE_FLOAT32, &original[w]->shape, rules, why);
}

static void expect_original(struct wholes *wholes, int w, int copies)
{
    const struct tensor *found = assemble(wholes, w, (struct wholes_rules){.copies = copies});
    ck_assert_msg(found != NULL, "%s", why->str);
    ck_assert(shape_equal(found->shape, original[w]->shape));
    ck_assert(!memcmp(found->data, original[w]->data, tensor_bytes(found)));
    ck_assert_ptr_eq(found, wholes_tensor(wholes, names[w]));
}

static void expect_fault(int w, struct wholes_rules rules, const char *says)
{
    write_files();
    struct wholes *wholes = read_wholes();
    ck_assert_ptr_null(assemble(wholes, w, rules));
    ck_assert_ptr_null(wholes_tensor(wholes, names[w]));
    ck_assert_str_eq(why->str, says);
    wholes_free(wholes);
    free_originals();
}

/* ---- cut at random -------------------------------------------------------------------------------- */

static struct shape random_shape(GRand *random)
{
    struct shape shape = {.dimensions = g_rand_int_range(random, 1, 5)};
    for (int d = 0; d < shape.dimensions; d++)
        shape.size[d] = g_rand_int_range(random, 1, 8);
    return shape;
}

/* Cuts one dimension into pieces, each for one of some ranks. */
static void cut_pieces(GRand *random, int w, int d, const int *ranks, int count)
{
    int size = original[w]->shape.size[d];
    struct slice mine[RANKS];
    for (int k = 0; k < count; k++) {
        mine[k] = slice_all(original[w]->shape);
        mine[k].along[d].count = 0;
    }
    for (int at = 0; at < size;) {
        int length = g_rand_int_range(random, 1, 4), end = MIN(size, at + length);
        int k = g_rand_int_range(random, 0, count);
        while (mine[k].along[d].count == SLICE_MAX_PIECES)
            k = (k + 1) % count;
        slice_add(&mine[k], d, at, end);
        at = end;
    }
    for (int k = 0; k < count; k++)
        if (mine[k].along[d].count > 0)
            put(ranks[k], w, &mine[k]);
}

/* Two cuts, one in each of two dimensions: four blocks. */
static void cut_blocks(GRand *random, int w, int d, int e)
{
    struct shape shape = original[w]->shape;
    int row = g_rand_int_range(random, 0, shape.size[d] + 1);
    int column = g_rand_int_range(random, 0, shape.size[e] + 1);
    for (int k = 0; k < 4; k++) {
        struct slice block = slice_all(shape);
        block.along[d].piece[0] =
            k / 2 ? (struct slice_piece){row, shape.size[d]} : (struct slice_piece){0, row};
        block.along[e].piece[0] =
            k % 2 ? (struct slice_piece){column, shape.size[e]} : (struct slice_piece){0, column};
        char text[SLICE_ERROR_SIZE];
        if (!slice_fault(&block, text))
            put(k, w, &block);
    }
}

START_TEST(parts_come_together)
{
    GRand *random = g_rand_new_with_seed((guint32)_i);
    static const int all[] = {0, 1, 2, 3}, lower[] = {0, 1}, upper[] = {2, 3};
    begin();
    int copies[WHOLES];
    for (int w = 0; w < WHOLES; w++) {
        make(w, random_shape(random));
        int dimensions = original[w]->shape.dimensions;
        int d = g_rand_int_range(random, 0, dimensions), kind = g_rand_int_range(random, 0, 5);
        copies[w] = 1;
        if (kind == 0 && dimensions > 1)
            cut_blocks(random, w, d, (d + 1) % dimensions);
        else if (kind <= 1)
            put_all(g_rand_int_range(random, 0, RANKS), w);
        else if (kind == 2)
            cut_pieces(random, w, d, all, RANKS);
        else if (kind == 3) { /* two groups of ranks with a copy each, cut otherwise */
            cut_pieces(random, w, d, lower, 2);
            cut_pieces(random, w, g_rand_int_range(random, 0, dimensions), upper, 2);
            copies[w] = 2;
        } else {
            for (int r = 0; r < RANKS; r++)
                put_all(r, w);
            copies[w] = RANKS;
        }
    }
    write_files();
    struct wholes *wholes = read_wholes();
    for (int w = 0; w < WHOLES; w++) {
        expect_original(wholes, w, copies[w]);
        expect_original(wholes, w, 0);
        ck_assert_ptr_null(assemble(wholes, w, (struct wholes_rules){.copies = copies[w] + 1}));
    }
    ck_assert_int_eq(wholes_count(wholes), WHOLES);
    wholes_free(wholes);
    free_originals();
    g_rand_free(random);
}
END_TEST

/* Flat ranges of an arena of the three wholes, cut at random; nobody gets some elements. */
static void put_ranges(GRand *random, size_t lost_from, size_t lost_to)
{
    struct arena *arena = arena_new();
    size_t elements = 0, at = 0;
    for (int w = 0; w < WHOLES; w++) {
        struct slice all = slice_all(original[w]->shape);
        arena_add(arena, names[w], &all);
        elements += original[w]->elements;
    }
    g_autofree float *flat = g_new(float, elements);
    for (int w = 0; w < WHOLES; at += original[w++]->elements)
        memcpy(flat + at, original[w]->data, tensor_bytes(original[w]));
    for (int r = 0; r < RANKS; r++)
        tensor_file_set_arena(file[r], "stage", arena);
    arena_free(arena);
    int number = 0;
    for (at = 0; at < elements;) {
        size_t length = (size_t)g_rand_int_range(random, 1, 40), end = MIN(elements, at + length);
        if (at < lost_from && end > lost_from)
            end = lost_from;
        if (at < lost_to && end > lost_to)
            end = lost_to;
        g_autofree char *name = g_strdup_printf("range %d", number++);
        struct tensor *part =
            tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE((int)(end - at)));
        memcpy(part->data, flat + at, tensor_bytes(part));
        if (at < lost_from || at >= lost_to)
            tensor_file_add_range(file[g_rand_int_range(random, 0, RANKS)], name, part, "stage", "",
                                  at);
        tensor_free(part);
        at = end;
    }
}

START_TEST(ranges_of_an_arena_come_together)
{
    GRand *random = g_rand_new_with_seed((guint32)_i);
    begin();
    for (int w = 0; w < WHOLES; w++)
        make(w, random_shape(random));
    put_ranges(random, 0, 0);
    write_files();
    struct wholes *wholes = read_wholes();
    for (int w = 0; w < WHOLES; w++)
        expect_original(wholes, w, 1);
    wholes_free(wholes);
    free_originals();
    g_rand_free(random);
}
END_TEST

/* Tensor parallel and sharded: ranks 0 and 1 have columns 0 to 3 of everything, ranks 2 and 3 the rest;
 * of the arena that this makes the first of two has the elements before `cut`. */
static void put_hybrid(size_t cut)
{
    begin();
    for (int w = 0; w < WHOLES; w++)
        make(w, SHAPE(8, 6));
    for (int r = 0; r < RANKS; r++) {
        struct slice mine = slice_along(SHAPE(8, 6), 1, r < 2 ? 0 : 4, r < 2 ? 4 : 6);
        struct tensor *part =
            tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, slice_shape(&mine));
        size_t all = WHOLES * part->elements;
        struct tensor *flat =
            tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape_flat(all));
        struct arena *arena = arena_new();
        for (int w = 0; w < WHOLES; w++) {
            slice_copy_out(&mine, original[w], part);
            memcpy(tensor_floats(flat) + (size_t)w * part->elements, part->data,
                   tensor_bytes(part));
            arena_add(arena, names[w], &mine);
        }
        tensor_file_set_arena(file[r], "stage", arena);
        size_t from = r % 2 == 0 ? 0 : cut, to = r % 2 == 0 ? cut : all;
        struct tensor *shard = tensor_view(flat, from, shape_flat(to - from));
        tensor_file_add_range(file[r], "shard", shard, "stage", "", from);
        arena_free(arena);
        tensor_free(shard);
        tensor_free(flat);
        tensor_free(part);
    }
}

START_TEST(ranges_of_slices_come_together)
{
    for (size_t cut = 1; cut < 47; cut++) {
        put_hybrid(cut);
        write_files();
        struct wholes *wholes = read_wholes();
        for (int w = 0; w < WHOLES; w++)
            expect_original(wholes, w, 1);
        /* Rank 3's first element: of the whole that it lies in, in the columns that it has. */
        const struct whole *whole = wholes_find(wholes, names[cut / 16]);
        size_t place = cut % 16 / 2 * 6 + 4 + cut % 2;
        ck_assert_int_eq(whole_holder(whole, place), 3);
        wholes_free(wholes);
        free_originals();
    }
}
END_TEST

/* ---- one fault at a time ---------------------------------------------------------------------------- */

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
    begin();
    for (int w = 0; w < WHOLES; w++)
        make(w, SHAPE(8, 6));
    for (int r = 0; r < RANKS; r++) {
        struct slice slice = r == other ? rows(from, MAX(to, from + 1)) : rows(2 * r, 2 * r + 2);
        if (r != other || to > from)
            put(r, 0, &slice);
    }
}

static const struct wholes_rules once = {.copies = 1}, any = {0}, on_two = {.copies = 2};

#define W    "layers.0.weight (8, 6)"
#define HERE " (by the logs, layer 0 is on rank 0, rank 1, rank 2 and rank 3)"

START_TEST(a_lost_part_is_named)
{
    put_rows(2, 0, 0);
    expect_fault(0, once, "rows 4 to 5 of " W " are on no rank" HERE);
    put_rows(1, 2, 3);
    expect_fault(0, once, "row 3 of " W " is on no rank" HERE);
    begin();
    make(0, SHAPE(8, 6));
    struct slice some = columns(0, 2);
    slice_add(&some, 1, 4, 5);
    put(1, 0, &some);
    expect_fault(0, any, "columns 2 to 3 and 5 of " W " are on no rank" HERE);
    begin();
    make(0, SHAPE(8, 6));
    some = rows(0, 7);
    put(0, 0, &some);
    some = (struct slice){{2, {8, 6}}, {{1, {{7, 8}}}, {1, {{0, 5}}}}};
    put(1, 0, &some);
    expect_fault(0, any, "element [7, 5] of " W " is on no rank" HERE);
    begin();
    make(0, SHAPE(8, 6));
    expect_fault(0, any, "layers.0.weight is on no rank" HERE);
}
END_TEST

START_TEST(a_lost_range_is_named)
{
    GRand *random = g_rand_new_with_seed(3);
    begin();
    for (int w = 0; w < WHOLES; w++)
        make(w, SHAPE(8, 6));
    put_ranges(random, 45, 58); /* 3 elements of the first, 10 of the second */
    write_files();
    struct wholes *wholes = read_wholes();
    expect_original(wholes, 2, 1);
    ck_assert_ptr_null(assemble(wholes, 0, once));
    ck_assert_str_eq(why->str, "row 7, columns 3 to 5 of " W " are on no rank" HERE);
    ck_assert_ptr_null(assemble(wholes, 1, once));
    ck_assert_str_eq(why->str, "elements 0 to 9 (row by row) of layers.0.bias (8, 6) are on no "
                               "rank" HERE);
    wholes_free(wholes);
    free_originals();
    g_rand_free(random);
}
END_TEST

START_TEST(a_shifted_part_is_missing_and_doubled)
{
    put_rows(2, 5, 7);
    expect_fault(0, once,
                 "row 4 of " W " is on no rank" HERE "; row 6 of " W
                 " is on 2 ranks, not on 1: rank 2, rank 3");
}
END_TEST

START_TEST(a_part_held_twice_is_named)
{
    put_rows(2, 3, 6);
    expect_fault(0, once, "row 3 of " W " is on 2 ranks, not on 1: rank 1, rank 2");
    put_rows(RANKS, 0, 0);
    struct slice again = rows(3, 4);
    put(1, 0, &again);
    expect_fault(0, any, "row 3 of " W " is on rank 1 twice");
}
END_TEST

START_TEST(too_few_copies_are_named)
{
    put_rows(RANKS, 0, 0);
    struct slice low = rows(0, 2), high = rows(2, 7);
    put(3, 0, &low);
    put(0, 0, &high);
    expect_fault(0, on_two, "row 7 of " W " is on 1 rank, not on 2: rank 3");
}
END_TEST

START_TEST(copies_that_differ_are_named)
{
    put_rows(RANKS, 0, 0);
    struct slice low = rows(0, 3), element = rows(6, 7);
    put_changed(3, 0, &low, 0.5f);
    put_changed(2, 0, &element, NAN);
    expect_fault(0, any,
                 "element [6, 5] of " W
                 " is not the same on rank 2 and rank 3: 1 element, worst at [6, 5]: nan and 41");
    put_rows(RANKS, 0, 0);
    put_changed(3, 0, &low, 0.5f);
    expect_fault(0, any,
                 "element [2, 5] of " W
                 " is not the same on rank 1 and rank 3: 1 element, worst at [2, 5]: 17 and 17.5");
    put_rows(RANKS, 0, 0);
    put_changed(3, 0, &low, 0.5f);
    write_files();
    struct wholes *wholes = read_wholes();
    struct tolerance loose = {.relative = 0, .absolute = 0.6, .norm = INFINITY};
    ck_assert_msg(assemble(wholes, 0, (struct wholes_rules){.closeness = &loose}) != NULL, "%s",
                  why->str);
    loose.norm = 1e-5;
    ck_assert_ptr_null(assemble(wholes, 0, (struct wholes_rules){.closeness = &loose}));
    ck_assert_ptr_nonnull(strstr(why->str, "relative norm of the difference is 0.0"));
    wholes_free(wholes);
    free_originals();
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
        put_changed(2, 0, &slice, bad[i]);
        expect_fault(0, (struct wholes_rules){.finite = true}, says[i]);
        put_rows(2, 0, 0); /* also where one rank has all of it */
        put_changed(1, 1, &(struct slice){{2, {8, 6}}, {{1, {{0, 8}}}, {1, {{0, 6}}}}}, bad[i]);
        expect_fault(1, (struct wholes_rules){.finite = true},
                     i == 0 ? "element [7, 5] of layers.0.bias (8, 6) is NaN on rank 1"
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
    tensor_file_add_slice(file[2], "x", part, names[0], &slice);
    tensor_free(part);
    write_files();
    struct wholes *wholes = read_wholes();
    ck_assert_ptr_null(assemble(wholes, 0, once));
    ck_assert_str_eq(why->str,
                     "rank 2 has a part of layers.0.weight as float32 (8, 3); it should be "
                     "float32 (8, 6)");
    g_string_truncate(why, 0);
    ck_assert_ptr_null(wholes_assemble(wholes, names[0], DTYPE_FLOAT32, NULL, once, why));
    ck_assert_str_eq(why->str, "rank 2 has a part of layers.0.weight as float32 (8, 3); rank 0 has "
                               "one as float32 (8, 6)");
    g_string_truncate(why, 0);
    ck_assert_ptr_null(wholes_assemble(wholes, names[0], DTYPE_INT32, NULL, once, why));
    ck_assert_str_eq(why->str, "rank 0 has a part of layers.0.weight as float32 (8, 6); rank 0 has "
                               "one as int32 (8, 6)");
    wholes_free(wholes);
    free_originals();
}
END_TEST

/* A whole that is said to be larger than any memory costs none. */
START_TEST(a_forged_size_costs_nothing)
{
    begin();
    make(0, SHAPE(1));
    struct slice slice = slice_along(SHAPE(2000000000), 0, 5, 6);
    tensor_file_add_slice(file[1], "x", original[0], names[0], &slice);
    write_files();
    struct wholes *wholes = read_wholes();
    ck_assert_ptr_null(wholes_assemble(wholes, names[0], DTYPE_FLOAT32, NULL, any, why));
    ck_assert_str_eq(why->str,
                     "layers.0.weight (2000000000) has 2000000000 elements, and all ranks "
                     "together stored 1");
    wholes_free(wholes);
    free_originals();
}
END_TEST

START_TEST(holders_are_known)
{
    put_rows(RANKS, 0, 0);
    write_files();
    struct wholes *wholes = read_wholes();
    const struct whole *whole = wholes_find(wholes, names[0]);
    for (size_t i = 0; i < 48; i++)
        ck_assert_int_eq(whole_holder(whole, i), (int)i / 12);
    ck_assert_int_eq(whole_holder(whole, 48), -1);
    ck_assert_int_eq(wholes_files(wholes), RANKS);
    ck_assert_int_eq(wholes_rank_of_layer(wholes, 1), 0);
    ck_assert_int_eq(wholes_rank_of_layer(wholes, 2), -1);
    wholes_free(wholes);
    free_originals();
}
END_TEST

/* ---- files ------------------------------------------------------------------------------------------ */

static void expect_unreadable(const char *says)
{
    struct verdict *verdict = verdict_new();
    ck_assert_ptr_null(wholes_read(&run->outcome, "before", 3, verdict));
    logged_run_expect(verdict, VERDICT_FAIL, says);
    free_originals();
}

START_TEST(files_that_can_not_be_used_are_named)
{
    char path[256];
    put_rows(RANKS, 0, 0);
    write_files();
    path_of(2, path);
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
        path_of(3, other);
        ck_assert_int_eq(rename(other, path), 0);
        expect_unreadable("the tensors of rank 2 (stage 0) before step 3 do not state the rank");
        break;
    }
    }
}
END_TEST

START_TEST(forged_parts_are_named)
{
    put_rows(RANKS, 0, 0);
    tensor_file_set_metadata(file[1], "slice.extra", "{\"whole\":7}");
    tensor_file_add(file[1], "extra", original[0]);
    write_files();
    expect_unreadable("rank 1 left no usable tensors before step 3: tensor \"extra\": ");
}
END_TEST

START_TEST(layers_of_others_are_named)
{
    put_rows(RANKS, 0, 0);
    tensor_file_add(file[1], "layers.2.bias", original[0]);
    write_files();
    expect_unreadable("rank 1 stored layers.2.bias, but its stage has layers 0 to 1 only");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("wholes");
    TCase *cases = tcase_create("wholes");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_loop_test(cases, parts_come_together, 0, 150);
    tcase_add_loop_test(cases, ranges_of_an_arena_come_together, 0, 50);
    tcase_add_test(cases, ranges_of_slices_come_together);
    tcase_add_test(cases, a_lost_part_is_named);
    tcase_add_test(cases, a_lost_range_is_named);
    tcase_add_test(cases, a_shifted_part_is_missing_and_doubled);
    tcase_add_test(cases, a_part_held_twice_is_named);
    tcase_add_test(cases, too_few_copies_are_named);
    tcase_add_test(cases, copies_that_differ_are_named);
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
