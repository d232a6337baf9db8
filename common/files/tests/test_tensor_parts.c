/* Tests of tensors that say which part of which whole they are: written and read again, and forged. */
#include "common/files/tensor_parts.h"
#include "tests/support/test.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

static struct tensor_file *file;
static char error[TENSOR_FILE_ERROR_SIZE];

static void setup(void)
{
    file = tensor_file_new();
}

static void teardown(void)
{
    tensor_file_free(file);
}

static struct tensor *numbers(struct shape shape)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    for (size_t i = 0; i < tensor->elements; i++)
        tensor_floats(tensor)[i] = (float)i;
    return tensor;
}

static void add(const char *name, struct shape shape)
{
    struct tensor *tensor = numbers(shape);
    tensor_file_add(file, name, tensor);
    tensor_free(tensor);
}

/* Writes the file and reads it back. */
static void through_the_disk(void)
{
    g_autofree char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "x.safetensors", NULL);
    ck_assert_msg(tensor_file_write(file, path, error), "%s", error);
    tensor_file_free(file);
    file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    test_folder_free(g_steal_pointer(&folder));
}

static struct tensor_part *read_parts(const char *name, int *count)
{
    for (int i = 0; i < tensor_file_count(file); i++)
        if (strcmp(tensor_file_name(file, i), name) == 0) {
            struct tensor_part *parts = tensor_file_parts(file, i, count, error);
            ck_assert_msg(parts != NULL, "%s", error);
            return parts;
        }
    ck_abort_msg("there is no %s", name);
}

static void expect_part(const struct tensor_part *part, const char *whole, size_t first,
                        size_t count, size_t in_tensor)
{
    ck_assert_str_eq(part->whole, whole);
    ck_assert_uint_eq(part->first, first);
    ck_assert_uint_eq(part->count, count);
    ck_assert_uint_eq(part->in_tensor, in_tensor);
}

START_TEST(a_slice_comes_back)
{
    struct slice fused = slice_along(SHAPE(12, 5), 0, 2, 4);
    slice_add(&fused, 0, 6, 8);
    slice_add(&fused, 0, 10, 12);
    struct tensor *tensor = numbers(SHAPE(6, 5));
    tensor_file_add_slice(file, "mine", tensor, "layers.1.qkv", &fused);
    tensor_free(tensor);
    add("plain", SHAPE(3, 4));
    through_the_disk();
    int count;
    struct tensor_part *parts = read_parts("mine", &count);
    ck_assert_int_eq(count, 1);
    expect_part(parts, "layers.1.qkv", 0, 30, 0);
    ck_assert(shape_equal(parts->slice.whole, SHAPE(12, 5)));
    for (size_t i = 0; i < 30; i++)
        ck_assert_uint_eq(slice_place(&parts->slice, i), slice_place(&fused, i));
    free(parts);
    parts = read_parts("plain", &count);
    ck_assert_int_eq(count, 1);
    expect_part(parts, "plain", 0, 12, 0);
    ck_assert(slice_is_all(&parts->slice));
    free(parts);
}
END_TEST

/* Wholes of 6, 4 (a half of 8) and 5 elements. */
static void describe_arena(void)
{
    struct arena *arena = arena_new();
    struct slice half = slice_along(SHAPE(4, 2), 1, 1, 2);
    arena_add(arena, "a", &(struct slice){{2, {2, 3}}, {{1, {{0, 2}}}, {1, {{0, 3}}}}});
    arena_add(arena, "b", &half);
    arena_add(arena, "c", &(struct slice){{1, {5}}, {{1, {{0, 5}}}}});
    tensor_file_set_arena(file, "stage", arena);
    arena_free(arena);
}

START_TEST(every_range_is_cut_at_the_right_places)
{
    static const size_t ends[] = {6, 10, 15};
    static const char *const names[] = {"a.x", "b.x", "c.x"};
    describe_arena();
    for (size_t begin = 0; begin < 15; begin++)
        for (size_t end = begin + 1; end <= 15; end++) {
            g_autofree char *name = g_strdup_printf("%zu to %zu", begin, end);
            struct tensor *tensor = numbers(SHAPE((int)(end - begin)));
            tensor_file_add_range(file, name, tensor, "stage", ".x", begin);
            tensor_free(tensor);
            int count;
            struct tensor_part *parts = read_parts(name, &count);
            size_t place = begin; /* element by element, which of which whole it is */
            for (int i = 0; i < count; i++)
                for (size_t k = 0; k < parts[i].count; k++, place++) {
                    int w = place < ends[0] ? 0 : place < ends[1] ? 1 : 2;
                    ck_assert_str_eq(parts[i].whole, names[w]);
                    ck_assert_uint_eq(parts[i].first + k, place - (w > 0 ? ends[w - 1] : 0));
                    ck_assert_uint_eq(parts[i].in_tensor + k, place - begin);
                }
            ck_assert_uint_eq(place, end);
            free(parts);
        }
}
END_TEST

START_TEST(padding_is_left_out)
{
    describe_arena();
    struct tensor *tensor = numbers(SHAPE(8));
    tensor_file_add_range(file, "last", tensor, "stage", "", 12);
    tensor_file_add_range(file, "nothing", tensor, "stage", "", 15);
    tensor_free(tensor);
    ck_assert_int_eq(tensor_file_count(file), 1);
    int count;
    struct tensor_part *parts = read_parts("last", &count);
    ck_assert_int_eq(count, 1);
    expect_part(parts, "c", 2, 3, 0);
    free(parts);
}
END_TEST

/* ---- forged ------------------------------------------------------------------------------------ */

#define ARENA "[{\"whole\":\"a\",\"shape\":[4],\"pieces\":[[[0,4]]]}]"

static const struct {
    const char *slice, *arena, *says;
} forged[] = {
    {"", NULL, "not said as a JSON object"},
    {"[]", NULL, "not said as a JSON object"},
    {"{\"whole\":\"w\"", NULL, "not said as a JSON object"},
    {"{}", NULL, "not lists of the same length"},
    {"{\"whole\":\"w\",\"shape\":[4],\"pieces\":[]}", NULL, "not lists of the same length"},
    {"{\"whole\":\"w\",\"shape\":[1,1,1,1,4],\"pieces\":[1,1,1,1,1]}", NULL, "at most 4"},
    {"{\"whole\":\"w\",\"shape\":[4],\"pieces\":[[[0,4],[1]]]}", NULL, "pairs of whole numbers"},
    {"{\"whole\":\"w\",\"shape\":[4],\"pieces\":[[]]}", NULL, "pairs of whole numbers"},
    {"{\"whole\":\"w\",\"shape\":[4.5],\"pieces\":[[[0,4]]]}", NULL, "no size"},
    {"{\"whole\":\"w\",\"shape\":[-4],\"pieces\":[[[0,4]]]}", NULL, "no size"},
    {"{\"whole\":\"w\",\"shape\":[4],\"pieces\":[[[0,\"4\"]]]}", NULL, "pairs of whole numbers"},
    {"{\"whole\":\"w\",\"shape\":[4],\"pieces\":[[[0,99999999999]]]}", NULL, "pairs of whole"},
    {"{\"whole\":\"w\",\"shape\":[4],\"pieces\":[[[1,5]]]}", NULL, "not within 0 up to 4"},
    {"{\"whole\":\"w\",\"shape\":[9],\"pieces\":[[[0,3],[2,3]]]}", NULL, "overlap"},
    {"{\"whole\":\"w\",\"shape\":[99999,99999],\"pieces\":[[[0,2]],[[0,2]]]}", NULL, "elements"},
    {"{\"whole\":\"w\",\"shape\":[8],\"pieces\":[[[0,3]]]}", NULL, "it has shape (4)"},
    {"{\"whole\":\"\",\"shape\":[8],\"pieces\":[[[0,4]]]}", NULL, "has no name"},
    {"{\"whole\":7,\"shape\":[8],\"pieces\":[[[0,4]]]}", NULL, "has no name"},
    {"{\"whole\":\"a\\nb\",\"shape\":[8],\"pieces\":[[[0,4]]]}", NULL, "control characters"},
    {"{\"arena\":\"s\",\"ending\":\"\",\"begin\":0,\"end\":4}", NULL, "does not describe"},
    {"{\"arena\":\"s\",\"ending\":\"\",\"begin\":0,\"end\":4}", "{}", "does not describe"},
    {"{\"arena\":7,\"ending\":\"\",\"begin\":0,\"end\":4}", ARENA, "does not describe"},
    {"{\"arena\":\"s\",\"ending\":\"\",\"begin\":0,\"end\":5}", ARENA, "so far apart"},
    {"{\"arena\":\"s\",\"ending\":\"\",\"begin\":-4,\"end\":0}", ARENA, "so far apart"},
    {"{\"arena\":\"s\",\"ending\":\"\",\"begin\":1,\"end\":5}", ARENA, "an arena of 4"},
    {"{\"arena\":\"s\",\"begin\":0,\"end\":4}", ARENA, "has no name"},
    {"{\"arena\":\"s\",\"ending\":\"\",\"begin\":0,\"end\":4}", "[7]", "not lists"},
};

START_TEST(forged_descriptions_are_refused)
{
    add("t", SHAPE(4));
    int count;
    tensor_file_set_metadata(file, "slice.t", forged[_i].slice);
    if (forged[_i].arena)
        tensor_file_set_metadata(file, "arena.s", forged[_i].arena);
    ck_assert_ptr_null(tensor_file_parts(file, 0, &count, error));
    ck_assert_msg(strstr(error, forged[_i].says), "\"%s\" is not in \"%s\"", forged[_i].says,
                  error);
    ck_assert_msg(strstr(error, "tensor \"t\""), "%s", error);
}
END_TEST

/* Right descriptions with some bytes changed: what is accepted still lies within its whole. */
START_TEST(changed_descriptions_are_survived)
{
    static const char *const right[] = {
        "{\"whole\":\"w\",\"shape\":[8,3],\"pieces\":[[[0,1],[4,5]],[[0,2]]]}",
        "{\"arena\":\"s\",\"ending\":\"\",\"begin\":2,\"end\":6}"};
    static const char arena[] = "[{\"whole\":\"a\",\"shape\":[4],\"pieces\":[[[0,4]]]},"
                                "{\"whole\":\"b\",\"shape\":[6],\"pieces\":[[[1,3],[4,6]]]}]";
    static const char letters[] = "0123456789[]{},:\"\\-e. abcs";
    GRand *random = g_rand_new_with_seed(13);
    int accepted = 0;
    add("t", SHAPE(2, 2));
    for (int trial = 0; trial < 20000; trial++) {
        g_autofree char *slice = g_strdup(right[trial % 2]), *changed = g_strdup(arena);
        for (int k = g_rand_int_range(random, 0, 4); k > 0; k--) {
            char *text = g_rand_boolean(random) ? slice : changed;
            text[g_rand_int_range(random, 0, (int)strlen(text))] =
                letters[g_rand_int_range(random, 0, (int)sizeof letters - 1)];
        }
        tensor_file_set_metadata(file, "slice.t", slice);
        tensor_file_set_metadata(file, "arena.s", changed);
        int count;
        struct tensor_part *parts = tensor_file_parts(file, 0, &count, error);
        size_t elements = 0;
        for (int i = 0; parts != NULL && i < count; i++) {
            char text[SLICE_ERROR_SIZE];
            ck_assert_ptr_null(slice_fault(&parts[i].slice, text));
            ck_assert_uint_eq(parts[i].in_tensor, elements);
            ck_assert_uint_le(parts[i].first + parts[i].count,
                              shape_elements(slice_shape(&parts[i].slice)));
            elements += parts[i].count;
        }
        ck_assert(parts == NULL || elements == 4);
        accepted += parts != NULL;
        free(parts);
    }
    ck_assert_int_gt(accepted, 5000); /* those that were not changed, at least */
    ck_assert_int_lt(accepted, 15000);
    g_rand_free(random);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("parts of wholes in tensor files");
    TCase *cases = tcase_create("parts");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, a_slice_comes_back);
    tcase_add_test(cases, every_range_is_cut_at_the_right_places);
    tcase_add_test(cases, padding_is_left_out);
    tcase_add_loop_test(cases, forged_descriptions_are_refused, 0, G_N_ELEMENTS(forged));
    tcase_add_test(cases, changed_descriptions_are_survived);
    suite_add_tcase(suite, cases);
    return suite;
}
