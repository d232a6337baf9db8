/*
 * The judges of memory_per_rank, on results written by hand: right ones, those of each wrong rule, which is told by its name, and files
 * that are of no use.
 */
#include "assignments/memory/arithmetic_probes.h"
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "assignments/memory/options.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

static struct logged_run *run;

static void begin(void)
{
    run = logged_run_new(1);
    run->outcome.options = options_defaults(&memory_own_options);
    run->outcome.options.seed = 77;
}

static void end(void)
{
    logged_run_free(run);
}

static void write_group(enum memory_group group, unsigned rules, double factor)
{
    static struct memory_case one;
    GString *json = g_string_new("[");
    for (int i = 0; i < memory_cases(group); i++) {
        memory_case_make(run->outcome.options.seed, group, i, &one);
        const struct rank_memory told = memory_arithmetic_truth(
            &(struct model_numbers){one.layers, one.layer}, &one.way, rules);
        g_string_append(json, i > 0 ? ", {" : "{");
        for (int part = 0; part < MEMORY_PARTS; part++)
            g_string_append_printf(json, "%s\"%s\": \"%.17g\"", part > 0 ? ", " : "",
                                   memory_part_names[part],
                                   factor * memory_part(&told, (enum memory_part)part));
        g_string_append_c(json, '}');
    }
    g_string_append_c(json, ']');
    g_autofree char *name = g_strdup_printf(PROBE_MEMORY, (int)group);
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    ck_assert(g_file_set_contents(path, json->str, -1, NULL));
    g_string_free(json, TRUE);
}

static void expect(enum memory_group group, const char *mistake)
{
    judge_function *const judges[] = {memory_judge_state, memory_judge_activations,
                                      memory_judge_runs};
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    logged_run_end(run);
    judges[group](&judgement, verdict);
    ck_assert_int_eq(verdict->kind, mistake ? VERDICT_FAIL : VERDICT_PASS);
    if (mistake)
        ck_assert_str_eq(verdict->mistake->str, mistake);
    verdict_free(verdict);
}

static const struct {
    enum memory_group group;
    unsigned rules;
    const char *mistake; /* NULL: right; "": none is named */
} told[] = {
    {MEMORY_OF_STATE, 0, NULL},
    {MEMORY_OF_ACTIVATIONS, 0, NULL},
    {MEMORY_OF_RUNS, 0, NULL},
    {MEMORY_OF_STATE, RULE_MOMENTS_OF_16_BITS, "moments at 2 bytes"},
    {MEMORY_OF_STATE, RULE_NO_MASTERS, "no master weights"},
    {MEMORY_OF_STATE, RULE_EVERYTHING_DIVIDED, "everything is divided by the number of ranks"},
    {MEMORY_OF_STATE, RULE_ROUNDED_DOWN, "the remainder is rounded down"},
    {MEMORY_OF_STATE, RULE_ROUNDED_DOWN | RULE_ROUNDED_DOWN_ONE_ROW,
     "the remainder is rounded down"},
    {MEMORY_OF_STATE, RULE_LAYERS_IN_ZERO_1, "ZeRO 1 shares out layer by layer"},
    {MEMORY_OF_STATE, RULE_ZERO_2_SHARES_PARAMETERS, "ZeRO 2 shares out parameters"},
    {MEMORY_OF_STATE, RULE_STATE_WHOLE, "the optimizer's state is not shared out"},
    {MEMORY_OF_STATE, RULE_MASTERS_WHOLE, "masters are not shared out"},
    {MEMORY_OF_STATE, RULE_TENSOR_DIVIDES_WHOLE, "tensor parallelism divides what is whole"},
    {MEMORY_OF_STATE, RULE_TENSOR_FORGOTTEN, "tensor parallelism divides nothing"},
    {MEMORY_OF_STATE, RULE_GRADIENTS_AS_FORMAT, "gradients that add up in float32 have 2 bytes"},
    {MEMORY_OF_STATE, RULE_NO_LAYER, "what ZeRO puts together is forgotten"},
    {MEMORY_OF_STATE, RULE_FIRST_STAGE, "the first stage is taken for the largest"},
    {MEMORY_OF_STATE, RULE_MEAN_STAGE, "a stage is taken for the mean of all"},
    {MEMORY_OF_STATE, RULE_LAST_STAGES_HAVE_MORE, "the last stages have one layer more"},
    {MEMORY_OF_STATE, RULE_EACH_KIND_MOST, "the most of each kind, of different stages"},
    {MEMORY_OF_RUNS, RULE_EACH_KIND_MOST, "the most of each kind, of different stages"},
    {MEMORY_OF_RUNS, RULE_FIRST_STAGE, "the first stage is taken for the largest"},
    {MEMORY_OF_ACTIVATIONS, RULE_ONE_MICRO_BATCH, "activations of one micro-batch only"},
    {MEMORY_OF_ACTIVATIONS, RULE_ALL_MICRO_BATCHES, "all micro-batches in flight in 1F1B"},
    {MEMORY_OF_ACTIVATIONS, RULE_WRONG_END, "micro-batches in flight counted from the wrong end"},
    {MEMORY_OF_ACTIVATIONS, RULE_NOTHING_AGAIN, "recomputation forgets nothing"},
    {MEMORY_OF_ACTIVATIONS, RULE_AGAIN_IS_NOTHING, "recomputation counted as 0"},
    {MEMORY_OF_ACTIVATIONS, RULE_BEHIND_STAYS,
     "segments behind the one whose turn it is still count"},
    {MEMORY_OF_ACTIVATIONS, RULE_SAME_TENSOR_TWICE, "a tensor counted twice"},
    {MEMORY_OF_ACTIVATIONS, RULE_BYTES_HALVED, "bytes taken for numbers"},
    {MEMORY_OF_ACTIVATIONS, RULE_NO_BYTES, "masks and places are forgotten"},
    {MEMORY_OF_ACTIVATIONS, RULE_SEGMENTS_OF_MODEL, "segments by the root of the model's layers"},
    {MEMORY_OF_ACTIVATIONS, RULE_ROOT_ROUNDED_DOWN, "the root is rounded down"},
    {MEMORY_OF_ACTIVATIONS, RULE_ACTIVATIONS_FLOAT32, "activations at 4 bytes in 16 bits"},
    {MEMORY_OF_ACTIVATIONS, RULE_ONE_SAMPLE, "activations of one sample"},
    {MEMORY_OF_ACTIVATIONS, RULE_TENSOR_DIVIDES_WHOLE, "tensor parallelism divides what is whole"},
    {MEMORY_OF_ACTIVATIONS, RULE_LAST_STAGES_HAVE_MORE, "the last stages have one layer more"},
    {MEMORY_OF_ACTIVATIONS, RULE_ONE_SAMPLE | RULE_NO_BYTES, ""},
};

START_TEST(wrong_rules_are_named)
{
    write_group(told[_i].group, told[_i].rules, 1);
    expect(told[_i].group, told[_i].mistake);
}
END_TEST

START_TEST(other_units_are_named)
{
    static const double factors[] = {1 / 1e9, 1 / 1073741824.0};
    write_group(MEMORY_OF_STATE, 0, factors[_i]);
    expect(MEMORY_OF_STATE, "GB or GiB in place of bytes");
}
END_TEST

START_TEST(unusable_files)
{
    static const char *const text[] = {"", "[", "{}", "[]", "[1, 2]", "[{\"parameters\": 1}]"};
    g_autofree char *name = g_strdup_printf(PROBE_MEMORY, (int)MEMORY_OF_STATE);
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    ck_assert(g_file_set_contents(path, text[_i], -1, NULL));
    expect(MEMORY_OF_STATE, "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of memory");
    TCase *judged = tcase_create("judged");
    tcase_add_checked_fixture(judged, begin, end);
    tcase_add_loop_test(judged, wrong_rules_are_named, 0, G_N_ELEMENTS(told));
    tcase_add_loop_test(judged, other_units_are_named, 0, 2);
    tcase_add_loop_test(judged, unusable_files, 0, 6);
    suite_add_tcase(suite, judged);
    return suite;
}
