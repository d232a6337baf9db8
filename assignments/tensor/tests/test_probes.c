/*
 * What the probes write of the solutions, on this computer and on the simulated cluster, against rules stated here
 * once more.
 */
#include "assignments/tensor/operator_cases.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/tensor.h"
#include "common/files/tensor_file.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <jansson.h>

enum { SEED = 3 };

static char *folder;

static void begin(void)
{
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
}

static void probe(bool simulated, int ranks, const char *arguments)
{
    g_autofree char *words =
        g_strdup_printf("--seed %d --evidence %s --probe %s", SEED, folder, arguments);
    struct test_run run = test_run_program(simulated, ranks, "solutions/tensor", words);
    ck_assert_msg(run.status == 0, "%s: status %d:\n%s", words, run.status, run.output);
    test_run_clear(&run);
}

static json_t *read_table(const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    json_error_t error;
    json_t *table = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(json_is_array(table), "%s:%d: %s", path, error.line, error.text);
    return table;
}

static int number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "no number \"%s\"", key);
    return (int)json_integer_value(value);
}

START_TEST(split_of_all_sizes)
{
    probe(false, 1, "split");
    json_t *table = read_table("probe-split.json"), *row;
    size_t i;
    int refused = 0;
    ck_assert_uint_gt(json_array_size(table), SPLIT_ALL_SIZES * SPLIT_ALL_RANKS + 50);
    json_array_foreach(table, i, row)
    {
        const int size = number(row, "size"), ranks = number(row, "ranks");
        const json_t *parts = json_object_get(row, "parts");
        const bool accepted = json_is_true(json_object_get(row, "accepted"));
        int at = 0;
        ck_assert_int_eq(accepted, size >= ranks);
        ck_assert(json_is_false(json_object_get(row, "overrun")));
        ck_assert_int_eq(json_string_length(json_object_get(row, "reason")) > 0, !accepted);
        ck_assert_uint_eq(json_array_size(parts), accepted ? (size_t)ranks : 0);
        for (size_t rank = 0; rank < json_array_size(parts); rank++) {
            const json_t *part = json_array_get(parts, rank);
            ck_assert_int_eq(json_integer_value(json_array_get(part, 0)), at);
            at = (int)json_integer_value(json_array_get(part, 1));
            const int has = at - (int)json_integer_value(json_array_get(part, 0));
            ck_assert(has == size / ranks || has == size / ranks + 1);
        }
        ck_assert_int_eq(at, accepted ? size : 0);
        refused += !accepted;
    }
    ck_assert_int_gt(refused, 20);
    json_decref(table);
}
END_TEST

/* With gathers, weights are FORM_COLUMN_GATHERED and the rest is whole; with one round, FORM_COLUMN and FORM_ROW
 * take turns. */
START_TEST(forms)
{
    probe(false, 1, _i ? "forms --parallel one-round" : "forms --parallel gathers");
    json_t *table = read_table("probe-forms.json"), *row;
    size_t i, k;
    int longest = 0;
    ck_assert_uint_gt(json_array_size(table), 100);
    json_array_foreach(table, i, row)
    {
        const json_t *links = json_object_get(row, "links"), *value;
        const json_t *chosen = json_object_get(row, "forms");
        int last = FORM_ROW, weights = 0, left = 0;
        ck_assert_uint_eq(json_array_size(links), json_array_size(chosen));
        ck_assert(json_is_false(json_object_get(row, "overrun")));
        json_array_foreach(links, k, value)
        {
            const json_int_t link = json_integer_value(value);
            const int form = (int)json_integer_value(json_array_get(chosen, k));
            if (link != LINK_LINEAR && link != LINK_CONVOLUTION) {
                ck_assert_int_eq(form, last == FORM_COLUMN ? FORM_SPLIT : FORM_WHOLE);
                continue;
            }
            weights++;
            left += form == FORM_COLUMN_GATHERED;
            if (_i && form != FORM_COLUMN_GATHERED) {
                ck_assert_int_eq(form, last == FORM_COLUMN ? FORM_ROW : FORM_COLUMN);
                last = form;
            }
        }
        ck_assert_int_eq(left, _i ? weights % 2 : weights);
        longest = MAX(longest, (int)json_array_size(links));
    }
    ck_assert_int_gt(longest, 20);
    json_decref(table);
}
END_TEST

/* ---- operators -------------------------------------------------------------------------------------- */

/* Of a rank's part of a dimension only, index by index. */
static double due(const struct operator_case *one, const struct tensor *whole, int from, int size,
                  int element)
{
    int behind = 1;
    for (int d = one->dimension + 1; d < one->whole.dimensions; d++)
        behind *= one->whole.size[d];
    const int old = one->whole.size[one->dimension];
    const int block = element / behind / size, index = element / behind % size;
    return tensor_floats(whole)[(block * old + from + index) * behind + element % behind];
}

static int wrong_numbers(const struct operator_case *one, int from, int to,
                         const struct tensor *found)
{
    const bool part = one->which == SCATTER_FORWARD || one->which == GATHER_BACKWARD;
    const bool sum = one->which == COPY_BACKWARD || one->which == COPY_BACKWARD_IN_HALVES ||
                     one->which == REDUCE_FORWARD;
    struct shape shape = one->whole;
    int wrong = 0;
    shape.size[one->dimension] = part ? to - from : shape.size[one->dimension];
    if (!shape_equal(found->shape, shape))
        return -1;
    struct tensor *term[4], *whole = operator_whole(one);
    for (int member = 0; member < one->group.ranks; member++)
        term[member] = operator_term(one, operator_member(one->group, member));
    for (int k = 0; k < found->count; k++) {
        double expected = 0;
        for (int member = 0; sum && member < one->group.ranks; member++)
            expected += (double)tensor_floats(term[member])[k];
        if (!sum)
            expected = part ? due(one, whole, from, to - from, k) : (double)tensor_floats(whole)[k];
        wrong += (double)tensor_floats(found)[k] != expected;
    }
    for (int member = 0; member < one->group.ranks; member++)
        tensor_free(term[member]);
    tensor_free(whole);
    return wrong;
}

static void look_at_rank(int ranks, int rank)
{
    g_autofree char *json = g_strdup_printf("probe-operators-%d.json", rank);
    g_autofree char *tensors = g_strdup_printf("%s/probe-operators-%d.safetensors", folder, rank);
    char error[TENSOR_FILE_ERROR_SIZE];
    json_t *table = read_table(json);
    struct tensor_file *file = tensor_file_read(tensors, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    ck_assert_uint_eq(json_array_size(table), OPERATOR_ROUNDS * OPERATOR_CALLS);
    for (int round = 0; round < OPERATOR_ROUNDS; round++) {
        struct operator_case cases[OPERATOR_CALLS];
        operator_cases(SEED, operator_group_of(ranks, rank, round), round, cases);
        for (int i = 0; i < OPERATOR_CALLS; i++) {
            const json_t *row = json_array_get(table, (size_t)cases[i].number);
            g_autofree char *name = g_strdup_printf("call-%d", cases[i].number);
            ck_assert_int_eq(number(row, "leaked"), 0);
            ck_assert_int_eq(number(row, "changed"), 0);
            const int wrong = wrong_numbers(&cases[i], number(row, "begin"), number(row, "end"),
                                            tensor_file_get(file, name));
            ck_assert_msg(wrong == 0, "rank %d of %d, call %d (%s): %d wrong", rank, ranks,
                          cases[i].number, operator_table[cases[i].which].name, wrong);
        }
    }
    tensor_file_free(file);
    json_decref(table);
}

/* 1 to 4 ranks. */
START_TEST(operators)
{
    probe(false, _i, _i % 2 ? "operators --reverse-ranks" : "operators");
    for (int rank = 0; rank < _i; rank++)
        look_at_rank(_i, rank);
}
END_TEST

START_TEST(operators_on_the_simulated_cluster)
{
    if (!test_has_simulator())
        return;
    probe(true, _i, "operators --reverse-ranks");
    for (int rank = 0; rank < _i; rank++)
        look_at_rank(_i, rank);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("probes");
    TCase *tests = tcase_create("probes");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, split_of_all_sizes);
    tcase_add_loop_test(tests, forms, 0, 2);
    tcase_add_loop_test(tests, operators, 1, 5);
    tcase_add_loop_test(tests, operators_on_the_simulated_cluster, 3, 5);
    suite_add_tcase(suite, tests);
    return suite;
}
