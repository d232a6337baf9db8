/*
 * Judge "memory".
 *
 * Run:       p ranks with any number of micro-batches.
 * Must hold, on every rank:
 * 1. Never more than p micro-batches are in flight (forward done, backward not).
 * 2. The most bytes of activations that were ever live, by the kit's own accounting, are at most
 *    what p micro-batches need. The judge measures that itself: it runs n = min(p, m) micro-batches
 *    forward and then backward through the same stage, in its own process, and takes the peak.
 *    Throughout it keeps what may be under way at the same time as messages: all n outputs and all
 *    n input gradients, and one input and one output gradient received ahead.
 * 3. The resident memory of the process grew during training by at most that limit and 24 MiB
 *    (libraries, message buffers, the log): so that nobody hoards in memory of malloc's. Not on the
 *    simulated cluster, where all ranks are one process.
 * A failure: memory grows with the number of micro-batches; which of the three, tells why.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/order_rules.h"
#include "assignments/pipeline/judges/stages.h"
#include "assignments/pipeline/placement.h"

#include "common/log/log.h"
#include "common/training/stage.h"

#define RESIDENT_SLACK ((uint64_t)24 << 20) /* bytes */
#define MOST_GROWTH    0x1p62               /* what a log says beyond that makes no sense */
#define MIB            (1024.0 * 1024.0)

/* What a stage needs, bytes of activations. */
struct need {
    uint64_t limit;       /* see above */
    uint64_t micro_batch; /* what one micro-batch in flight holds */
};

static struct tensor *zeros(struct tensor *tensor)
{
    tensor_zero(tensor);
    return tensor;
}

/* Runs count micro-batches through the stage and back. */
static struct need measure(struct stage *stage, int count)
{
    struct need need = {0};
    struct tensor **kept = g_new0(struct tensor *, 2 * (gsize)count + 2);
    size_t before = memory_live(MEMORY_ACTIVATION);
    memory_reset_peak();
    kept[2 * count] = stage_input_new(stage);
    kept[2 * count + 1] = stage_output_new(stage);
    /* Of the micro-batches before these: their input gradients may still be under way. */
    for (int i = 0; i < count && stage_index(stage) > 0; i++)
        kept[count + i] = stage_input_new(stage);
    for (int i = 0; i < count; i++) {
        size_t live = memory_live(MEMORY_ACTIVATION);
        kept[i] = stage_forward(stage, i, zeros(stage_input_new(stage)));
        if (i == 0)
            need.micro_batch = memory_live(MEMORY_ACTIVATION) - live - tensor_bytes(kept[0]);
    }
    for (int i = 0; i < count; i++) {
        struct tensor *dx = stage_backward(stage, i, zeros(stage_output_new(stage)));
        tensor_free(kept[count + i]);
        kept[count + i] = dx;
    }
    need.limit = memory_peak(MEMORY_ACTIVATION) - before;
    for (int i = 0; i < 2 * count + 2; i++)
        tensor_free(kept[i]);
    g_free(kept);
    return need;
}

/* Of all stages of a rank. */
static struct need need_of(const struct outcome *run, const struct model *model,
                           const struct evidence_stage *stage, int rank)
{
    struct need all = {0};
    int stages = stages_count(run), micro_batches = options_micro_batches(&run->options);
    int count = MIN(run->ranks, micro_batches);
    for (int s = placement_stage(rank, 0, run->ranks); s < stages;
         s = placement_next(s, run->ranks)) {
        struct stage *own =
            stage_new(model, &(struct stage_options){.index = s,
                                                     .stages = stages,
                                                     .first_layer = stage[s].first_layer,
                                                     .layers = stage[s].layers,
                                                     .micro_batch_size =
                                                         run->options.batch_size / micro_batches,
                                                     .micro_batches = count,
                                                     .seed = run->options.seed,
                                                     .device = DEVICE_CPU});
        struct need need = measure(own, count);
        all.limit += need.limit;
        all.micro_batch += need.micro_batch;
        stage_free(own);
    }
    return all;
}

/* Resident bytes gained from the begin of training to the peak. */
static uint64_t growth_of(struct log_memory resident)
{
    double growth = (double)resident.peak - resident.live;
    if (!(growth < MOST_GROWTH)) /* not a number, either */
        return (uint64_t)MOST_GROWTH;
    return growth > 0 ? (uint64_t)growth : 0;
}

static void judge_rank(const struct outcome *run, struct need need, int rank,
                       struct verdict *verdict)
{
    struct log_memory held, resident;
    bool known =
        !run->simulated && log_find_memory(&run->log[rank], LOG_MEMORY_RESIDENT, &resident);
    int m = options_micro_batches(&run->options);
    if (!log_find_memory(&run->log[rank], MEMORY_ACTIVATION, &held) || known == run->simulated) {
        evidence_fail(verdict, "rank %d did not record how much memory it used", rank);
        return;
    }
    uint64_t allowed = need.limit + RESIDENT_SLACK;
    if (verdict->kind == VERDICT_PASS && held.peak > need.limit)
        evidence_fail(verdict,
                      "rank %d held %.2f MiB of activations at once; %d micro-batches in flight "
                      "on its stage need at most %.2f MiB",
                      rank, (double)held.peak / MIB, MIN(run->ranks, m), (double)need.limit / MIB);
    else if (verdict->kind == VERDICT_PASS && known && growth_of(resident) > allowed)
        evidence_fail(verdict,
                      "the process of rank %d grew by %.1f MiB during training; %.1f MiB are "
                      "allowed, though its tensors hold less: it keeps memory elsewhere",
                      rank, (double)growth_of(resident) / MIB, (double)allowed / MIB);
    verdict_explain(verdict, "| %d | %.2f | %.2f | %.2f |", rank, (double)held.peak / MIB,
                    (double)need.limit / MIB, (double)need.micro_batch * m / MIB);
    if (known)
        verdict_explain(verdict, " %.1f | %.1f |\n", (double)growth_of(resident) / MIB,
                        (double)allowed / MIB);
    else
        verdict_explain(verdict, " not known | %.1f |\n", (double)allowed / MIB);
}

/* Never more than p in flight, in any step. */
static void judge_in_flight(const struct outcome *run, struct verdict *verdict)
{
    struct schedule_shape shape = {run->ranks, pipeline_chunks(&run->options),
                                   options_micro_batches(&run->options)};
    int steps = MAX(1, run->options.steps);
    struct schedule **schedule = order_of_steps(run->log, run->ranks, steps, false);
    g_autoptr(GString) why = g_string_new(NULL);
    for (int step = 0; step < steps && shape.chunks == 1; step++) {
        int rank = 0;
        if (schedule_check(schedule[step], run->ranks, shape.micro_batches, why, &rank) &&
            order_follows_rule(schedule_kind_of(SCHEDULE_BOUNDED), schedule[step], shape, why,
                               &rank))
            continue;
        evidence_fail(verdict, "rank %d, step %d: %s", rank, step, why->str);
        break;
    }
    order_of_steps_free(schedule, steps);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (run->options.device != DEVICE_CPU) {
        verdict_set(verdict, VERDICT_NOT_JUDGED,
                    "what a run without data needs is not measured: --device cpu");
        return;
    }
    struct model *model = evidence_logs(run, verdict) ? evidence_model(run, verdict) : NULL;
    struct evidence_stage *stage = model ? stages_read(run, model->layers, verdict) : NULL;
    if (stage) {
        judge_in_flight(run, verdict);
        verdict_explain(verdict,
                        "\nMemory in MiB. The limit is what %d micro-batches in flight need, with "
                        "their messages.\n\n"
                        "| rank | activations, peak | limit | all %d micro-batches would hold | "
                        "process grew by | limit |\n|---|---|---|---|---|---|\n",
                        MIN(run->ranks, options_micro_batches(&run->options)),
                        options_micro_batches(&run->options));
        for (int rank = 0; rank < run->ranks; rank++)
            judge_rank(run, need_of(run, model, stage, rank), rank, verdict);
    }
    g_free(stage);
    model_free(model);
}

void judge_memory(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "no rank needs more memory than as many micro-batches as there are ranks");
}
