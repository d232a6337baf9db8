/*
 * The judge that compares training with its own reference, window by window, on made-up runs
 * (made_run.h).
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/judged.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "tests/support/test.h"

#include <math.h>

#define TRAIN                                                                                      \
    "--model mlp:depth=3,width=24 --data synthetic:height=8,width=8 --seed 5 --batch 16 "          \
    "--micro-batches 2 --steps 24 --snapshots 0,8,16"

static const int three[] = {0, 2, 4, 6};

START_TEST(right_training_passes_windows)
{
    struct made_run *run = made_run_new(TRAIN " --optimizer adamw", 3, three);
    judged_expect(judge_windows, made_train(run, NO_SABOTAGE), VERDICT_PASS, NULL);
    made_run_free(run);
    run = made_run_new(TRAIN, 3, three);
    judged_expect(judge_windows, made_train(run, NO_SABOTAGE), VERDICT_PASS, NULL);
    made_run_free(run);
    static const int four[] = {0, 1, 2, 4, 6}; /* the first has no parameters */
    run = made_run_new(TRAIN, 4, four);
    judged_expect(judge_windows, made_train(run, NO_NEEDLESS_STEP), VERDICT_PASS, NULL);
    made_run_free(run);
}
END_TEST

static const enum sabotage not_the_same[] = {
    NOT_DIVIDED, DIVIDED_TWICE,        DIVIDED_AT_EVERY_STAGE, OVERWRITTEN,      REVERSED,
    NOT_ZEROED,  STEP_PER_MICRO_BATCH, INPUT_GRADIENT_ZERO,    NO_OPTIMIZER_STEP};

START_TEST(wrong_training_fails_windows)
{
    struct made_run *run = made_run_new(TRAIN, 3, three);
    judged_expect(judge_windows, made_train(run, not_the_same[_i]), VERDICT_FAIL, NULL);
    made_run_free(run);
}
END_TEST

/* The snapshot before `step` is written again with one number changed. */
static void change_snapshot(struct made_run *run, int step, int rank, const char *name, float by)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    g_autofree char *path =
        g_strdup_printf("%s/rank-%d.stage-%d.before-%d.safetensors", run->folder, rank, rank, step);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_ptr_nonnull(file);
    tensor_floats(tensor_file_get(file, name))[1] += by;
    ck_assert(tensor_file_write(file, path, error));
    tensor_file_free(file);
}

START_TEST(changed_snapshots_fail_windows)
{
    static const struct {
        int step;
        float by;
        const char *name, *says;
    } changes[] = {{0, 1e-6f, "layers.3.bias", "initial value"},
                   {0, 0.1f, "layers.3.bias.momentum_buffer", "initial value"},
                   {8, 0.1f, "layers.3.weight", "another way"},
                   {8, 0.1f, "layers.3.bias.momentum_buffer", "another way"},
                   {16, NAN, "layers.3.weight", "NaN"}};
    struct made_run *run = made_run_new(TRAIN, 3, three);
    const struct judgement *judgement = made_train(run, NO_SABOTAGE);
    change_snapshot(run, changes[_i].step, 1, changes[_i].name, changes[_i].by);
    if (changes[_i].step == 8 && strstr(changes[_i].name, "momentum")) {
        /* One window may look like that: a flip of a ReLU. Two may not. */
        judged_expect(judge_windows, judgement, VERDICT_PASS, NULL);
        change_snapshot(run, 16, 1, changes[_i].name, changes[_i].by);
    }
    judged_expect(judge_windows, judgement, VERDICT_FAIL, changes[_i].says);
    made_run_free(run);
}
END_TEST

START_TEST(losses_and_steps_must_fit_windows)
{
    struct made_run *run = made_run_new(TRAIN, 3, three);
    const struct judgement *judgement = made_train(run, NO_SABOTAGE);
    struct log_file *log = &run->outcome.log[2];
    struct log_record *loss = NULL;
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_LOSS)
            loss = &log->record[i]; /* the last: step 23, in no window */
    loss->own_value = NAN;
    judged_expect(judge_windows, judgement, VERDICT_FAIL, NULL);
    loss->operation = LOG_NONE;
    judged_expect(judge_windows, judgement, VERDICT_FAIL, NULL);
    run->outcome.options.steps = 30;
    judged_expect(judge_windows, judgement, VERDICT_FAIL, "30 steps");
    made_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("windows of training");
    TCase *cases = tcase_create("windows");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, right_training_passes_windows);
    tcase_add_loop_test(cases, wrong_training_fails_windows, 0, G_N_ELEMENTS(not_the_same));
    tcase_add_loop_test(cases, changed_snapshots_fail_windows, 0, 5);
    tcase_add_test(cases, losses_and_steps_must_fit_windows);
    suite_add_tcase(suite, cases);
    return suite;
}
