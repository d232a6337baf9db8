/*
 * The judge of memory, on logs made by hand from written orders: micro-batches in flight by the
 * log, by the accounting of activations and by the growth of the process.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/schedules/schedule_formulas.h"
#include "assignments/pipeline/tests/support/written.h"
#include "common/base/memory.h"
#include "common/files/dataset.h"
#include "common/training/stage.h"
#include "tests/support/test.h"

#include <math.h>

#define MEMORY_OPTIONS                                                                             \
    "--schedule bounded --model mlp:depth=4,width=32 --batch 120 --micro-batches 40"

/* The peak of activation bytes when `group` micro-batches after the other go through a stage. */
static uint64_t peak_of_groups(const struct model *model, int rank, int group)
{
    struct stage *stage = stage_new(model, &(struct stage_options){.index = rank,
                                                                   .stages = 4,
                                                                   .first_layer = 2 * rank,
                                                                   .layers = 2,
                                                                   .micro_batch_size = 3,
                                                                   .micro_batches = 40,
                                                                   .seed = 5});
    size_t before = memory_live(MEMORY_ACTIVATION);
    memory_reset_peak();
    struct tensor *kept[40];
    for (int i = 0; i < group; i++) {
        struct tensor *x = stage_input_new(stage);
        tensor_zero(x);
        kept[i] = stage_forward(stage, i, x);
    }
    for (int i = 0; i < group; i++) {
        tensor_zero(kept[i]);
        tensor_free(stage_backward(stage, i, kept[i])); /* as if it were the gradient */
    }
    size_t peak = memory_peak(MEMORY_ACTIVATION) - before;
    stage_free(stage);
    return peak;
}

static void remember(struct written *run, int r, uint64_t kind, uint64_t bytes, double value)
{
    struct log_record record = log_record_new(LOG_MEMORY, LOG_INSTANT);
    record.own_number = kind;
    record.bytes = bytes;
    record.own_value = value;
    script_put(&run->script[r], record);
}

#define SENSELESS ((uint64_t)1 << 40) /* growth from what is no number */

static bool forgets_a_wait; /* one send that nobody waits for, where that is judged */

/* in_order: micro-batches in flight by the log; held: by the accounting; growth: of the process. */
static void judge_use(int in_order, int held, uint64_t growth, bool simulated,
                      enum verdict_kind kind, const char *says)
{
    struct data_shape data;
    char error[512];
    struct written *run = written_new(MEMORY_OPTIONS, 4);
    run->messages_are_judged = forgets_a_wait;
    ck_assert(dataset_describe(run->outcome.options.dataset, &data, error));
    struct model *model = model_new(run->outcome.options.model, data.input, data.classes, error);
    ck_assert_ptr_nonnull(model);
    for (int r = 0; r < 4; r++) {
        for (int first = 0; first < 40; first += in_order)
            for (int i = first; i < first + 2 * in_order; i++)
                written_compute(run, r, i < first + in_order ? 'F' : 'B',
                                first + (i - first) % in_order, r, true);
        if (forgets_a_wait && r == 1)
            script_call(&run->script[r], LOG_RECV, 2, 4711, 64, true);
        if (forgets_a_wait && r == 2)
            script_isend(&run->script[r], 1, 4711, 64);
        struct log_record record = log_record_new(LOG_STAGE, LOG_INSTANT);
        record.stage = r;
        record.own_value = 2 * r;
        record.own_number = 2;
        script_put(&run->script[r], record);
        if (held > 0)
            remember(run, r, MEMORY_ACTIVATION, peak_of_groups(model, r, held), 0);
        if (!simulated)
            remember(run, r, LOG_MEMORY_RESIDENT, (uint64_t)(50 << 20) + growth,
                     growth == SENSELESS ? NAN : 50 << 20);
    }
    written_end(run);
    run->outcome.simulated = simulated;
    written_expect(judge_memory, run, kind, says, "");
    model_free(model);
    written_free(run);
}

START_TEST(memory_is_bounded)
{
    judge_use(4, 4, 1 << 20, false, VERDICT_PASS, NULL);
    judge_use(4, 4, 0, true, VERDICT_PASS, NULL);
    judge_use(4, 1, 20 << 20, false, VERDICT_PASS, NULL);
    judge_use(4, 40, 1 << 20, false, VERDICT_FAIL, "of activations at once");
    judge_use(40, 40, 1 << 20, false, VERDICT_FAIL, "5 micro-batches are in flight");
    judge_use(5, 4, 1 << 20, false, VERDICT_FAIL, "5 micro-batches are in flight");
    judge_use(4, 4, 60 << 20, false, VERDICT_FAIL, "grew by 60 MiB");
    judge_use(4, 4, SENSELESS, false, VERDICT_FAIL, "grew by");
    judge_use(4, 0, 1 << 20, false, VERDICT_FAIL, "did not record");
    forgets_a_wait = true;
    judge_use(4, 4, 1 << 20, false, VERDICT_FAIL, "rank 2 never waited for a message");
    forgets_a_wait = false;
}
END_TEST

/* ---- other schedules ------------------------------------------------------------------------ */

#define OTHER_OPTIONS "--model mlp:depth=4,width=32 --batch 36 --micro-batches 12 --schedule "

/* What rank r of 4 (two stages of one layer each if `chunks` is 2) holds while `in_flight` micro-batches
 * of each of its stages are, and nothing of them has been freed; and `sent` outputs besides. */
static uint64_t held_with(const struct model *model, int r, int chunks, int in_flight, int sent,
                          bool halves)
{
    uint64_t peak = 0;
    for (int c = 0; c < chunks; c++) {
        int s = 4 * c + r, layers = 2 / chunks;
        struct stage *stage = stage_new(model, &(struct stage_options){.index = s,
                                                                       .stages = 4 * chunks,
                                                                       .first_layer = layers * s,
                                                                       .layers = layers,
                                                                       .micro_batch_size = 3,
                                                                       .micro_batches = 12,
                                                                       .seed = 5});
        struct tensor *kept[24];
        size_t before = memory_live(MEMORY_ACTIVATION);
        memory_reset_peak();
        for (int i = 0; i < in_flight; i++) {
            struct tensor *x = stage_input_new(stage);
            tensor_zero(x);
            kept[i] = stage_forward(stage, i, x);
        }
        for (int i = 0; i < sent; i++)
            kept[in_flight + i] = stage_output_new(stage);
        for (int i = 0; i < in_flight; i++) {
            struct tensor *dy = stage_output_new(stage);
            tensor_zero(dy);
            tensor_free(halves ? stage_backward_input(stage, i, dy) : stage_backward(stage, i, dy));
        }
        peak += memory_peak(MEMORY_ACTIVATION) - before;
        for (int i = 0; i < in_flight + sent; i++)
            tensor_free(kept[i]);
        stage_free(stage);
    }
    return peak;
}

/* The schedule's own order, one step; the accounting says that `more` micro-batches than are in flight
 * by it are held, and `sent` outputs. The verdict; its remark is told, too. */
static void judge_schedule(const char *name, int more, int sent, enum verdict_kind kind,
                           const char *says, const char *remark)
{
    const struct schedule_kind *schedule = schedule_find(name);
    int chunks = schedule->facts->chunked ? 2 : 1;
    struct schedule_shape shape = {4, chunks, 12};
    g_autofree char *options = g_strconcat(OTHER_OPTIONS, name, NULL);
    struct written *run = written_new(options, 4);
    struct data_shape data;
    char error[512];
    ck_assert(dataset_describe(run->outcome.options.dataset, &data, error));
    struct model *model = model_new(run->outcome.options.model, data.input, data.classes, error);
    ck_assert_ptr_nonnull(model);
    struct schedule *order = schedule_equal(schedule->make, 4, chunks, 12, 1, 1, 1);
    for (int r = 0; r < 4; r++) {
        g_autofree char *line = schedule_text(order, r, chunks > 1, 10000);
        written_line(run, r, line, true);
        for (int c = 0; c < chunks; c++)
            script_put(&run->script[r], log_record_of_stage((struct log_stage){
                                            4 * c + r, (4 * c + r) * 2 / chunks, 2 / chunks, 0}));
        int in_flight = chunks > 1 ? 4 : schedule->in_flight(shape, r);
        remember(run, r, MEMORY_ACTIVATION,
                 held_with(model, r, chunks, in_flight + more, sent, schedule->facts->halves), 0);
    }
    written_end(run);
    run->outcome.simulated = true;
    struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    judge_memory(&judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s: %s", name, verdict->headline->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "%s: %s", name,
                  verdict->headline->str);
    ck_assert_msg(remark ? strstr(verdict->remark->str, remark) != NULL : verdict->remark->len == 0,
                  "%s: %s", name, verdict->remark->str);
    verdict_free(verdict);
    schedule_free(order);
    model_free(model);
    written_free(run);
}

START_TEST(each_schedule_has_its_own_need)
{
    static const char *const schedules[] = {"1f1b", "interleaved", "zero-bubble", "pipedream"};
    judge_schedule(schedules[_i], 0, 0, VERDICT_PASS, NULL, NULL);
    judge_schedule(schedules[_i], 8, 12, VERDICT_FAIL, "of activations at once", NULL);
}
END_TEST

START_TEST(what_was_sent_may_be_kept_for_the_step)
{
    judge_schedule("1f1b", 0, 8, VERDICT_PASS, NULL, "kept until the end of the step");
    judge_schedule("bounded", 0, 8, VERDICT_FAIL, "of activations at once", NULL);
}
END_TEST

/* Two steps; the second leaves tensors of this kind behind. */
static void judge_leak(int what, const char *says, const char *mistake)
{
    struct written *run =
        written_new("--model mlp:depth=4,width=32 --schedule 1f1b --batch 4 --micro-batches 4", 1);
    struct script *script = &run->script[0];
    run->outcome.options.steps = 2;
    for (int step = 0; step < 2; step++) {
        if (step > 0)
            script_step(script, LOG_STEP_BEGIN, step);
        written_line(run, 0, "F0 B0 F1 B1 F2 B2 F3 B3", false);
        for (int i = 0; what >= 0 && i < 4; i++)
            script_put(script, log_record_of_held((struct log_held){what, 0, i, 96, 0}));
        if (step == 0)
            script_put(script, log_record_of_step_end(0, 1000));
    }
    script_put(script, log_record_of_step_end(1, 1384));
    script_put(script, log_record_of_stage((struct log_stage){0, 0, 8, 0}));
    remember(run, 0, MEMORY_ACTIVATION, 100, 0);
    script_final(script);
    run->log[0] = script->log;
    run->log[0].seed = run->outcome.options.seed;
    run->outcome.simulated = true;
    written_expect(judge_memory, run, VERDICT_FAIL, says, mistake);
    written_free(run);
}

START_TEST(what_is_never_freed_has_a_name)
{
    judge_leak(LOG_HELD_Y, "rank 0 never freed 4 outputs y in step 1", "tensors are never freed");
    judge_leak(LOG_HELD_DX, "4 input gradients dx", "tensors are never freed");
    judge_leak(LOG_HELD_PARAMETERS, "4 copies of its parameters",
               "copies of the parameters are never freed");
    judge_leak(LOG_HELD_X, "4 inputs x", "");
    judge_leak(-1, "a tensor that it made", "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of memory");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, memory_is_bounded);
    tcase_add_loop_test(tests, each_schedule_has_its_own_need, 0, 4);
    tcase_add_test(tests, what_was_sent_may_be_kept_for_the_step);
    tcase_add_test(tests, what_is_never_freed_has_a_name);
    suite_add_tcase(suite, tests);
    return suite;
}
