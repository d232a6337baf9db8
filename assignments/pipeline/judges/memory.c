/*
 * Judge "memory".
 *
 * Run:       p ranks, any schedule and any number of micro-batches.
 * Must hold, on every rank:
 * 1. Nothing is left behind from step to step (left_behind.h).
 * 2. Never more micro-batches are in flight (forward done, backward not) than the schedule needs.
 * 3. The most bytes of activations that were ever live, by the kit's own accounting, are at most
 *    what so many micro-batches need. The judge measures that itself: it runs them forward and then
 *    backward through the same stage, in its own process, and takes the peak. Throughout it keeps
 *    what may be under way at the same time as messages: all their outputs and input gradients, and
 *    one input and one output gradient received ahead. What was sent may be kept until the end of
 *    the step, too, unless the schedule is there for any number of micro-batches ("bounded").
 * 4. The resident memory of the process grew during training by at most that limit and 24 MiB
 *    (libraries, message buffers, the log): so that nobody hoards in memory of malloc's. Not on the
 *    simulated cluster, where all ranks are one process.
 * A failure: memory grows with the number of steps or micro-batches; which of these, tells why.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/memory_need.h"
#include "assignments/pipeline/judges/order_rules.h"
#include "common/base/units.h"
#include "grader/evidence/left_behind.h"

#include <string.h>

#define RESIDENT_SLACK ((uint64_t)24 << 20) /* bytes */
#define MOST_GROWTH    0x1p62               /* what a log says beyond that makes no sense */

/* Resident bytes gained from the begin of training to the peak. */
static uint64_t growth_of(struct log_memory resident)
{
    double growth = (double)resident.peak - resident.live;
    if (!(growth < MOST_GROWTH)) /* not a number, either */
        return (uint64_t)MOST_GROWTH;
    return growth > 0 ? (uint64_t)growth : 0;
}

/* The most that a rank may hold. */
static uint64_t limit_of(const struct schedule_kind *kind, struct memory_need need)
{
    bool any_number = schedule_id(kind->facts) == SCHEDULE_BOUNDED;
    return need.in_flight + (any_number ? 0 : need.kept);
}

static void judge_growth(uint64_t allowed, struct log_memory resident, int rank,
                         struct verdict *verdict)
{
    uint64_t growth = growth_of(resident);
    char grown[UNITS_TEXT_SIZE], most[UNITS_TEXT_SIZE];
    units_bytes((double)growth, grown);
    units_bytes((double)allowed, most);
    if (verdict->kind == VERDICT_PASS && growth > allowed && strcmp(grown, most) != 0) {
        evidence_fail(verdict,
                      "the process of rank %d grew by %s during training; %s are allowed, though "
                      "its tensors hold less: it keeps memory elsewhere",
                      rank, grown, most);
        verdict_look(verdict, "what is kept in memory of malloc's");
    }
    verdict_explain(verdict, " %s | %s |\n", grown, most);
}

/* In bytes, as people read them. */
struct row {
    char peak[UNITS_TEXT_SIZE], limit[UNITS_TEXT_SIZE], need[UNITS_TEXT_SIZE], all[UNITS_TEXT_SIZE];
};

static void judge_peak(const struct outcome *run, const struct schedule_kind *kind, int rank,
                       bool too_much, const struct row *row, struct verdict *verdict)
{
    if (too_much && verdict->kind == VERDICT_PASS)
        evidence_fail(verdict,
                      "rank %d held %s of activations at once; %d %s in flight on its stage need "
                      "at most %s",
                      rank, row->peak, kind->in_flight(memory_shape(run), rank),
                      kind->facts->chunked ? "chunks" : "micro-batches", row->limit);
    else if (!too_much && verdict->remark->len == 0)
        g_string_append_printf(
            verdict->remark,
            "Rank %d held %s of activations at once; what is in flight there needs %s with its "
            "messages. If tensors that were sent are kept until the end of the step, that "
            "explains it: with more micro-batches it becomes more.\n",
            rank, row->peak, row->need);
}

static void judge_rank(const struct outcome *run, const struct schedule_kind *kind,
                       struct memory_need need, int rank, struct verdict *verdict)
{
    struct log_memory held, resident;
    /* Of a GPU's memory, and of what its driver and its kernels take, the process's tells nothing. */
    const bool asked = !run->simulated && !run->device;
    bool known = asked && log_find_memory(&run->log[rank], LOG_MEMORY_RESIDENT, &resident);
    int m = options_micro_batches(&run->options);
    if (!log_find_memory(&run->log[rank], MEMORY_ACTIVATION, &held) || known != asked) {
        evidence_fail(verdict, "rank %d did not record how much memory it used", rank);
        return;
    }
    uint64_t limit = limit_of(kind, need);
    struct row row;
    units_bytes((double)held.peak, row.peak);
    units_bytes((double)limit, row.limit);
    units_bytes((double)need.in_flight, row.need);
    units_bytes((double)need.micro_batch * m, row.all);
    /* A difference that the figures don't show is none. */
    bool too_much = held.peak > limit && strcmp(row.peak, row.limit) != 0;
    if (held.peak > need.in_flight && strcmp(row.peak, row.need) != 0)
        judge_peak(run, kind, rank, too_much, &row, verdict);
    verdict_explain(verdict, "| %d | %s | %s | %s |", rank, row.peak, row.limit, row.all);
    if (known)
        judge_growth(limit + RESIDENT_SLACK, resident, rank, verdict);
    else
        verdict_explain(verdict, " not known | not known |\n");
}

/* In every step. */
static void judge_in_flight(const struct outcome *run, const struct schedule_kind *kind,
                            struct verdict *verdict)
{
    struct schedule_shape shape = memory_shape(run);
    int steps = MAX(1, run->options.steps), stages = shape.ranks * shape.chunks;
    struct schedule **schedule =
        order_of_steps(run->log, run->ranks, steps, kind->facts->asynchronous);
    g_autoptr(GString) why = g_string_new(NULL);
    for (int step = 0; step < steps && verdict->kind == VERDICT_PASS; step++) {
        int rank = 0;
        if (!schedule_check(schedule[step], stages, shape.micro_batches, why, &rank) ||
            !order_bounds_in_flight(kind, schedule[step], shape, why, &rank)) {
            evidence_fail(verdict, "rank %d, step %d: %s", rank, step, why->str);
            verdict_look(verdict, "how many forwards go ahead of their backwards");
        }
    }
    order_of_steps_free(schedule, steps);
}

static const struct mistake never_freed = {
    "tensors are never freed",
    "What stage_forward and stage_backward return is the caller's: y and dx have to be freed once "
    "they are sent. What was taken over must not be: x by stage_forward, dy by stage_backward, y "
    "by batch_loss. What micro_batch_pass_output and micro_batch_pass_input_gradient took over is "
    "freed by micro_batch_finish at the latest, for the pipeline that it is called with.",
    "what becomes of these tensors: wait for the send, then tensor_free; or the call of "
    "micro_batch_finish behind the last backward, for every stage of the rank"};
static const struct mistake copies_never_freed = {
    "copies of the parameters are never freed",
    "Behind the backward of a micro-batch nobody needs the parameters of its forward any more.",
    "what stage_exchange_parameters gives back behind the backward: tensor_free it"};

/* From step to step. */
static void judge_left_behind(const struct outcome *run, struct verdict *verdict)
{
    g_autoptr(GString) line = g_string_new(NULL);
    unsigned kinds;
    if (!evidence_left_behind(run, line, &kinds))
        return;
    evidence_fail(verdict, "%s", line->str);
    const unsigned returned = 1u << LOG_HELD_Y | 1u << LOG_HELD_DX;
    if (kinds == 1u << LOG_HELD_PARAMETERS)
        verdict_name_mistake(verdict, &copies_never_freed);
    else if (kinds != 0 && (kinds & ~returned) == 0)
        verdict_name_mistake(verdict, &never_freed);
}

static void judge_memory_of(const struct outcome *run, const struct schedule_kind *kind,
                            const struct model *model, const struct evidence_stage *stage,
                            struct verdict *verdict)
{
    judge_left_behind(run, verdict);
    judge_in_flight(run, kind, verdict);
    verdict_explain(verdict,
                    "\nMemory. The limit is what at most %s = %d (on rank 0) in flight need, "
                    "with their messages.\n\n"
                    "| rank | activations, peak | limit | all %d micro-batches would hold | "
                    "process grew by | limit |\n|---|---|---|---|---|---|\n",
                    kind->in_flight_formula, kind->in_flight(memory_shape(run), 0),
                    options_micro_batches(&run->options));
    for (int rank = 0; rank < run->ranks; rank++)
        judge_rank(run, kind, memory_need(run, kind, model, stage, rank), rank, verdict);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    const struct schedule_kind *kind = schedule_find(run->options.step);
    if (run->options.device != DEVICE_CPU || !kind) {
        verdict_set(verdict, VERDICT_NOT_JUDGED,
                    "what this run needs is not measured: --device cpu and a schedule are wanted");
        return;
    }
    struct model *model = evidence_logs(run, verdict) ? evidence_model(run, verdict) : NULL;
    struct evidence_stage *stage = model ? stages_read(run, model->layers, verdict) : NULL;
    if (stage)
        judge_memory_of(run, kind, model, stage, verdict);
    g_free(stage);
    model_free(model);
}

/* The first run's schedule stands for all: a check is about one. */
void judge_memory(const struct judgement *judgement, struct verdict *verdict)
{
    const struct schedule_kind *kind =
        judgement->outcomes ? schedule_find(judgement->outcome[0].options.step) : NULL;
    g_autofree char *passed = g_strdup_printf(
        "no rank needs more memory than %s in flight, and none is left behind",
        kind && schedule_id(kind->facts) == SCHEDULE_BOUNDED ? "as many micro-batches as ranks"
                                                             : "what the schedule has");
    evidence_each_run(judgement, verdict, judge_run, passed);
}
