/*
 * Judge "own_stage".
 *
 * Run:       training steps on several ranks.
 * Must hold: every rank is a process of its own, holds only its stages' parameters, charges for
 *            each forward and backward what its layers cost, and charges nothing besides.
 * A failure: a rank computes or holds what is another's, or makes as if it computed.
 * Remarked:  what is left behind from step to step, where memory is not what the schedule is about
 *            (else the judge "memory" sees to it).
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/stage_cost.h"
#include "assignments/pipeline/placement.h"
#include "assignments/pipeline/schedules/schedule_formulas.h"

#include "common/base/memory.h"
#include "grader/evidence/left_behind.h"

#include <stdio.h>

/* FLOPs outside of the stage and the optimizer: the loss may charge a little. */
#define OUTSIDE_SHARE 0.01
/* Each of a stage's arenas may be rounded up, and is at least one element long. */
#define ARENA_SLACK 4096

/* Every computation is of a stage that is this rank's. */
static bool events_are_own(const GArray *events, int rank, int ranks, int stages,
                           struct verdict *verdict)
{
    for (guint i = 0; i < events->len; i++) {
        int s = EVIDENCE_EVENT(events, i)->stage;
        if (s >= 0 && s < stages && placement_rank(s, ranks) == rank)
            continue;
        evidence_fail(verdict, "rank %d: %s of micro-batch %d on stage %d, which is another rank's",
                      rank, log_operation_name(EVIDENCE_EVENT(events, i)->operation),
                      EVIDENCE_EVENT(events, i)->micro_batch, s);
        return false;
    }
    return true;
}

static bool computes_nothing_else(const struct log_file *log, const GArray *events, int rank,
                                  struct verdict *verdict)
{
    double own = 0, all = log->count > 0 ? (double)log->record[log->count - 1].flops : 0;
    for (guint i = 0; i < events->len; i++)
        own += (double)EVIDENCE_EVENT(events, i)->flops;
    if (all <= own * (1 + OUTSIDE_SHARE) + 1e4)
        return true;
    evidence_fail(verdict,
                  "rank %d computed %.4g FLOPs, but only %.4g of them in its stage and optimizer",
                  rank, all, own);
    return false;
}

/* How many versions of the parameters there may be at a time: where each micro-batch keeps that of
 * its forward, one for each in flight, the newest, and one that changes hands. */
static uint64_t versions_of(const struct outcome *run)
{
    const struct schedule_kind *kind = schedule_find(run->options.step);
    int in_flight = MIN(run->ranks, options_micro_batches(&run->options));
    return kind && kind->facts->asynchronous ? (uint64_t)in_flight + 2 : 1;
}

/* own: bytes of all the parameters of this rank's stages. */
static bool holds_only_own_parameters(const struct outcome *run, uint64_t own, uint64_t slack,
                                      int rank, struct verdict *verdict)
{
    struct log_memory memory;
    uint64_t peak = log_find_memory(&run->log[rank], MEMORY_PARAMETER, &memory) ? memory.peak : 0;
    if (peak >= own && peak <= versions_of(run) * (own + slack))
        return true;
    verdict_look(verdict, "what this rank stores besides its own parameters");
    evidence_fail(verdict,
                  "rank %d held %" G_GUINT64_FORMAT
                  " bytes of parameters; its own stage has %" G_GUINT64_FORMAT,
                  rank, (guint64)peak, (guint64)own);
    return false;
}

/* The process number in a log's header; the log itself was read and checked before. */
static uint64_t process_of(const struct outcome *run, int rank)
{
    struct log_header header = {0};
    g_autofree char *path = g_strdup_printf("%s/rank-%d.log", run->folder, rank);
    FILE *file = fopen(path, "rb");
    bool right = file && fread(&header, sizeof(header), 1, file) == 1;
    if (file)
        fclose(file);
    return right ? header.pid : 0;
}

static bool processes_differ(const struct outcome *run, struct verdict *verdict)
{
    for (int a = 0; a < run->ranks; a++)
        for (int b = 0; b <= a; b++) {
            uint64_t own = process_of(run, a);
            if (own != 0 && (a == b || own != process_of(run, b)))
                continue;
            evidence_fail(verdict, "ranks %d and %d are not processes of their own", b, a);
            return false;
        }
    return true;
}

static bool judge_rank(const struct outcome *run, const struct model *model,
                       const struct evidence_stage *stage, int rank, struct verdict *verdict)
{
    const struct log_file *log = &run->log[rank];
    double samples = run->options.batch_size / (double)options_micro_batches(&run->options);
    int stages = stages_count(run);
    uint64_t own = 0, slack = 0;
    EVIDENCE_ARRAY events = evidence_events(log);
    if (!events_are_own(events, rank, run->ranks, stages, verdict))
        return false;
    for (int s = placement_stage(rank, 0, run->ranks); s < stages;
         s = placement_next(s, run->ranks)) {
        own += sizeof(float) *
               (uint64_t)model_parameter_count(model, stage[s].first_layer, stage[s].layers);
        slack += ARENA_SLACK;
        if (!stage_cost_is_right(events, model, &stage[s], s, samples, verdict))
            return false;
    }
    return computes_nothing_else(log, events, rank, verdict) &&
           holds_only_own_parameters(run, own, slack, rank, verdict);
}

static void remark_on_memory(const struct outcome *run, struct verdict *verdict)
{
    const struct schedule_facts *schedule = schedule_named(run->options.step);
    g_autoptr(GString) line = g_string_new(NULL);
    unsigned kinds;
    bool about_memory = !schedule || (schedule_id(schedule) != SCHEDULE_NAIVE &&
                                      schedule_id(schedule) != SCHEDULE_AFAB);
    if (!about_memory && evidence_left_behind(run, line, &kinds))
        g_string_append_printf(
            verdict->remark,
            "Memory grows with the number of steps: %s. y and dx are the caller's: "
            "tensor_free them once they are sent.\n",
            line->str);
}

static void judge_ranks(const struct outcome *run, const struct model *model,
                        struct verdict *verdict)
{
    g_autofree struct evidence_stage *stage = stages_read(run, model->layers, verdict);
    bool right = stage;
    for (int rank = 0; right && rank < run->ranks; rank++)
        right = judge_rank(run, model, stage, rank, verdict);
    if (right && !run->simulated) /* there all ranks are one process */
        processes_differ(run, verdict);
    if (verdict->kind == VERDICT_PASS)
        remark_on_memory(run, verdict);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    struct model *model = evidence_logs(run, verdict) ? evidence_model(run, verdict) : NULL;
    if (model)
        judge_ranks(run, model, verdict);
    model_free(model);
}

void judge_own_stage(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "every rank is a process of its own and computes its own stage only");
}
