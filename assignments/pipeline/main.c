/*
 * The pipeline assignment's program: tells the driver which training steps and
 * probes there are, and calls the student's functions in between.
 */
#include "assignments/pipeline/parts.h"
#include "common/fatal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_baseline(const struct run *run)
{
    return strcmp(run->options->schedule, "baseline") == 0;
}

/* The naive step is the case of one micro-batch, whatever --micro-batches says. */
static int micro_batches(const struct run *run)
{
    return strcmp(run->options->schedule, "naive") == 0 ? 1 : run->options->micro_batches;
}

/* ---- training steps --------------------------------------------------------------------------- */

static void take_afab(struct run *run)
{
    train_step_afab(run->own);
}

static void take_naive(struct run *run)
{
    train_step_naive(run->own);
}

static void take_baseline(struct run *run)
{
    baseline_forward_backward(run->stage, run->batch);
    optimizer_step(run->optimizer);
}

static const struct step steps[] = {
    {.name = "afab", .what = "all forwards, then all backwards", .take = take_afab},
    {.name = "naive",
     .what = "the whole batch through stage after stage",
     .whole_batch = true,
     .take = take_naive},
    {.name = "baseline",
     .what = "the whole model in one process",
     .whole_batch = true,
     .one_process = true,
     .take = take_baseline},
    {.name = NULL},
};

static const struct probe probes[] = {
    {"arguments", "check_arguments with many combinations (1 rank)", probe_arguments},
    {"distribute", "distribute_layers with many sizes (1 rank)", probe_distribute},
    {"communicate", "pipeline_communicate with all four operations", probe_communicate},
    {NULL, NULL, NULL},
};

/* ---- before training -------------------------------------------------------------------------- */

static bool check(struct run *run, char *reason, size_t reason_size)
{
    if (is_baseline(run) && !run->options->compare)
        return true;
    if (is_baseline(run)) {
        snprintf(reason, reason_size, "--compare: --schedule baseline is the baseline itself");
        return false;
    }
    const struct pipeline_arguments arguments = {
        .layers = run->model->layers,
        .stages = run->ranks,
        .batch_size = run->options->batch_size,
        .micro_batches = micro_batches(run),
        .uneven = run->options->uneven,
    };
    if (!check_arguments(&arguments, reason, reason_size))
        return false;
    return corruption_is_possible(run, reason, reason_size);
}

/* "0 2 4 6 8", as far as it fits. */
static const char *numbers_text(const int *number, int count, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used + 1 < size; i++)
        used += (size_t)snprintf(text + used, size - used, i == 0 ? "%d" : " %d", number[i]);
    return text;
}

/* A placement that can't work would show itself much later, and strangely. */
static void check_placement(const int *first_layer, int layers, int stages)
{
    char text[512];
    numbers_text(first_layer, stages + 1, text, sizeof text);
    if (first_layer[0] != 0 || first_layer[stages] != layers)
        fatal("distribute_layers(%d layers, %d stages) filled first_layer with %s: it must begin "
              "with 0 and end with %d",
              layers, stages, text, layers);
    for (int s = 0; s < stages; s++)
        if (first_layer[s + 1] <= first_layer[s])
            fatal("distribute_layers(%d layers, %d stages) filled first_layer with %s: stage %d "
                  "has no layer",
                  layers, stages, text, s);
}

static void place(struct run *run, struct stage_options *stage)
{
    const int layers = run->model->layers;
    if (is_baseline(run)) {
        stage->first_layer = 0;
        stage->layers = layers;
        return;
    }
    double flops[layers];
    int first_layer[run->ranks + 1];
    for (int s = 0; s <= run->ranks; s++)
        first_layer[s] = -1;
    model_layer_flops(run->model, flops);
    distribute_layers(layers, flops, run->ranks, first_layer);
    check_placement(first_layer, layers, run->ranks);
    stage->first_layer = first_layer[run->rank];
    stage->layers = first_layer[run->rank + 1] - first_layer[run->rank];
}

static void begin(struct run *run)
{
    if (is_baseline(run)) {
        batch_open_inputs(run->batch);
        batch_open_labels(run->batch);
        return;
    }
    struct pipeline *pipeline = malloc(sizeof *pipeline);
    if (pipeline == NULL)
        fatal("no memory left for the pipeline");
    *pipeline = (struct pipeline){
        .comm = run->comm,
        .rank = run->rank,
        .ranks = run->ranks,
        .stages = run->ranks,
        .micro_batches = micro_batches(run),
        .stage = run->stage,
        .batch = run->batch,
        .optimizer = run->optimizer,
    };
    run->own = pipeline;
    open_data(pipeline);
}

static void end(struct run *run)
{
    free(run->own);
    run->own = NULL;
}

int main(int argc, char **argv)
{
    static const struct assignment pipeline = {
        .name = "pipeline",
        .steps = steps,
        .probes = probes,
        .check = check,
        .place = place,
        .begin = begin,
        .compare = compare,
        .end = end,
    };
    return driver_main(argc, argv, &pipeline);
}
