/*
 * The judge that compares gradients with its own reference, on made-up runs
 * (made_run.h): right ones pass, every sabotage fails and the known ones get
 * their names, and evidence that is missing, truncated or contradictory fails
 * with a message.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "grader/judges/judges.h"
#include "tests/support/test.h"

#include <math.h>
#include <unistd.h>

#define SMALL "--model mlp:depth=3,width=24 --data synthetic:height=8,width=8 --seed 5 "
#define AFAB  SMALL "--batch 16 --micro-batches 4 --steps 2 --dump-gradients 0,1"

static const int three[] = {0, 2, 4, 6};

static struct verdict *judge_it(judge_function *judge, const struct judgement *judgement)
{
    struct verdict *verdict = verdict_new();
    judge(judgement, verdict);
    ck_assert_uint_gt(verdict->headline->len, 0);
    return verdict;
}

static void expect(judge_function *judge, const struct judgement *judgement, enum verdict_kind kind,
                   const char *headline_has, const char *mistake)
{
    struct verdict *verdict = judge_it(judge, judgement);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!headline_has || strstr(verdict->headline->str, headline_has),
                  "\"%s\" is not in \"%s\"", headline_has, verdict->headline->str);
    if (mistake)
        ck_assert_str_eq(verdict->mistake->str, mistake);
    verdict_free(verdict);
}

/* ---- gradients --------------------------------------------------------------------------------- */

static void expect_gradients(const char *arguments, const int *first_layer, int ranks,
                             enum sabotage sabotage, enum verdict_kind kind, const char *mistake)
{
    struct made_run *run = made_run_new(arguments, ranks, first_layer);
    expect(judge_gradients, made_train(run, sabotage), kind, NULL, mistake);
    made_run_free(run);
}

START_TEST(right_gradients_pass)
{
    static const int cnn[] = {0, 1, 5, 12}, vit[] = {0, 2, 8};
    expect_gradients(AFAB, three, 3, NO_SABOTAGE, VERDICT_PASS, "");
    expect_gradients(AFAB " --loss mean --optimizer adamw", three, 3, NO_SABOTAGE, VERDICT_PASS,
                     "");
    expect_gradients("--model cnn --data synthetic --seed 3 --batch 6 --micro-batches 3 --steps 1 "
                     "--dump-gradients 0",
                     cnn, 3, NO_SABOTAGE, VERDICT_PASS, "");
    expect_gradients("--model vit:depth=2,width=16,heads=2,patch=7 --data synthetic --seed 3 "
                     "--batch 6 --micro-batches 2 --steps 2 --dump-gradients 1",
                     vit, 2, NO_SABOTAGE, VERDICT_PASS, "");
}
END_TEST

/* Where a gradient is nothing but rounding, AdamW makes a step of the whole learning rate of it, in
 * one direction or the other: a right run was rejected in its second step. */
START_TEST(adamw_with_gradients_near_zero_passes)
{
    static const int one[] = {0, 4}, two[] = {0, 1, 2};
    expect_gradients("--model mlp:depth=1,width=70 --data "
                     "synthetic:channels=3,height=20,width=20,train=200,classes=7 --batch 36 "
                     "--micro-batches 9 --loss mean --optimizer adamw --steps 2 --dump-gradients "
                     "0,1 --seed 1330003991",
                     two, 2, NO_SABOTAGE, VERDICT_PASS, "");
    expect_gradients("--model mlp:depth=2,width=30 --data "
                     "synthetic:channels=1,height=16,width=16,train=200,classes=20 --batch 15 "
                     "--micro-batches 3 --loss mean --optimizer adamw --steps 2 --dump-gradients "
                     "0,1 --seed 1152003457",
                     one, 1, NO_SABOTAGE, VERDICT_PASS, "");
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
    {REVERSED, "forward order and backward order disagree"},
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
    const char *arguments = known[_i].sabotage == LAST_DROPPED ? SMALL
                                "--batch 16 --micro-batches 4 --steps 1 --dump-gradients 0"
                                                               : AFAB;
    expect_gradients(arguments, three, 3, known[_i].sabotage, VERDICT_FAIL, known[_i].mistake);
}
END_TEST

START_TEST(nan_and_place_are_named)
{
    struct made_run *run = made_run_new(AFAB, 3, three);
    struct verdict *verdict = judge_it(judge_gradients, made_train(run, GRADIENT_NAN));
    ck_assert_ptr_nonnull(strstr(verdict->headline->str, "contains NaN"));
    ck_assert_ptr_nonnull(strstr(verdict->headline->str, "layers.3.weight.gradient on rank 1"));
    ck_assert_ptr_nonnull(strstr(verdict->explanation->str, "(the command)"));
    verdict_free(verdict);
    made_run_free(run);
}
END_TEST

START_TEST(zeros_are_no_gradient)
{
    /* With gradients this small an absolute tolerance alone would let zeros pass. */
    struct made_run *run = made_run_new(
        SMALL "--batch 16 --micro-batches 4 --steps 1 --dump-gradients 0 --loss mean", 3, three);
    made_step(run, 0, NO_SABOTAGE);
    tensor_zero(stage_gradients(run->stage[0]));
    made_dump(run, 0);
    expect(judge_gradients, made_finish(run), VERDICT_FAIL, "all zeros",
           "input gradient never sent");
    made_run_free(run);
}
END_TEST

/* ---- hostile evidence -------------------------------------------------------------------------- */

enum damage {
    FILE_MISSING,
    FILE_TRUNCATED,
    FILE_OF_ANOTHER_RANK,
    LOG_MISSING,
    LOG_DAMAGED,
    LOG_UNFINISHED,
    LOG_OF_ANOTHER_SEED,
    LOG_OF_ANOTHER_RANK,
    STAGE_MISSING,
    STAGES_OVERLAP,
    STAGES_END_EARLY,
    NO_LOSS,
    DAMAGES
};

static void put_damage(struct made_run *run, enum damage damage)
{
    struct log_file *log = &run->outcome.log[1];
    g_autofree char *file = g_strdup_printf("%s/rank-1.stage-1.after-0.safetensors", run->folder);
    g_autofree char *other = g_strdup_printf("%s/rank-2.stage-2.after-0.safetensors", run->folder);
    g_autofree char *content = NULL;
    gsize length;
    switch (damage) {
    case FILE_MISSING:
        ck_assert_int_eq(unlink(file), 0);
        break;
    case FILE_TRUNCATED:
        ck_assert_int_eq(truncate(file, 500), 0);
        break;
    case FILE_OF_ANOTHER_RANK:
        ck_assert(g_file_get_contents(other, &content, &length, NULL));
        ck_assert(g_file_set_contents(file, content, (gssize)length, NULL));
        break;
    case LOG_MISSING:
        log->count = 0;
        run->outcome.log_error[1] = "there is no such file";
        break;
    case LOG_DAMAGED:
        strcpy(log->damage, "record 7 has a wrong check sum");
        break;
    case LOG_UNFINISHED:
        log->complete = false;
        break;
    case LOG_OF_ANOTHER_SEED:
        log->seed++;
        break;
    case LOG_OF_ANOTHER_RANK:
        log->rank = 2;
        break;
    case STAGE_MISSING:
        log->record[0].operation = LOG_NONE;
        break;
    case STAGES_OVERLAP:
        log->record[0].own_value = 1;
        break;
    case STAGES_END_EARLY:
        run->outcome.log[2].record[0].own_number = 1;
        break;
    case NO_LOSS:
        for (size_t i = 0; i < run->outcome.log[2].count; i++)
            if (run->outcome.log[2].record[i].operation == LOG_LOSS)
                run->outcome.log[2].record[i].operation = LOG_NONE;
        break;
    case DAMAGES:
        break;
    }
}

START_TEST(damaged_evidence_fails)
{
    struct made_run *run = made_run_new(AFAB, 3, three);
    const struct judgement *judgement = made_train(run, NO_SABOTAGE);
    put_damage(run, (enum damage)_i);
    expect(judge_gradients, judgement, VERDICT_FAIL, NULL, "");
    if (_i >= LOG_MISSING && _i <= LOG_OF_ANOTHER_RANK) {
        judge_function *others[] = {judge_order,     judge_parallel,   judge_luck,
                                    judge_own_stage, judge_loss_falls, judge_comparison};
        for (size_t k = 0; k < G_N_ELEMENTS(others); k++)
            expect(others[k], judgement, VERDICT_FAIL, "rank 1", "");
    }
    made_run_free(run);
}
END_TEST

/* A rank may say that all it computed was another rank's stage. */
START_TEST(only_another_stage_fails)
{
    struct made_run *run = made_run_new(AFAB, 3, three);
    const struct judgement *judgement = made_train(run, OVERWRITTEN);
    struct log_file *log = &run->outcome.log[1];
    for (size_t i = 0; i < log->count; i++)
        if (log_is_computation(&log->record[i]))
            log->record[i].stage = 2;
    expect(judge_gradients, judgement, VERDICT_FAIL, NULL, NULL);
    made_run_free(run);
}
END_TEST

/* A rank that stores another rank's layers as well, or a wrong shape. */
START_TEST(foreign_and_misshapen_tensors_fail)
{
    for (int wrong = 0; wrong < 2; wrong++) {
        struct made_run *run = made_run_new(AFAB, 3, three);
        const struct judgement *judgement = made_train(run, NO_SABOTAGE);
        struct tensor_file *file = tensor_file_new();
        made_add(run, file, 1, stage_gradients(run->stage[1]), ".gradient");
        struct tensor *extra = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(10));
        tensor_zero(extra);
        if (wrong == 0)
            tensor_file_add(file, "layers.5.bias.gradient", extra);
        else {
            tensor_file_free(file);
            file = tensor_file_new();
            tensor_file_add(file, "layers.3.weight.gradient", extra);
        }
        tensor_free(extra);
        made_write(run, file, 1, "after", 0);
        expect(judge_gradients, judgement, VERDICT_FAIL,
               wrong == 0 ? "layers.5.bias.gradient" : "(24, 24)", "");
        made_run_free(run);
    }
}
END_TEST

START_TEST(without_data_nothing_is_judged)
{
    struct made_run *run = made_run_new(AFAB, 3, three);
    const struct judgement *judgement = made_train(run, NO_SABOTAGE);
    strcpy(run->outcome.options.dataset, "no-such-set");
    expect(judge_gradients, judgement, VERDICT_NOT_JUDGED, "no-such-set", "");
    made_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of gradients");
    TCase *cases = tcase_create("gradients");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, right_gradients_pass);
    tcase_add_test(cases, adamw_with_gradients_near_zero_passes);
    tcase_add_loop_test(cases, every_sabotage_is_named, 0, G_N_ELEMENTS(known));
    tcase_add_test(cases, nan_and_place_are_named);
    tcase_add_test(cases, zeros_are_no_gradient);
    tcase_add_loop_test(cases, damaged_evidence_fails, 0, DAMAGES);
    tcase_add_test(cases, only_another_stage_fails);
    tcase_add_test(cases, foreign_and_misshapen_tensors_fail);
    tcase_add_test(cases, without_data_nothing_is_judged);
    suite_add_tcase(suite, cases);
    return suite;
}
