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
    return run->step->one_process;
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

static void take_1f1b(struct run *run)
{
    train_step_1f1b(run->own);
}

static void take_bounded(struct run *run)
{
    train_step_bounded(run->own);
}

static void take_interleaved(struct run *run)
{
    train_step_interleaved(run->own, run->chunks);
}

static void take_zero_bubble(struct run *run)
{
    train_step_zero_bubble(run->own);
}

static void take_pipedream(struct run *run)
{
    train_step_pipedream(run->own);
}

static void take_baseline(struct run *run)
{
    baseline_forward_backward(run->chunk[0].stage, run->batch);
    optimizer_step(run->chunk[0].optimizer);
}

static const struct step steps[] = {
    {.name = "afab", .what = "all forwards, then all backwards", .take = take_afab},
    {.name = "naive",
     .what = "the whole batch through stage after stage",
     .whole_batch = true,
     .take = take_naive},
    {.name = "1f1b", .what = "one forward, one backward", .take = take_1f1b},
    {.name = "bounded",
     .what = "any order with at most as many micro-batches in flight as ranks",
     .take = take_bounded},
    {.name = "interleaved",
     .what = "1F1B with several stages (--chunks) per rank",
     .chunked = true,
     .take = take_interleaved},
    {.name = "zero-bubble",
     .what = "1F1B with the backward in two halves (ZB-H1)",
     .take = take_zero_bubble},
    {.name = "pipedream",
     .what = "1F1B with an optimizer step behind every backward (asynchronous)",
     .asynchronous = true,
     .take = take_pipedream},
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

/* What a schedule can't do, whatever the student's check_arguments says. */
static bool schedule_is_possible(const struct run *run, char *reason, size_t reason_size)
{
    const struct step *step = run->step;
    const bool compare = run->options->compare;
    if (step->one_process && compare)
        snprintf(reason, reason_size, "--compare: --schedule baseline is the baseline itself");
    else if (step->asynchronous && compare)
        snprintf(reason, reason_size,
                 "--compare: --schedule %s steps after every micro-batch, so that its gradients "
                 "are not the baseline's; compare another schedule",
                 step->name);
    else if (step->chunked && compare)
        snprintf(reason, reason_size,
                 "--compare: --schedule %s has several stages per rank; compare another schedule",
                 step->name);
    else if (step->chunked && run->micro_batches % run->ranks != 0)
        snprintf(reason, reason_size,
                 "--schedule %s: %d micro-batches are not a multiple of %d ranks, in groups of "
                 "which they go through the chunks: use --micro-batches %d or another multiple",
                 step->name, run->micro_batches, run->ranks,
                 (run->micro_batches / run->ranks + 1) * run->ranks);
    else
        return true;
    return false;
}

static bool check(struct run *run, char *reason, size_t reason_size)
{
    if (!schedule_is_possible(run, reason, reason_size))
        return false;
    if (is_baseline(run))
        return true;
    const struct pipeline_arguments arguments = {
        .layers = run->model->layers,
        .stages = run->chunks * run->ranks,
        .batch_size = run->options->batch_size,
        .micro_batches = run->micro_batches,
        .uneven = run->options->uneven,
    };
    return check_arguments(&arguments, reason, reason_size) &&
           corruption_is_possible(run, reason, reason_size);
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
    const int layers = run->model->layers, stages = stage->stages;
    if (is_baseline(run)) {
        stage->first_layer = 0;
        stage->layers = layers;
        return;
    }
    double flops[layers];
    int first_layer[stages + 1];
    for (int s = 0; s <= stages; s++)
        first_layer[s] = -1;
    model_layer_flops(run->model, flops);
    distribute_layers(layers, flops, stages, first_layer);
    check_placement(first_layer, layers, stages);
    stage->first_layer = first_layer[stage->index];
    stage->layers = first_layer[stage->index + 1] - first_layer[stage->index];
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        fatal("no memory left for the pipeline");
    return memory;
}

static struct sent_message *messages_new(int count)
{
    struct sent_message *message = allocate((size_t)count, sizeof *message);
    for (int i = 0; i < count; i++)
        message[i].request = MPI_REQUEST_NULL;
    return message;
}

/* The pipelines of this rank's chunks lie one behind the other. */
static void begin(struct run *run)
{
    if (is_baseline(run)) {
        batch_open_inputs(run->batch);
        batch_open_labels(run->batch);
        return;
    }
    struct pipeline *pipeline = allocate((size_t)run->chunks, sizeof *pipeline);
    for (int c = 0; c < run->chunks; c++)
        pipeline[c] = (struct pipeline){
            .comm = run->comm,
            .rank = run->rank,
            .ranks = run->ranks,
            .stages = run->chunks * run->ranks,
            .stage_index = c * run->ranks + run->rank,
            .micro_batches = run->micro_batches,
            .stage = run->chunk[c].stage,
            .batch = run->batch,
            .optimizer = run->chunk[c].optimizer,
            .outputs_sent = messages_new(run->micro_batches),
            .gradients_sent = messages_new(run->micro_batches),
        };
    run->own = pipeline;
    /* Who needs which data is the same with several chunks: the first stage is on the first
     * rank, the last on the last. */
    struct pipeline whole = pipeline[0];
    whole.stages = run->ranks;
    open_data(&whole);
}

static void end(struct run *run)
{
    struct pipeline *pipeline = run->own;
    for (int c = 0; pipeline != NULL && c < run->chunks; c++) {
        free(pipeline[c].outputs_sent);
        free(pipeline[c].gradients_sent);
    }
    free(pipeline);
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
