/*
 * The judge of the operators, on results made by hand (support/made_operators.h): right ones, whichever ranks have
 * one more, and wrong ones.
 */
#include "assignments/tensor/judges/operators/operators.h"
#include "assignments/tensor/tests/support/made_operators.h"
#include "common/files/tensor_file.h"
#include "tests/support/test.h"

#include <jansson.h>
#include <string.h>

enum { ALL_CALLS = OPERATOR_ROUNDS * OPERATOR_CALLS };

/* ---- evidence ------------------------------------------------------------------------------------------ */

static struct logged_run *run;
static bool more_on_the_last;

static void write_rank(int rank, enum tensor_operator which, operator_maker *make, int leaked,
                       int changed)
{
    const int ranks = run->outcome.ranks;
    struct tensor_file *file = tensor_file_new();
    json_t *table = json_array();
    struct operator_case cases[OPERATOR_CALLS];
    for (int i = 0; i < ALL_CALLS; i++) {
        const int round = i / OPERATOR_CALLS;
        if (i % OPERATOR_CALLS == 0)
            operator_cases(run->outcome.options.seed, operator_group_of(ranks, rank, round), round,
                           cases);
        const struct operator_case *one = &cases[i % OPERATOR_CALLS];
        const struct made_call call = made_call_of(one, ranks, rank, more_on_the_last);
        const bool is_it = one->which == which;
        struct tensor *made = is_it ? make(&call) : made_right(&call);
        g_autofree char *name = g_strdup_printf("call-%d", i);
        tensor_file_add(file, name, made);
        tensor_free(made);
        json_array_append_new(
            table, json_pack("{si si si si si}", "call", i, "begin", call.begin[one->group.rank],
                             "end", call.end[one->group.rank], "leaked", is_it ? leaked : 0,
                             "changed", is_it && one->shared ? changed : 0));
    }
    g_autofree char *json = g_strdup_printf("%s/probe-operators-%d.json", run->folder, rank);
    g_autofree char *tensors =
        g_strdup_printf("%s/probe-operators-%d.safetensors", run->folder, rank);
    char error[TENSOR_FILE_ERROR_SIZE];
    ck_assert_int_eq(json_dump_file(table, json, 0), 0);
    ck_assert_msg(tensor_file_write(file, tensors, error), "%s", error);
    json_decref(table);
    tensor_file_free(file);
}

static void begin(int ranks)
{
    run = logged_run_new(ranks);
    run->outcome.options.reverse_ranks = true;
    g_strlcpy(run->outcome.options.probe, "operators", sizeof run->outcome.options.probe);
    logged_run_end(run);
}

static void write_all(enum tensor_operator which, operator_maker *make, int leaked, int changed)
{
    for (int rank = 0; rank < run->outcome.ranks; rank++)
        write_rank(rank, which, make, leaked, changed);
}

/* Where the next verdict says to look, or NULL: not asked. */
static const char *look;

static void expect(enum verdict_kind kind, const char *says, const char *mistake)
{
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    tensor_judge_operators(&judgement, verdict);
    ck_assert_msg(strcmp(verdict->mistake->str, mistake ? mistake : "") == 0,
                  "named \"%s\" and not \"%s\": %s", verdict->mistake->str, mistake ? mistake : "",
                  verdict->headline->str);
    if (look)
        ck_assert_ptr_nonnull(strstr(verdict->look->str, look));
    logged_run_expect(verdict, kind, says);
}

START_TEST(right_ones)
{
    begin(1 + _i % LOGGED_RANKS);
    more_on_the_last = _i >= LOGGED_RANKS;
    write_all(OPERATORS, made_right, 0, 0);
    expect(VERDICT_PASS, NULL, NULL);
    logged_run_free(run);
}
END_TEST

static const struct {
    enum tensor_operator which;
    operator_maker *make;
    const char *mistake;
} wrong[] = {
    {COPY_BACKWARD, made_own_term, "not summed"},
    {COPY_BACKWARD_IN_HALVES, made_too_large, "summed twice"},
    {REDUCE_FORWARD, made_averaged, "averaged instead of summed"},
    {REDUCE_FORWARD, made_first_term, "rank 0's term instead of the sum"},
    {REDUCE_FORWARD, made_scanned, "sum of the ranks so far"},
    {COPY_BACKWARD, made_on_rank_0, "only rank 0 has it"},
    {COPY_BACKWARD, made_nothing, "all zeros"},
    {COPY_FORWARD, made_too_large, "summed although it is whole"},
    {REDUCE_BACKWARD, made_averaged, "divided by the number of ranks"},
    {SCATTER_FORWARD, made_whole, "not cut"},
    {SCATTER_FORWARD, made_first_ones, "every rank has the first ones"},
    {SCATTER_FORWARD, made_part_of_0, "every rank has rank 0's part"},
    {GATHER_BACKWARD, made_too_large, "summed before it was cut"},
    {GATHER_BACKWARD, made_where_last, "along the last dimension, whichever was asked for"},
    {GATHER_FORWARD, made_own_part, "not gathered"},
    {GATHER_FORWARD, made_own_part_and_zeros, "not gathered"},
    {SCATTER_BACKWARD, made_own_part_and_dust, "not gathered"},
    {GATHER_FORWARD, made_own_part_first, "own part at the begin"},
    {SCATTER_BACKWARD, made_too_large, "summed although it was gathered"},
    {GATHER_FORWARD, made_on_rank_0, "only rank 0 has it"},
    {GATHER_FORWARD, made_where_even, "parts are taken to be of one size"},
    {GATHER_FORWARD, made_where_last, "along the last dimension, whichever was asked for"},
    {GATHER_FORWARD, made_one_below_the_other, "gathered along the first dimension"},
    {GATHER_FORWARD, made_worlds_order, "parts in the order of MPI_COMM_WORLD"},
    {REDUCE_FORWARD, made_before, "what an earlier call returned"},
    {COPY_BACKWARD_IN_HALVES, made_before, "what an earlier call returned"},
    {SCATTER_FORWARD, made_before, "what an earlier call returned"},
    {GATHER_BACKWARD, made_before, "what an earlier call returned"},
    {SCATTER_BACKWARD, made_before, "what an earlier call returned"},
    {GATHER_FORWARD, made_one_call_off, NULL},
    {REDUCE_FORWARD, made_one_call_off, NULL},
    {SCATTER_FORWARD, made_one_call_off, NULL},
};

START_TEST(wrong_ones)
{
    const int which = _i / 2;
    begin(3 + _i % 2);
    more_on_the_last = _i % 2;
    write_all(wrong[which].which, wrong[which].make, 0, 0);
    expect(VERDICT_FAIL, operator_table[wrong[which].which].name, wrong[which].mistake);
    logged_run_free(run);
}
END_TEST

/* With one more on the first ranks: else the last ones would be dealt more than there are. */
START_TEST(dealt_in_turns)
{
    begin(2 + _i % 3);
    more_on_the_last = false;
    write_all(SCATTER_FORWARD, made_dealt_out, 0, 0);
    expect(VERDICT_FAIL, "scatter_forward", "dealt out in turns instead of cut into pieces");
    write_all(GATHER_FORWARD, made_dealt_back, 0, 0);
    expect(VERDICT_FAIL, "gather_forward", "dealt out in turns instead of cut into pieces");
    logged_run_free(run);
}
END_TEST

START_TEST(left_behind)
{
    begin(2);
    write_all(GATHER_FORWARD, made_right, 1, 0);
    expect(VERDICT_FAIL, "rank 0 leaves tensors behind, 14 in 14 calls",
           "a tensor that nobody frees");
    write_all(SCATTER_BACKWARD, made_right, 0, 7);
    expect(VERDICT_FAIL, "rank 0 changed 7 numbers", "wrote into a tensor that others look at");
    logged_run_free(run);
}
END_TEST

START_TEST(unusable)
{
    static const char *const texts[] = {"", "[]", "[1]", "{}"};
    begin(2);
    expect(VERDICT_FAIL, "probe-operators-0", NULL);
    write_all(OPERATORS, made_right, 0, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *path = g_build_filename(run->folder, "probe-operators-1.json", NULL);
        ck_assert(g_file_set_contents(path, texts[i], -1, NULL));
        expect(VERDICT_FAIL, "probe-operators-1.json", NULL);
    }
    write_rank(1, OPERATORS, made_right, 0, 0);
    g_autofree char *path = g_build_filename(run->folder, "probe-operators-1.safetensors", NULL);
    ck_assert(g_file_set_contents(path, "no tensors", -1, NULL));
    expect(VERDICT_FAIL, "probe-operators-1.safetensors", NULL);
    more_on_the_last = true; /* rank 1's parts do not go with rank 0's */
    write_rank(1, OPERATORS, made_right, 0, 0);
    look = "split.c";
    expect(VERDICT_FAIL, "do not lie one behind the other", NULL);
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of the operators");
    TCase *tests = tcase_create("judge of the operators");
    tcase_add_loop_test(tests, right_ones, 0, 2 * LOGGED_RANKS);
    tcase_add_loop_test(tests, wrong_ones, 0, 2 * (int)G_N_ELEMENTS(wrong));
    tcase_add_loop_test(tests, dealt_in_turns, 0, 3);
    tcase_add_test(tests, left_behind);
    tcase_add_test(tests, unusable);
    suite_add_tcase(suite, tests);
    return suite;
}
