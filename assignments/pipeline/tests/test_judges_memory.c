/*
 * The judge of memory, on logs made by hand from written orders: micro-batches in flight by the
 * log, by the accounting of activations and by the growth of the process.
 */
#include "assignments/pipeline/judges/judges.h"
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
    struct stage *stage = stage_new(
        model, &(struct stage_options){rank, 4, 2 * rank, 2, 3, 40, 5, DEVICE_CPU, false});
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
    struct shape sample;
    int classes;
    char error[512];
    struct written *run = written_new(MEMORY_OPTIONS, 4);
    run->messages_are_judged = forgets_a_wait;
    ck_assert(dataset_describe(run->outcome.options.dataset, &sample, &classes, error));
    struct model *model = model_new(run->outcome.options.model, sample, classes, error);
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
    judge_use(4, 4, 60 << 20, false, VERDICT_FAIL, "grew by 60.0 MiB");
    judge_use(4, 4, SENSELESS, false, VERDICT_FAIL, "grew by");
    judge_use(4, 0, 1 << 20, false, VERDICT_FAIL, "did not record");
    forgets_a_wait = true;
    judge_use(4, 4, 1 << 20, false, VERDICT_FAIL, "rank 2 never waited for a message");
    forgets_a_wait = false;
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of memory");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, memory_is_bounded);
    suite_add_tcase(suite, tests);
    return suite;
}
