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

START_TEST(powers_of_two_are_planned_or_the_one_asked_for)
{
    static const struct {
        const char *options, *names;
    } plans[] = {{"--model mlp --ranks 8", "t=1 t=2 t=4 t=8 gathers "},
                 {"--model mlp --ranks 6", "t=1 t=2 t=4 t=6 gathers "},
                 {"--model mlp --ranks 8 --tensor 8", "t=1 t=8 gathers "},
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

static const struct {
    const char *options;
    int method; /* which of its rows */
    double seconds, memory;
} settings[] = {
    {"--ranks 4 --tensor 4 --batch 64 --model mlp:depth=5,width=512", 1, 0.01, 0.01},
    {"--ranks 4 --tensor 4 --batch 64 --model mlp:depth=5,width=512", 2, 0.01, 0.06},
    {"--ranks 8 --tensor 8 --batch 64 --platform rack --model mlp:depth=5,width=16384", 1, 0.03,
     0.01},
    {"--ranks 2 --tensor 2 --batch 40 --platform slow --micro-batches 2 --model "
     "mlp:depth=4,width=300",
     1, 0.03, 0.03},
    {"--ranks 3 --tensor 3 --batch 16 --model mlp:depth=4,width=300,norm=layer", 1, 0.03, 0.02},
    {"--ranks 4 --tensor 4 --batch 16 --model cnn:norm=batch", 1, 0.03, 0.02},
    {"--ranks 4 --tensor 4 --batch 64 --model vit:depth=2,width=128", 1, 0.01, 0.02},
    {"--ranks 2 --tensor 2 --batch 8 --model transformer:depth=3,width=256", 1, 0.01, 0.12},
};

START_TEST(simulated_steps_take_what_formulas_say)
{
    GString *error = g_string_new(NULL);
    struct plan *plan = good_plan(settings[_i].options);
    const struct plan_method *method = &tensor_plan_methods(plan)[settings[_i].method];
    struct formula *formula = tensor_plan_formula(plan, method);
    struct simulated *simulated = plan_simulated_new(plan, method, error);
    ck_assert_msg(simulated != NULL, "%s", error->str);
    assert_near(simulated->seconds, formula->seconds, settings[_i].seconds, "step time");
    ck_assert_double_eq_tol(simulated->bubble, formula->bubble, 0.03);
    ck_assert_int_eq(simulated->ranks, formula->ranks);
    ck_assert_int_eq(simulated->rank[0].messages, formula->rank[0].messages);
    assert_near(simulated->rank[0].message_bytes, formula->rank[0].message_bytes, 0.02, "bytes");
    assert_near(simulated->rank[0].peak[MEMORY_ACTIVATION],
                formula->rank[0].peak[MEMORY_ACTIVATION], settings[_i].memory, "activations");
    plan_formula_free(formula);
    plan_simulated_free(simulated);
    plan_free(plan);
    g_string_free(error, TRUE);
}
END_TEST

/* A way that no row is of is named below the tables, so that nobody takes a row for it. */
START_TEST(ways_that_are_not_planned_are_named)
{
    struct plan *plan = good_plan("--ranks 4");
    const struct plan_method *methods = tensor_plan_methods(plan);
    const char *without = strstr(plan->part->memory, "Not planned:");
    ck_assert_ptr_nonnull(without);
    for (int way = 0; way < WAYS; way++) {
        bool planned = false;
        for (const struct plan_method *method = methods; method->name; method++)
            planned |= strcmp(method->value, way_table[way].name) == 0;
        ck_assert_msg((strstr(without, way_table[way].name) != NULL) != planned, "%s: %s",
                      way_table[way].name, plan->part->memory);
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
    tcase_add_test(tests, ways_that_are_not_planned_are_named);
    tcase_add_test(tests, where_messages_are_not_known_it_says_so);
    if (test_has_simulator())
        tcase_add_loop_test(tests, simulated_steps_take_what_formulas_say, 0,
                            (int)G_N_ELEMENTS(settings));
    suite_add_tcase(suite, tests);
    return suite;
}
