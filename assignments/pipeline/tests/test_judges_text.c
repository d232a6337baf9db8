/*
 * The judge of gradients on a language model, whose inputs are whole numbers and
 * whose outputs have three dimensions: right runs pass, wrong ones fail, and the
 * known mistakes get their names although a layer is a whole block.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "grader/judges/judges.h"
#include "tests/support/test.h"

#define TEXT                                                                                       \
    "--model gpt:depth=6,width=8,heads=2 --data synthetic-text:tokens=5,vocabulary=9 --seed 5 "    \
    "--batch 16 --micro-batches 4 "
#define TWO_STEPS TEXT "--steps 2 --dump-gradients 0,1 "

static const int three[] = {0, 2, 4, 6};

static void expect(const char *arguments, const int *first_layer, int ranks, enum sabotage sabotage,
                   enum verdict_kind kind, const char *mistake)
{
    struct made_run *run = made_run_new(arguments, ranks, first_layer);
    struct verdict *verdict = verdict_new();
    judge_gradients(made_train(run, sabotage), verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(strcmp(verdict->mistake->str, mistake) == 0, "\"%s\", expected \"%s\"\n%s",
                  verdict->mistake->str, mistake, verdict->explanation->str);
    verdict_free(verdict);
    made_run_free(run);
}

START_TEST(right_runs_pass)
{
    static const int one[] = {0, 6}, uneven[] = {0, 1, 5, 6};
    expect(TWO_STEPS, three, 3, NO_SABOTAGE, VERDICT_PASS, "");
    expect(TWO_STEPS "--loss mean --optimizer adamw", uneven, 3, NO_SABOTAGE, VERDICT_PASS, "");
    expect(TWO_STEPS "--optimizer adamw --data text:tokens=7", one, 1, NO_SABOTAGE, VERDICT_PASS,
           "");
    expect(TWO_STEPS "--model gpt:depth=6,width=8,heads=2,dropout=0.2", three, 3, NO_SABOTAGE,
           VERDICT_PASS, "");
    expect(TWO_STEPS "--model gpt:depth=6,width=8,heads=2,tied=1", one, 1, NO_SABOTAGE,
           VERDICT_PASS, "");
}
END_TEST

static const struct {
    enum sabotage sabotage;
    const char *mistake;
} known[] = {
    {NOT_DIVIDED, "loss not divided by the number of micro-batches"},
    {DIVIDED_TWICE, "loss divided twice"},
    {DIVIDED_AT_EVERY_STAGE, "divided at every stage"},
    {OVERWRITTEN, "gradient overwritten, not accumulated"},
    {REVERSED, ""}, /* what it saved for one micro-batch a block uses for another: not to be told */
    {LAST_DROPPED, "micro-batches never run"},
    {NOT_ZEROED, "gradients not zeroed between steps"},
    {STEP_PER_MICRO_BATCH, "optimizer step per micro-batch"},
    {BUFFER_REUSED, "receive buffer reused too early"},
    {NOT_WAITED_FOR, "receive not waited for"},
    {INPUT_GRADIENT_ZERO, "input gradient never sent"},
    {GRADIENT_NAN, ""},
    {NO_OPTIMIZER_STEP, ""},
    {SLIGHTLY_WRONG, ""},
};

START_TEST(every_sabotage_is_named)
{
    /* The dropped micro-batch is still in flight when the next step begins. */
    const char *arguments =
        known[_i].sabotage == LAST_DROPPED ? TEXT "--steps 1 --dump-gradients 0" : TWO_STEPS;
    expect(arguments, three, 3, known[_i].sabotage, VERDICT_FAIL, known[_i].mistake);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of gradients, text");
    TCase *cases = tcase_create("text");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, right_runs_pass);
    tcase_add_loop_test(cases, every_sabotage_is_named, 0, G_N_ELEMENTS(known));
    suite_add_tcase(suite, cases);
    return suite;
}
