/*
 * The pipeline assignment's program: tells the driver which training steps and
 * probes there are, and calls the student's functions in between.
 */
#include "assignments/pipeline/options.h"
#include "assignments/pipeline/pipelines.h"
#include "assignments/pipeline/program/parts.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- training steps --------------------------------------------------------------------------- */

static void take(struct run *run)
{
    pipelines_take(schedule_id(pipeline_run_schedule(run)), run->own, pipeline_run_chunks(run));
}

static void take_baseline(struct run *run)
{
    baseline_forward_backward(run->trained[0].stage, run->batch);
    optimizer_step(run->trained[0].optimizer);
}

/* The schedules as the driver wants them; ends with a NULL name. */
static const struct step *steps(void)
{
    static struct step steps[SCHEDULES + 1];
    for (int id = 0; id < SCHEDULES; id++)
        steps[id] = (struct step){schedule_table[id].name, schedule_table[id].what,
                                  schedule_table[id].one_process ? take_baseline : take};
    return steps;
}

static const struct probe probes[] = {
    {"arguments", "check_arguments with many combinations (1 rank)", probe_arguments},
    {"distribute", "distribute_layers with many sizes (1 rank)", probe_distribute},
    {"communicate", "pipeline_communicate with all four operations", probe_communicate},
    {NULL, NULL, NULL},
};

/* ---- before training -------------------------------------------------------------------------- */

/* Whatever runs: --chunks is for a schedule that has them, and one process is one process. */
static bool fits(const struct run *run, char *reason, size_t reason_size)
{
    const struct options *options = run->options;
    const struct schedule_facts *own = pipeline_schedule(options);
    const struct schedule_facts *other = schedule_named(options->against);
    const bool trains = options->probe[0] == '\0';
    if (trains && own->one_process && run->ranks > 1)
        snprintf(reason, reason_size,
                 "--schedule %s runs in one process, not in %d: start it with one rank", own->name,
                 run->ranks);
    else if (trains && other != NULL && other->one_process && run->ranks > 1)
        snprintf(reason, reason_size,
                 "--against %s runs in one process, not in %d: start it with one rank", other->name,
                 run->ranks);
    else if (pipeline_options(options).chunks > 1 && !own->chunked &&
             !(other != NULL && other->chunked))
        snprintf(reason, reason_size, "--chunks %d: --schedule %s has one stage per rank",
                 pipeline_options(options).chunks, own->name);
    else
        return true;
    return false;
}

/* Micro-batches that go through chunks on this number of ranks, as near as can be to those that were
 * wanted, and that divide the batch; another batch only where no such number divides this one. */
static const char *propose_micro_batches(const struct run *run, char *text, size_t size)
{
    const int batch = run->options->batch_size, ranks = run->ranks, wanted = run->micro_batches;
    const int most = batch < ranks ? ranks : batch - batch % ranks;
    int best = 0;
    for (int m = ranks; m <= batch - batch % ranks; m += ranks)
        if (batch % m == 0 && (best == 0 || abs(m - wanted) < abs(best - wanted)))
            best = m;
    if (best > 0) {
        snprintf(text, size, "--micro-batches %d", best);
        return text;
    }
    const int above = wanted < most ? wanted + (ranks - wanted % ranks) % ranks : most;
    snprintf(text, size, "--batch %d --micro-batches %d",
             batch < above ? above : batch - batch % above, above);
    return text;
}

/* What a schedule can't do, whatever the student's check_arguments says. */
static bool schedule_is_possible(const struct run *run, char *reason, size_t reason_size)
{
    const struct schedule_facts *schedule = pipeline_run_schedule(run);
    const bool compare = run->options->compare;
    char proposal[64];
    if (schedule->one_process && compare)
        snprintf(reason, reason_size, "--compare: --schedule baseline is the baseline itself");
    else if (schedule->asynchronous && compare)
        snprintf(reason, reason_size,
                 "--compare: --schedule %s steps after every micro-batch, so that its gradients "
                 "are not the baseline's; compare another schedule",
                 schedule->name);
    else if (schedule->chunked && compare)
        snprintf(reason, reason_size,
                 "--compare: --schedule %s has several stages per rank; compare another schedule",
                 schedule->name);
    else if (schedule->chunked && run->micro_batches % run->ranks != 0)
        snprintf(reason, reason_size,
                 "--schedule %s: %d micro-batches are not a multiple of %d ranks, in groups of "
                 "which they go through the chunks: use %s",
                 schedule->name, run->micro_batches, run->ranks,
                 propose_micro_batches(run, proposal, sizeof proposal));
    else
        return true;
    return false;
}

/* Two stages that work with one weight would have to add up its gradients, and no schedule does. */
static bool weights_are_apart(const struct run *run, char *reason, size_t reason_size)
{
    const int stages = pipeline_run_chunks(run) * run->ranks;
    if (stages == 1 || !model_is_tied(run->model) || run->sums_tied_gradients)
        return true;
    snprintf(
        reason, reason_size,
        "--model %s: its head works with the weight of its embedding, and they would be on two "
        "of %d stages, whose gradients for it nobody adds up: use one rank, or tied=0",
        run->model->name, stages);
    return false;
}

static bool check(struct run *run, char *reason, size_t reason_size)
{
    if (!schedule_is_possible(run, reason, reason_size))
        return false;
    if (pipeline_run_schedule(run)->one_process)
        return true;
    if (!weights_are_apart(run, reason, reason_size))
        return false;
    const struct pipeline_arguments arguments = {
        .layers = run->model->layers,
        .stages = pipeline_run_chunks(run) * run->ranks,
        .batch_size = run->options->batch_size,
        .micro_batches = run->micro_batches,
        .uneven = pipeline_options(run->options).uneven,
    };
    return check_arguments(&arguments, reason, reason_size) &&
           pipeline_corruption_is_possible(run, reason, reason_size);
}

/* ---- the program ------------------------------------------------------------------------------ */

int main(int argc, char **argv)
{
    const struct program pipeline = {
        .name = "pipeline",
        .options = &pipeline_own_options,
        .steps = steps(),
        .probes = probes,
        .fits = fits,
        .check = check,
        .build = pipeline_build,
        .begin = pipeline_begin,
        .compare = pipeline_compare,
        .end = pipeline_end,
    };
    return driver_main(argc, argv, &pipeline);
}
