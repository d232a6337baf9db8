/*
 * Tests of the tensor assignment's plans: the formulas against simulated runs of the solutions, and what is
 * refused. Without SimGrid only the latter.
 */
#include "assignments/tensor/planner/tensor_plan.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* NULL, with the error in *error. */
static struct plan *plan_of(const char *options, GString *error)
{
    g_autofree char *line = g_strdup_printf("plan --assignment tensor --kit . %s", options);
    char **words = NULL;
    int count = 0;
    ck_assert(g_shell_parse_argv(line, &count, &words, NULL));
    g_autofree char **rest = g_memdup2(words, (gsize)(count + 1) * sizeof *words);
    struct plan *plan = plan_parse(count, rest, error);
    g_strfreev(words);
    return plan;
}

static struct plan *good_plan(const char *options)
{
    GString *error = g_string_new(NULL);
    struct plan *plan = plan_of(options, error);
    ck_assert_msg(plan != NULL, "%s", error->str);
    plan->program = test_program(true, "solutions/tensor");
    g_string_free(error, TRUE);
    return plan;
}

static void assert_near(double found, double expected, double tolerance, const char *what)
{
    ck_assert_msg(fabs(found - expected) <= tolerance * fabs(expected),
                  "%s: %.6g simulated, %.6g by formula", what, found, expected);
}

/* ---- what is planned ---------------------------------------------------------------------------------- */

#define OTHERS " gathers sequence vocabulary one-weird-trick "

START_TEST(powers_of_two_are_planned_or_the_one_asked_for)
{
    static const struct {
        const char *options, *names;
    } plans[] = {{"--model mlp --ranks 8", "t=1 t=2 t=4 t=8" OTHERS},
                 {"--model mlp --ranks 6", "t=1 t=2 t=4 t=6" OTHERS},
                 {"--model mlp --ranks 8 --tensor 8", "t=1 t=8" OTHERS},
                 {"--model mlp --ranks 1", "t=1 "}};
    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        struct plan *plan = good_plan(plans[i].options);
        g_autoptr(GString) names = g_string_new(NULL);
        for (const struct plan_method *method = tensor_plan_methods(plan); method->name; method++)
            g_string_append_printf(names, "%s ", method->name);
        ck_assert_str_eq(names->str, plans[i].names);
        plan_free(plan);
    }
}
END_TEST

START_TEST(what_can_not_be_is_refused)
{
    static const struct {
        const char *options, *error;
    } plans[] = {{"--model mlp --ranks 8 --tensor 4", "TENSOR=4"},
                 {"--model mlp --ranks 8 --tensor x", "TENSOR=x"},
                 {"--model mlp --scaling 2,4:1,4", "no such table"}};
    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        GString *error = g_string_new(NULL);
        ck_assert_ptr_null(plan_of(plans[i].options, error));
        ck_assert_msg(strstr(error->str, plans[i].error) != NULL, "%s", error->str);
        g_string_free(error, TRUE);
    }
    struct plan *plan = good_plan("--model vit:heads=4 --ranks 8");
    const struct plan_method *methods = tensor_plan_methods(plan);
    ck_assert_ptr_null(plan->part->refusal(plan, &methods[2]));
    g_autofree char *refusal = plan->part->refusal(plan, &methods[3]);
    ck_assert_msg(refusal && strstr(refusal, "4 heads") != NULL, "%s", refusal);
    plan_free(plan);
    /* 16 tokens of 4 · 8192 numbers are 2 MiB a sample; 512 MiB may be, of 256 samples */
    for (int batch = 256; batch <= 257; batch++) {
        g_autofree char *options =
            g_strdup_printf("--model vit:width=8192,heads=64,depth=1 --ranks 2 --batch %d", batch);
        plan = good_plan(options);
        g_autofree char *large = plan->part->refusal(plan, tensor_plan_methods(plan));
        ck_assert_msg((large != NULL) == (batch > 256), "%s", large);
        ck_assert_msg(!large || strstr(large, "smaller BATCH") != NULL, "%s", large);
        plan_free(plan);
    }
}
END_TEST

START_TEST(where_messages_are_not_known_it_says_so)
{
    struct plan *plan = good_plan("--model mlp:width=4096 --ranks 16 --platform rack");
    const struct plan_method *methods = tensor_plan_methods(plan);
    ck_assert_ptr_null(plan->part->caveat(plan, &methods[3])); /* t=8: one server */
    g_autofree char *caveat = plan->part->caveat(plan, &methods[4]);
    ck_assert_msg(caveat && strstr(caveat, "only 8 processors") != NULL, "%s", caveat);
    struct formula *formula = tensor_plan_formula(plan, &methods[4]);
    ck_assert(formula->seconds == formula->with[TENSOR_PLAN_UNEVEN]);
    plan_formula_free(formula);
    plan_free(plan);
}
END_TEST

/* ---- against the simulation ------------------------------------------------------------------------------ */

#define PAIRS      "--batch 64 --model mlp:depth=5,width=512"
#define TINY_NORMS "--batch 16 --model mlp:depth=4,width=300,norm=layer"
#define BLOCKS     "--batch 16 --model vit:depth=2,width=128,heads=8"
#define WORDS      "--batch 12 --model gpt:depth=2,width=64,heads=8"

static const struct {
    int ranks;
    const char *method, *options;
    double seconds, activations; /* how far off the formula may be */
} settings[] = {
    {4, "t=4", PAIRS, 0.002, 0.001},
    {4, "gathers", PAIRS, 0.002, 0.001},
    {8, "t=8", "--platform rack --batch 64 --model mlp:depth=5,width=16384", 0.002, 0.001},
    {2, "t=2", "--platform slow --micro-batches 2 --batch 40 --model mlp:depth=4,width=300", 0.002,
     0.001},
    {3, "t=3", TINY_NORMS, 0.005, 0.005},
    {4, "t=4", "--batch 16 --model cnn:norm=batch", 0.01, 0.001},
    {4, "t=4", BLOCKS, 0.005, 0.001},
    {6, "t=6", "--platform rack " BLOCKS, 0.005, 0.001},
    {4, "gathers", BLOCKS, 0.005, 0.02},
    {2, "t=2", "--batch 8 --model transformer:depth=3,width=256", 0.005, 0.001},
    {4, "t=4", "--batch 8 --model resnet", 0.005, 0.05},
    {2, "sequence", BLOCKS, 0.005, 0.001},
    {4, "sequence", "--micro-batches 2 " WORDS, 0.005, 0.001},
    {3, "sequence", "--platform rack " WORDS, 0.005, 0.001}, /* tokens of uneven parts */
    {8, "sequence", "--platform rack " WORDS ",tied=1", 0.005, 0.001},
    {4, "vocabulary", "--micro-batches 2 " WORDS, 0.005, 0.001},
    {3, "vocabulary", "--platform rack " WORDS ",tied=1", 0.005, 0.001},
    {8, "vocabulary", "--platform rack " WORDS, 0.005, 0.001},
    {2, "one-weird-trick", "--batch 16 --model cnn", 0.005, 0.001},
    {4, "one-weird-trick", "--platform rack --micro-batches 2 --batch 28 --model cnn:norm=layer",
     0.005, 0.001},
};

static const struct plan_method *method_named(const struct plan *plan, const char *name)
{
    const struct plan_method *method = tensor_plan_methods(plan);
    while (method->name && strcmp(method->name, name) != 0)
        method++;
    ck_assert_msg(method->name != NULL, "there is no %s", name);
    return method;
}

static void assert_memory_near(const struct rank_use *found, const struct rank_use *expected,
                               double activations)
{
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        if (kind != MEMORY_WORKSPACE)
            assert_near(found->peak[kind], expected->peak[kind],
                        kind == MEMORY_ACTIVATION ? activations : 1e-6,
                        memory_kind_name((enum memory_kind)kind));
}

START_TEST(simulated_steps_take_what_formulas_say)
{
    GString *error = g_string_new(NULL);
    g_autofree char *options = g_strdup_printf("--ranks %d --tensor %d %s", settings[_i].ranks,
                                               settings[_i].ranks, settings[_i].options);
    struct plan *plan = good_plan(options);
    const struct plan_method *method = method_named(plan, settings[_i].method);
    struct formula *formula = tensor_plan_formula(plan, method);
    struct simulated *simulated = plan_simulated_new(plan, method, error);
    ck_assert_msg(simulated != NULL, "%s", error->str);
    assert_near(simulated->seconds, formula->seconds, settings[_i].seconds, "step time");
    ck_assert_double_eq_tol(simulated->bubble, formula->bubble, 0.01);
    ck_assert_int_eq(simulated->ranks, formula->ranks);
    ck_assert_int_eq(simulated->rank[0].messages, formula->rank[0].messages);
    assert_near(simulated->rank[0].message_bytes, formula->rank[0].message_bytes, 1e-6, "bytes");
    assert_memory_near(&simulated->rank[0], &formula->rank[0], settings[_i].activations);
    plan_formula_free(formula);
    plan_simulated_free(simulated);
    plan_free(plan);
    g_string_free(error, TRUE);
}
END_TEST

START_TEST(every_way_has_a_row)
{
    struct plan *plan = good_plan("--ranks 4");
    const struct plan_method *methods = tensor_plan_methods(plan);
    for (int way = 0; way < WAYS; way++) {
        bool planned = false;
        for (const struct plan_method *method = methods; method->name; method++)
            planned |= strcmp(method->value, way_table[way].name) == 0;
        ck_assert_msg(planned, "%s", way_table[way].name);
    }
    plan_free(plan);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("plans of the tensor assignment");
    TCase *tests = tcase_create("plan");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, powers_of_two_are_planned_or_the_one_asked_for);
    tcase_add_test(tests, what_can_not_be_is_refused);
    tcase_add_test(tests, every_way_has_a_row);
    tcase_add_test(tests, where_messages_are_not_known_it_says_so);
    if (test_has_simulator())
        tcase_add_loop_test(tests, simulated_steps_take_what_formulas_say, 0,
                            (int)G_N_ELEMENTS(settings));
    suite_add_tcase(suite, tests);
    return suite;
}
