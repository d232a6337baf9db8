/*
 * A head tied to an embedding that is on another stage (common/tests/programs/tied.c): with the two
 * gradients added up, parameters are those of one process, and both copies of the weight agree.
 */
#include "grader/evidence/wholes.h"
#include "grader/truth/reference.h"
#include "tests/support/program_outcome.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>

#define STEPS 3
#define TRAIN                                                                                      \
    "--model gpt:depth=6,width=12,heads=3,tied=1,dropout=0.1 "                                     \
    "--data synthetic-text:tokens=9,vocabulary=11,train=64,test=8 --batch 8 --micro-batches 4 "    \
    "--steps 3 --snapshots 0,3 --dump-gradients 0 --seed 5 --quiet"

static struct outcome run;
static GString *why;

static void train(bool simulated, int ranks, const char *tied)
{
    static const struct own_options own = {.step_word = "tied"};
    g_autofree char *options = g_strdup_printf("--tied %s " TRAIN, tied);
    run = program_outcome(simulated, ranks, "common/tests/programs/tied", &own, options);
    why = g_string_new(NULL);
}

static void clear(void)
{
    program_outcome_clear(&run);
    g_string_free(why, TRUE);
}

static struct wholes *read_wholes(const char *when, int step)
{
    struct verdict *verdict = verdict_new();
    struct wholes *wholes = wholes_read(&run, when, step, verdict);
    ck_assert_msg(wholes != NULL, "%s", verdict->headline->str);
    verdict_free(verdict);
    return wholes;
}

/* How many of the model's parameters (or gradients) are not there, not the same in all copies, or not
 * those of one process. The table is on the first rank and on the last. */
static int wrong(const struct reference *reference, const char *when, int step, bool gradients)
{
    struct wholes *wholes = read_wholes(when, step);
    int count = 0;
    for (int l = 0; l < reference->model->layers; l++)
        for (int k = 0; k < reference->model->layer[l].parameters; k++) {
            const struct parameter *p = &reference->model->layer[l].parameter[k];
            g_autofree char *name =
                g_strdup_printf("layers.%d.%s%s", l, p->name, gradients ? ".gradient" : "");
            const bool table = l == 0 && k == 0;
            struct wholes_rules rules = {.copies = table && run.ranks > 1 ? 2 : 1};
            const struct tensor *found =
                wholes_assemble(wholes, name, DTYPE_FLOAT32, &p->shape, rules, why);
            struct tensor *expected = gradients ? reference_gradient(reference, l, k)
                                                : reference_parameter(reference, l, k);
            const bool close = found != NULL && assert_close(name, (struct tensor *)found, expected,
                                                             tolerance_gradient());
            count += !close;
            tensor_free(expected);
        }
    wholes_free(wholes);
    return count;
}

static struct reference *reference_of(void)
{
    char error[REFERENCE_ERROR_SIZE];
    struct reference *reference = reference_new(&run.options, error);
    ck_assert_msg(reference != NULL, "%s", error);
    return reference;
}

static void agrees_with_one_process(bool simulated, int ranks)
{
    train(simulated, ranks, "summed");
    struct reference *reference = reference_of();
    ck_assert_msg(wrong(reference, "before", 0, false) == 0, "%s", why->str);
    for (int step = 0; step < STEPS; step++) {
        reference_compute(reference, step);
        if (step == 0)
            ck_assert_msg(wrong(reference, "after", 0, true) == 0, "%s", why->str);
        reference_update(reference);
    }
    ck_assert_msg(wrong(reference, "before", STEPS, false) == 0, "%s", why->str);
    reference_free(reference);
    clear();
}

START_TEST(summed_gradients_are_those_of_one_process)
{
    agrees_with_one_process(false, _i);
}
END_TEST

START_TEST(so_they_are_on_the_simulated_machine)
{
    agrees_with_one_process(true, _i);
}
END_TEST

START_TEST(forgotten_sums_are_seen)
{
    train(false, 2, "forgotten");
    struct reference *reference = reference_of();
    ck_assert_int_eq(wrong(reference, "before", 0, false), 0);
    reference_compute(reference, 0);
    ck_assert_int_eq(wrong(reference, "after", 0, true), 1);
    ck_assert_msg(strstr(why->str, "layers.0.0.token") != NULL, "%s", why->str);
    reference_free(reference);
    clear();
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("tied");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, summed_gradients_are_those_of_one_process, 1, 4);
    tcase_add_test(tests, forgotten_sums_are_seen);
    if (test_has_simulator())
        tcase_add_loop_test(tests, so_they_are_on_the_simulated_machine, 2, 4);

    Suite *suite = suite_create("a tied head on another stage");
    suite_add_tcase(suite, tests);
    return suite;
}
