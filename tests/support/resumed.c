/* Runs that go on from a checkpoint; see resumed.h. */
#include "tests/support/resumed.h"

#include "common/files/curve.h"
#include "common/files/tensor_parts.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- running ------------------------------------------------------------------------------------------ */

void resumed_begin(struct resumed *resumed)
{
    resumed->folder = test_folder_new();
    g_autofree char *words = g_strdup_printf(
        "--quiet --steps %d --evidence %s/evidence --snapshots %d --curve %s/truth.csv %s",
        resumed->steps, resumed->folder, resumed->steps, resumed->folder, resumed->options);
    struct test_run run =
        test_run_program(resumed->simulated, resumed->ranks, resumed->program, words);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    test_run_clear(&run);
}

void resumed_end(struct resumed *resumed)
{
    test_folder_free(resumed->folder);
    resumed->folder = NULL;
}

struct resumed resumed_copy(const struct resumed *resumed)
{
    struct resumed copy = *resumed;
    copy.folder = test_folder_new();
    struct test_run run = test_run_command("cp -r %s/. %s", resumed->folder, copy.folder);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    return copy;
}

struct test_run resumed_run(const struct resumed *resumed, int ranks, int every,
                            const char *further)
{
    g_autofree char *words = g_strdup_printf(
        "--quiet --checkpoint %d --checkpoint-folder %s/checkpoints --curve %s/curve.csv %s %s",
        every, resumed->folder, resumed->folder, resumed->options, further);
    return test_run_program(resumed->simulated, ranks, resumed->program, words);
}

void resumed_run_well(const struct resumed *resumed, int ranks, int every, const char *further)
{
    struct test_run run = resumed_run(resumed, ranks, every, further);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    test_run_clear(&run);
}

void resumed_goes_on(struct resumed *resumed, int ranks)
{
    g_autofree char *further = g_strdup_printf("--steps %d --resume", resumed->steps);
    resumed_begin(resumed);
    resumed_run_well(resumed, resumed->ranks, 2, "--steps 3");
    resumed_expect_steps(resumed, (const int[]){2, 3, 0});
    resumed_run_well(resumed, ranks, 2, further);
}

/* ---- wholes ------------------------------------------------------------------------------------------- */

struct joined {
    size_t elements;
    float *value;
    bool *there;
};

static void joined_free(gpointer pointer)
{
    struct joined *joined = pointer;
    g_free(joined->value);
    g_free(joined->there);
    g_free(joined);
}

struct adding {
    struct joined *joined;
    const float *values; /* of the part's element 0 */
};

static void add_run(size_t in_part, size_t in_whole, size_t length, void *user)
{
    struct adding *adding = user;
    for (size_t i = 0; i < length; i++) {
        adding->joined->value[in_whole + i] = adding->values[in_part + i];
        adding->joined->there[in_whole + i] = true;
    }
}

static void add_part(GHashTable *wholes, const struct tensor *tensor,
                     const struct tensor_part *part)
{
    struct joined *joined = g_hash_table_lookup(wholes, part->whole);
    const size_t elements = shape_elements(part->slice.whole);
    if (joined == NULL) {
        joined = g_new0(struct joined, 1);
        *joined = (struct joined){elements, g_new0(float, elements), g_new0(bool, elements)};
        g_hash_table_insert(wholes, g_strdup(part->whole), joined);
    }
    ck_assert_uint_eq(joined->elements, elements);
    struct adding adding = {joined, (const float *)tensor->data + part->in_tensor - part->first};
    slice_walk(&part->slice, part->first, part->count, add_run, &adding);
}

static void add_file(GHashTable *wholes, const char *path)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    for (int i = 0; i < tensor_file_count(file); i++) {
        int count;
        struct tensor_part *part = tensor_file_parts(file, i, &count, error);
        ck_assert_msg(part != NULL, "%s", error);
        for (int k = 0; k < count; k++)
            add_part(wholes, tensor_file_at(file, i), &part[k]);
        free(part);
    }
    tensor_file_free(file);
}

/* What the .safetensors of a folder whose names begin so hold. */
static GHashTable *wholes_of(const char *folder, const char *beginning)
{
    GHashTable *wholes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, joined_free);
    GDir *listing = g_dir_open(folder, 0, NULL);
    ck_assert_msg(listing != NULL, "%s is not there", folder);
    for (const char *name; (name = g_dir_read_name(listing)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_str_has_suffix(name, ".safetensors") && g_str_has_prefix(name, beginning))
            add_file(wholes, path);
    }
    g_dir_close(listing);
    return wholes;
}

static void compare_whole(const char *name, const struct joined *expected,
                          const struct joined *found)
{
    ck_assert_msg(found != NULL, "%s is missing", name);
    ck_assert_uint_eq(expected->elements, found->elements);
    for (size_t i = 0; i < expected->elements; i++)
        ck_assert_msg(expected->there[i] == found->there[i] &&
                          memcmp(&expected->value[i], &found->value[i], sizeof(float)) == 0,
                      "%s, element %zu of %zu: %.9g, not %.9g", name, i, expected->elements,
                      (double)found->value[i], (double)expected->value[i]);
}

static void compare_wholes(const char *expected_folder, const char *found_folder,
                           const char *beginning)
{
    g_autoptr(GHashTable) expected = wholes_of(expected_folder, beginning);
    g_autoptr(GHashTable) found = wholes_of(found_folder, beginning);
    GHashTableIter each;
    gpointer name, value;
    ck_assert_uint_gt(g_hash_table_size(expected), 0);
    ck_assert_uint_eq(g_hash_table_size(expected), g_hash_table_size(found));
    g_hash_table_iter_init(&each, expected);
    while (g_hash_table_iter_next(&each, &name, &value))
        compare_whole(name, value, g_hash_table_lookup(found, name));
}

void resumed_expect_same_numbers(const struct resumed *resumed, int ranks)
{
    g_autofree char *evidence = g_build_filename(resumed->folder, "evidence", NULL);
    g_autofree char *last =
        g_strdup_printf("%s/checkpoints/step-%d", resumed->folder, resumed->steps);
    if (ranks != resumed->ranks)
        compare_wholes(evidence, last, "rank-");
    for (int rank = 0; rank < ranks && ranks == resumed->ranks; rank++) {
        g_autofree char *beginning = g_strdup_printf("rank-%d.", rank);
        compare_wholes(evidence, last, beginning);
    }
}

/* ---- curves --------------------------------------------------------------------------------------------- */

/* Step, epoch, samples, loss and accuracy of each line: times differ. */
static char *curve_of(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s is not there", path);
    GString *kept = g_string_new("");
    g_auto(GStrv) line = g_strsplit(text, "\n", -1);
    for (int i = 0; line[i] != NULL; i++) {
        g_auto(GStrv) column = g_strsplit(line[i], ",", -1);
        for (int k = 0; k < 5 && column[k] != NULL; k++)
            g_string_append_printf(kept, "%s ", column[k]);
        g_string_append_c(kept, '\n');
    }
    return g_string_free(kept, FALSE);
}

void resumed_expect_same_curve(const struct resumed *resumed)
{
    g_autofree char *expected = curve_of(resumed->folder, "truth.csv");
    g_autofree char *found = curve_of(resumed->folder, "curve.csv");
    ck_assert_msg(strcmp(expected, found) == 0, "expected %.2500s\nfound %.2500s", expected, found);
}

static struct curve read_curve(const struct resumed *resumed, const char *name)
{
    g_autofree char *path = g_build_filename(resumed->folder, name, NULL);
    char error[CURVE_ERROR_SIZE];
    struct curve curve;
    ck_assert_msg(curve_read(path, &curve, error), "%s", error);
    return curve;
}

void resumed_expect_close_losses(const struct resumed *resumed, double relative)
{
    struct curve expected = read_curve(resumed, "truth.csv");
    struct curve found = read_curve(resumed, "curve.csv");
    ck_assert_int_eq(expected.count, found.count);
    for (int i = 0; i < expected.count; i++)
        ck_assert_double_le(fabs(found.point[i].loss - expected.point[i].loss),
                            relative * expected.point[i].loss);
    curve_destroy(&expected);
    curve_destroy(&found);
}

void resumed_expect_steps(const struct resumed *resumed, const int steps[])
{
    g_autofree char *folder = g_build_filename(resumed->folder, "checkpoints", NULL);
    GDir *listing = g_dir_open(folder, 0, NULL);
    int expected = 0, found = 0;
    for (; steps[expected] != 0; expected++) {
        g_autofree char *index = g_strdup_printf("%s/step-%d/index.json", folder, steps[expected]);
        ck_assert_msg(g_file_test(index, G_FILE_TEST_EXISTS), "%s is not there", index);
    }
    ck_assert_msg(listing != NULL, "%s is not there", folder);
    for (const char *name; (name = g_dir_read_name(listing)) != NULL;)
        found += g_str_has_prefix(name, "step-");
    g_dir_close(listing);
    ck_assert_int_eq(found, expected);
}

void resumed_is_the_same(struct resumed *resumed, int ranks)
{
    resumed_goes_on(resumed, ranks);
    if (ranks == resumed->ranks) {
        resumed_expect_same_numbers(resumed, ranks);
        resumed_expect_same_curve(resumed);
    } else {
        resumed_expect_close_losses(resumed, 1e-5);
    }
    resumed_end(resumed);
}
