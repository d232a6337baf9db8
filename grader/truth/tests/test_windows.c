/*
 * Windows and gradients of real runs in which every rank has only a part of the truth:
 * copies, and flat ranges of the arena (common/tests/programs/sharded.c). Whoever holds
 * what, they are judged as one process is.
 */
#include "grader/truth/windows.h"
#include "tests/support/program_outcome.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>

#define TRAIN                                                                                      \
    "--model mlp:depth=3,width=20 --data "                                                         \
    "synthetic:channels=1,height=4,width=4,train=64,test=8,classes=4 --batch 8 --micro-batches 4 " \
    "--steps 24 --snapshots 0,8,16 --dump-gradients 0,1 --learning-rate 0.02 --seed 5 --quiet"

static struct outcome run;
static GString *why;

/* Runs the program and reads what it left. */
static void train(bool simulated, int ranks, const char *holding)
{
    static const struct own_options own = {.step_word = "holding"};
    g_autofree char *options = g_strdup_printf("--holding %s " TRAIN, holding);
    run = program_outcome(simulated, ranks, "common/tests/programs/sharded", &own, options);
    why = g_string_new(NULL);
}

static void clear(void)
{
    program_outcome_clear(&run);
    g_string_free(why, TRUE);
}

/* On how many ranks everything is, of this kind. */
struct held {
    const char *holding;
    int ranks, parameters, state, gradients;
};

static const struct held held[] = {{"copies", 2, 2, 2, 2}, {"state", 2, 2, 1, 1},
                                   {"state", 4, 4, 1, 1},  {"all", 2, 1, 1, 1},
                                   {"all", 4, 1, 1, 1},    {"copies", 1, 1, 1, 1}};

static struct verdict *judge(const struct held *as)
{
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "as it should be");
    ck_assert_msg(evidence_logs(&run, verdict), "%s", verdict->headline->str);
    struct reference *reference = windows_reference(&run, verdict);
    ck_assert_msg(reference != NULL, "%s", verdict->headline->str);
    g_autofree double *loss = g_new(double, run.options.steps);
    evidence_losses_together(&run, 4, run.options.steps, loss);
    windows_judge(&run, reference,
                  &(struct windows_rules){loss, {.copies = as->parameters}, {.copies = as->state}},
                  verdict);
    reference_free(reference);
    return verdict;
}

/* One of a step's gradients, or what is wrong with it. */
static const struct tensor *gradient(struct wholes *after, const struct reference *reference,
                                     int layer, int parameter, int copies)
{
    const struct parameter *p = &reference->model->layer[layer].parameter[parameter];
    g_autofree char *name = g_strdup_printf("layers.%d.%s.gradient", layer, p->name);
    return wholes_assemble(after, name, DTYPE_FLOAT32, &p->shape,
                           (struct wholes_rules){.copies = copies}, why);
}

static struct wholes *read_after(int step)
{
    struct verdict *verdict = verdict_new();
    struct wholes *after = wholes_read(&run, "after", step, verdict);
    ck_assert_msg(after != NULL, "%s", verdict->headline->str);
    verdict_free(verdict);
    return after;
}

static struct reference *reference_of(void)
{
    char error[REFERENCE_ERROR_SIZE];
    struct reference *reference = reference_new(&run.options, error);
    ck_assert_msg(reference != NULL, "%s", error);
    return reference;
}

static void gradients_are_those_of_one_process(int copies)
{
    struct reference *reference = reference_of();
    for (int step = 0; step < 2; step++) {
        struct wholes *after = read_after(step);
        reference_compute(reference, step);
        for (int layer = 0; layer < reference->model->layers; layer++)
            for (int p = 0; p < reference->model->layer[layer].parameters; p++) {
                const struct tensor *found = gradient(after, reference, layer, p, copies);
                struct tensor *expected = reference_gradient(reference, layer, p);
                ck_assert_msg(found != NULL, "%s", why->str);
                ck_assert(closeness_of(found, expected, tolerance_gradient()).close);
                tensor_free(expected);
            }
        struct shape shape = batch_outputs(reference->batch)->shape, shares = SHAPE(run.ranks);
        const struct wholes_rules once = {.copies = 1};
        const struct tensor *outputs =
            wholes_assemble(after, "outputs", DTYPE_FLOAT32, &shape, once, why);
        ck_assert_msg(outputs != NULL, "%s", why->str);
        ck_assert(
            closeness_of(outputs, batch_outputs(reference->batch), tolerance_default(DTYPE_FLOAT32))
                .close);
        const struct tensor *loss =
            wholes_assemble(after, "loss", DTYPE_FLOAT32, &shares, once, why);
        ck_assert_msg(loss != NULL, "%s", why->str);
        double mean = 0;
        for (int r = 0; r < run.ranks; r++)
            mean += (double)tensor_floats(loss)[r] / run.ranks;
        ck_assert_double_eq_tol(mean, reference->loss, 1e-6);
        wholes_free(after);
        reference_update(reference);
    }
    reference_free(reference);
}

static void is_judged_as_one_process(bool simulated, const struct held *as)
{
    train(simulated, as->ranks, as->holding);
    struct verdict *verdict = judge(as);
    ck_assert_msg(verdict->kind == VERDICT_PASS, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_ptr_nonnull(strstr(verdict->explanation->str, "| 16 to 20 |"));
    verdict_free(verdict);
    gradients_are_those_of_one_process(as->gradients);
    clear();
}

START_TEST(whoever_holds_what_is_judged_as_one_process)
{
    is_judged_as_one_process(false, &held[_i]);
}
END_TEST

START_TEST(also_on_the_simulated_cluster)
{
    if (test_has_simulator())
        is_judged_as_one_process(true, &held[_i]);
}
END_TEST

/* ---- wrong ones ---------------------------------------------------------------------------------- */

START_TEST(a_rank_that_keeps_its_own_gradients_is_named)
{
    train(false, 2, "not-reduced");
    struct reference *reference = reference_of();
    struct wholes *after = read_after(0);
    ck_assert_ptr_null(gradient(after, reference, 1, 1, 2));
    ck_assert_msg(strstr(why->str, "layers.1.bias.gradient (20)") &&
                      strstr(why->str, " not the same on rank 0 and rank 1: "),
                  "%s", why->str);
    wholes_free(after);
    reference_free(reference);
    struct verdict *verdict = judge(&held[0]);
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    ck_assert_msg(strstr(verdict->headline->str, "one process goes another way"), "%s",
                  verdict->headline->str);
    verdict_free(verdict);
    clear();
}
END_TEST

static void expect_gradient_fault(const char *holding, int layer, int parameter, const char *says)
{
    train(false, 2, holding);
    struct reference *reference = reference_of();
    struct wholes *after = read_after(0);
    ck_assert_ptr_null(gradient(after, reference, layer, parameter, 1));
    ck_assert_str_eq(why->str, says);
    wholes_free(after);
    reference_free(reference);
    clear();
}

START_TEST(a_range_that_is_too_short_is_named)
{
    expect_gradient_fault("short", 5, 1,
                          "element [3] of layers.5.bias.gradient (4) is on no rank (by the logs, "
                          "layer 5 is on rank 0 and rank 1)");
}
END_TEST

START_TEST(ranges_that_overlap_are_named)
{
    /* The second of two halves of 844 begins at 421: (421 - 340) / 20 = 4, the rest 1. */
    expect_gradient_fault("overlapping", 3, 0,
                          "element [4, 1] of layers.3.weight.gradient (20, 20) is on 2 ranks, not "
                          "on 1: rank 0, rank 1");
}
END_TEST

/* A range of parameters where all were expected to be copies: one holder, not two. */
START_TEST(sharded_where_copies_are_due_is_named)
{
    train(false, 2, "all");
    struct verdict *verdict = judge(&held[0]);
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    ck_assert_str_eq(verdict->headline->str, "before step 0: all elements of layers.1.weight (20, "
                                             "16) are on 1 rank, not on 2: rank 0");
    verdict_free(verdict);
    clear();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("windows of runs in parts");
    TCase *cases = tcase_create("windows");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, whoever_holds_what_is_judged_as_one_process, 0, G_N_ELEMENTS(held));
    tcase_add_loop_test(cases, also_on_the_simulated_cluster, 0, 4);
    tcase_add_test(cases, a_rank_that_keeps_its_own_gradients_is_named);
    tcase_add_test(cases, a_range_that_is_too_short_is_named);
    tcase_add_test(cases, ranges_that_overlap_are_named);
    tcase_add_test(cases, sharded_where_copies_are_due_is_named);
    suite_add_tcase(suite, cases);
    return suite;
}
