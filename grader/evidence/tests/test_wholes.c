/*
 * Tests of wholes: tensors cut at random and held by several ranks come together
 * again.
 */
#include "tests/support/stored_wholes.h"
#include "tests/support/test.h"

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
    int size = stored.original[w]->shape.size[d];
    struct slice mine[STORED_RANKS];
    for (int k = 0; k < count; k++) {
        mine[k] = slice_all(stored.original[w]->shape);
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
            stored_put(ranks[k], w, &mine[k]);
}

/* Two cuts, one in each of two dimensions: four blocks. */
static void cut_blocks(GRand *random, int w, int d, int e)
{
    struct shape shape = stored.original[w]->shape;
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
            stored_put(k, w, &block);
    }
}

START_TEST(parts_come_together)
{
    GRand *random = g_rand_new_with_seed((guint32)_i);
    static const int all[] = {0, 1, 2, 3}, lower[] = {0, 1}, upper[] = {2, 3};
    stored_begin();
    int copies[STORED_WHOLES];
    for (int w = 0; w < STORED_WHOLES; w++) {
        stored_make(w, random_shape(random));
        int dimensions = stored.original[w]->shape.dimensions;
        int d = g_rand_int_range(random, 0, dimensions), kind = g_rand_int_range(random, 0, 5);
        copies[w] = 1;
        if (kind == 0 && dimensions > 1)
            cut_blocks(random, w, d, (d + 1) % dimensions);
        else if (kind <= 1)
            stored_put_all(g_rand_int_range(random, 0, STORED_RANKS), w);
        else if (kind == 2)
            cut_pieces(random, w, d, all, STORED_RANKS);
        else if (kind == 3) { /* two groups of ranks with a copy each, cut otherwise */
            cut_pieces(random, w, d, lower, 2);
            cut_pieces(random, w, g_rand_int_range(random, 0, dimensions), upper, 2);
            copies[w] = 2;
        } else {
            for (int r = 0; r < STORED_RANKS; r++)
                stored_put_all(r, w);
            copies[w] = STORED_RANKS;
        }
    }
    stored_write();
    struct wholes *wholes = stored_read();
    for (int w = 0; w < STORED_WHOLES; w++) {
        stored_expect_original(wholes, w, copies[w]);
        stored_expect_original(wholes, w, 0);
        ck_assert_ptr_null(
            stored_assemble(wholes, w, (struct wholes_rules){.copies = copies[w] + 1}));
    }
    ck_assert_int_eq(wholes_count(wholes), STORED_WHOLES);
    wholes_free(wholes);
    stored_free_originals();
    g_rand_free(random);
}
END_TEST

START_TEST(ranges_of_an_arena_come_together)
{
    GRand *random = g_rand_new_with_seed((guint32)_i);
    stored_begin();
    for (int w = 0; w < STORED_WHOLES; w++)
        stored_make(w, random_shape(random));
    stored_put_ranges(random, 0, 0);
    stored_write();
    struct wholes *wholes = stored_read();
    for (int w = 0; w < STORED_WHOLES; w++)
        stored_expect_original(wholes, w, 1);
    wholes_free(wholes);
    stored_free_originals();
    g_rand_free(random);
}
END_TEST

/* Tensor parallel and sharded: ranks 0 and 1 have columns 0 to 3 of everything, ranks 2 and 3 the rest;
 * of the arena that this makes the first of two has the elements before `cut`. */
static void put_hybrid(size_t cut)
{
    stored_begin();
    for (int w = 0; w < STORED_WHOLES; w++)
        stored_make(w, SHAPE(8, 6));
    for (int r = 0; r < STORED_RANKS; r++) {
        struct slice mine = slice_along(SHAPE(8, 6), 1, r < 2 ? 0 : 4, r < 2 ? 4 : 6);
        struct tensor *part =
            tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, slice_shape(&mine));
        size_t all = STORED_WHOLES * part->elements;
        struct tensor *flat =
            tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape_flat(all));
        struct arena *arena = arena_new();
        for (int w = 0; w < STORED_WHOLES; w++) {
            slice_copy_out(&mine, stored.original[w], part);
            memcpy(tensor_floats(flat) + (size_t)w * part->elements, part->data,
                   tensor_bytes(part));
            arena_add(arena, stored_names[w], &mine);
        }
        tensor_file_set_arena(stored.file[r], "stage", arena);
        size_t from = r % 2 == 0 ? 0 : cut, to = r % 2 == 0 ? cut : all;
        struct tensor *shard = tensor_view(flat, from, shape_flat(to - from));
        tensor_file_add_range(stored.file[r], "shard", shard, "stage", "", from);
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
        stored_write();
        struct wholes *wholes = stored_read();
        for (int w = 0; w < STORED_WHOLES; w++)
            stored_expect_original(wholes, w, 1);
        /* Rank 3's first element: of the whole that it lies in, in the columns that it has. */
        const struct whole *whole = wholes_find(wholes, stored_names[cut / 16]);
        size_t place = cut % 16 / 2 * 6 + 4 + cut % 2;
        ck_assert_int_eq(whole_holder(whole, place), 3);
        wholes_free(wholes);
        stored_free_originals();
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("wholes");
    TCase *cases = tcase_create("wholes");
    tcase_add_checked_fixture(cases, stored_setup, stored_teardown);
    tcase_add_loop_test(cases, parts_come_together, 0, 150);
    tcase_add_loop_test(cases, ranges_of_an_arena_come_together, 0, 50);
    tcase_add_test(cases, ranges_of_slices_come_together);
    suite_add_tcase(suite, cases);
    return suite;
}
