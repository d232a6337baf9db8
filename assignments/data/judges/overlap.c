/*
 * Judge "overlap".
 *
 * Run:       one training step, or more, with --average overlap on a simulated cluster, where computing and adding
 *            up gradients take about the same time; parameters are stored.
 * Must hold: no sum begins before its bucket's gradients are complete, and but for the last bucket they begin
 *            before the backward has ended; by the simulated clock a step takes no longer than
 *
 *                1.05 · (max(computing, first bucket's gradients + all sums) + the last bucket's sum + optimizer)
 *
 *            or than buckets one after the other, each from when it is complete, would take; and all copies of
 *            parameters have the same bits. What a sum takes is the platform's formula.
 * A failure: says what the rank waited for, and where it shows, the mistake.
 */
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/overlap_facts.h"
#include "assignments/data/judges/results.h"
#include "assignments/data/options.h"
#include "grader/evidence/simulated.h"
#include "grader/pictures/picture_timeline.h"
#include "grader/platform/platform.h"
#include "grader/trace/collective_faults.h"
#include "grader/trace/collectives.h"

#include <math.h>
#include <string.h>

#define ROOM   1.05
#define ENOUGH 0.5 /* of all buckets but the last, to be begun while the backward goes on */
#define MOST   0.5 /* of what a step takes too long: that is why */
/* Of the gradients: who gives less to sums has other messages. */
#define SUMS_AT_LEAST 0.9

static const struct mistake waits_at_once = {
    "the backward waits for each bucket",
    "Sums are begun while the backward goes on, but it stands still until they are complete: "
    "nothing is computed under them.",
    "calls in gradient_ready that wait (MPI_Wait, MPI_Allreduce): begin the sum there, and wait "
    "before the optimizer's step"};
static const struct mistake behind_the_backward = {
    "the sums begin behind the backward",
    "All gradients were complete when the sums began: there was nothing left to compute under "
    "them.",
    "where the sums are begun: in gradient_ready, which is called within stage_backward"};

/* ---- how long it may take ---------------------------------------------------------------------------------- */

/* Of a step, in seconds. */
struct due {
    double computing; /* the rank that computes most, without the optimizer */
    double optimizer;
    double sums;     /* of all buckets, one after the other */
    double first;    /* when the first bucket's gradients are complete, on all ranks */
    double last_sum; /* of the bucket with the first layer */
    double in_turn;  /* until the last bucket's sum is there, each begun when it can be */
    double limit;
};

/* When the gradients of this layer and all behind it are complete on all ranks. */
static double ready_of(const struct overlap_facts *facts, int ranks, int layer)
{
    double ready = 0;
    for (int rank = 0; rank < ranks; rank++)
        ready = fmax(ready, facts[rank].ready[layer]);
    return ready;
}

/* The buckets of --bucket, from the last layer to the first. */
static void add_buckets(const struct model *model, size_t most, const struct platform *platform,
                        const struct overlap_facts *facts, int ranks, struct due *due)
{
    double bytes = 0;
    int buckets = 0;
    for (int layer = model->layers; layer-- > 0;) {
        const double next =
            layer > 0 ? (double)model->layer[layer - 1].parameter_count * sizeof(float) : INFINITY;
        bytes += (double)model->layer[layer].parameter_count * sizeof(float);
        if (next <= 0 || (layer > 0 && bytes + next <= (double)most) || bytes <= 0)
            continue;
        const double ready = ready_of(facts, ranks, layer) / platform->speed;
        due->first = buckets++ == 0 ? ready : due->first;
        due->last_sum = platform_all_reduce_seconds(platform, ranks, bytes);
        due->in_turn = fmax(due->in_turn, ready) + due->last_sum;
        due->sums += due->last_sum;
        bytes = 0;
    }
}

static struct due due_of(const struct outcome *run, const struct model *model,
                         const struct platform *platform, const struct overlap_facts *facts)
{
    struct due due = {0};
    for (int rank = 0; rank < run->ranks; rank++) {
        due.optimizer = fmax(due.optimizer, facts[rank].optimizer / platform->speed);
        due.computing =
            fmax(due.computing, (facts[rank].flops - facts[rank].optimizer) / platform->speed);
    }
    add_buckets(model, (size_t)data_options(&run->options).bucket_kib * 1024, platform, facts,
                run->ranks, &due);
    const double bound = fmax(due.computing, due.first + due.sums) + due.last_sum;
    due.limit = ROOM * (fmax(bound, due.in_turn) + due.optimizer);
    return due;
}

/* ---- what is wrong ----------------------------------------------------------------------------------------- */

static void fail_for_early(const struct outcome *run, int step, int rank,
                           const struct overlap_facts *facts, struct verdict *verdict)
{
    g_autoptr(GString) call = g_string_new(NULL);
    struct collectives *collectives = collectives_new(run->log, run->ranks);
    collectives_name_with_line(run->program, run->log, collectives, rank, facts->early, call);
    collectives_free(collectives);
    evidence_fail(verdict,
                  "rank %d, step %d: with %s it has given %.0f bytes to sums over the ranks, and "
                  "only %.0f bytes of its gradients are complete",
                  rank, step, call->str, facts->early_begun, facts->early_ready);
    const struct mistake *mistake = overlap_early_mistake(facts);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

/* Messages of one's own may take the sums' place: then time alone decides. */
static bool begins_in_time(const struct outcome *run, int step, const struct model *model,
                           const struct overlap_facts *facts, struct verdict *verdict)
{
    const double first_layer = (double)model->layer[0].parameter_count * sizeof(float);
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct overlap_facts *own = &facts[rank];
        const double most = (double)data_options(&run->options).bucket_kib * 1024;
        const double needed = ENOUGH * (own->bytes - fmax(first_layer, most));
        if (own->early != NO_RECORD) {
            fail_for_early(run, step, rank, own, verdict);
            return false;
        }
        if (own->summed < SUMS_AT_LEAST * own->bytes || own->begun >= needed)
            continue;
        evidence_fail(verdict,
                      "rank %d, step %d: of %.0f bytes of gradients %.0f are on their way before "
                      "the backward has come to the first layer",
                      rank, step, own->bytes, own->begun);
        verdict_name_mistake(verdict, &behind_the_backward);
        return false;
    }
    return true;
}

static void fail_for_time(const struct outcome *run, int step, double measured,
                          const struct due *due, const struct overlap_facts *facts,
                          struct verdict *verdict)
{
    double stood = 0;
    for (int rank = 0; rank < run->ranks; rank++)
        stood = fmax(stood, 1e-9 * facts[rank].stood);
    evidence_fail(verdict,
                  "step %d takes %.4g ms on the simulated cluster \"%s\"; with the sums under the "
                  "backward it takes %.4g ms at the most (computing %.4g ms, all sums %.4g ms)",
                  step, 1e3 * measured, run->platform, 1e3 * due->limit, 1e3 * due->computing,
                  1e3 * due->sums);
    verdict->basis = BASIS_AMOUNT;
    if (stood > MOST * (measured - due->limit / ROOM))
        verdict_name_mistake(verdict, &waits_at_once);
}

/* ---- a run ------------------------------------------------------------------------------------------------- */

static void draw(const struct judgement *judgement, const struct outcome *run,
                 const struct due *due, struct verdict *verdict)
{
    g_autofree char *path = verdict_picture_path(judgement, run, "overlap");
    if (!path)
        return;
    g_autoptr(GString) error = g_string_new(NULL);
    struct timeline *timeline = timeline_of_logs(run->log, run->ranks, TIMELINE_LAST_STEP);
    g_autofree char *title = g_strdup_printf("sums under the backward: %d ranks, \"%s\"; computing "
                                             "%.3g ms, all sums %.3g ms, together at most %.3g ms",
                                             run->ranks, run->platform, 1e3 * due->computing,
                                             1e3 * due->sums, 1e3 * due->limit);
    const struct timeline_panel panel = {.timeline = timeline, .label = "your run"};
    if (timeline_picture(&panel, 1, title, path, error))
        verdict_add_picture(verdict, path, title);
    timeline_free(timeline);
}

static void judge_step(const struct judgement *judgement, const struct outcome *run, int step,
                       const struct model *model, const struct platform *platform,
                       const struct overlap_facts *facts, struct verdict *verdict)
{
    struct simulated_step simulated;
    if (!simulated_step(run, step, &simulated)) {
        evidence_fail(verdict, "step %d is not there on each rank", step);
        return;
    }
    g_free(simulated.begin);
    const double measured = 1e-9 * simulated.makespan;
    const struct due due = due_of(run, model, platform, facts);
    if (begins_in_time(run, step, model, facts, verdict) && !(measured <= due.limit))
        fail_for_time(run, step, measured, &due, facts, verdict);
    if (step == run->options.steps - 1 || verdict->kind == VERDICT_FAIL) {
        verdict_explain(
            verdict,
            "\n| step %d, ms | |\n|---|---|\n| computing | %.4g |\n| all sums | %.4g |\n"
            "| the last bucket's sum | %.4g |\n| first bucket complete after | %.4g |\n"
            "| the step may take | %.4g |\n| the step takes | %.4g |\n",
            step, 1e3 * due.computing, 1e3 * due.sums, 1e3 * due.last_sum, 1e3 * due.first,
            1e3 * due.limit, 1e3 * measured);
        draw(judgement, run, &due, verdict);
    }
}

/* Every rank has samples in every step of these runs. */
static bool read_facts(const struct outcome *run, int step, const struct model *model,
                       struct overlap_facts *facts, struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        bool there = overlap_facts_of(&run->log[rank], step, options_micro_batches(&run->options),
                                      model, &facts[rank]);
        for (int layer = 0; there && layer < model->layers; layer++)
            there = !isnan(facts[rank].ready[layer]);
        if (there)
            continue;
        evidence_fail(
            verdict,
            "rank %d, step %d: not every layer's gradient of the last micro-batch was added", rank,
            step);
        return false;
    }
    return true;
}

static void judge_steps(const struct judgement *judgement, const struct outcome *run,
                        const struct model *model, const struct platform *platform,
                        struct verdict *verdict)
{
    g_autofree struct overlap_facts *facts = g_new(struct overlap_facts, run->ranks);
    for (int step = 0; step < run->options.steps && verdict->kind == VERDICT_PASS; step++) {
        memset(facts, 0, sizeof *facts * (gsize)run->ranks);
        if (read_facts(run, step, model, facts, verdict))
            judge_step(judgement, run, step, model, platform, facts, verdict);
        for (int rank = 0; rank < run->ranks; rank++)
            g_free(facts[rank].ready);
    }
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree struct platform *platform =
        run->platform_file ? platform_read(".", run->platform_file, error) : NULL;
    struct model *model = evidence_logs(run, verdict) ? evidence_model(run, verdict) : NULL;
    if (model && (!platform || !platform_knows_collectives(platform, run->ranks)))
        verdict_set(verdict, VERDICT_NOT_JUDGED, "the platform of this run is not known: %s",
                    platform ? run->platform : error->str);
    else if (model)
        judge_steps(judgement, run, model, platform, verdict);
    for (int i = 0; i < run->options.snapshots && verdict->kind == VERDICT_PASS; i++)
        data_copies_are_equal(run, run->options.snapshot[i], verdict);
    model_free(model);
}

void data_judge_overlap(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "sums are under way while the backward goes on, and a step takes no longer than that");
}
