/*
 * What one rank needs to train a model in a given way.
 */
#include "assignments/memory/arithmetic.h"

/* BEGIN SOLUTION */
#include <math.h>

enum { FLOAT32 = 4, SIXTEEN_BITS = 2 };

/* A run of layers, as one rank has it: bytes of one micro-batch. */
struct run {
    const struct model_numbers *model;
    const struct way *way;
    int first, layers;
};

static double bytes_of_number(const struct way *way)
{
    return way->format == FORMAT_SIXTEEN_BITS ? SIXTEEN_BITS : FLOAT32;
}

static double bytes_of_gradient(const struct way *way)
{
    return way->gradients_float32 ? FLOAT32 : bytes_of_number(way);
}

static double parameters_of(const struct layer_numbers *layer, const struct way *way)
{
    return layer->split_parameters / way->tensor + layer->whole_parameters;
}

/* ---- parameters, gradients, state -------------------------------------------------------- */

static double shard_of(double count, const struct way *way)
{
    return ceil(count / way->data);
}

/* Adds what the parameters of a run of layers need. */
static void add_state(const struct run *run, struct rank_memory *memory)
{
    const struct way *way = run->way;
    const int stage = way->zero_stage;
    double all = 0, shards = 0, largest = 0;
    for (int i = run->first; i < run->first + run->layers; i++) {
        const double count = parameters_of(&run->model->layer[i], way);
        all += count;
        shards += shard_of(count, way);
        largest = fmax(largest, count);
    }
    const double own = stage == 0 ? all : stage == 1 ? shard_of(all, way) : shards;
    const double of_state = way->optimizer == STATE_ADAM ? 2 : 1;
    memory->parameters = bytes_of_number(way) * (stage == 3 ? own : all);
    memory->gradients = bytes_of_gradient(way) * (stage >= 2 ? own : all);
    memory->optimizer = FLOAT32 * of_state * own;
    memory->masters = way->format == FORMAT_SIXTEEN_BITS ? FLOAT32 * own : 0;
    memory->layer_gradients = stage >= 2 ? bytes_of_gradient(way) * largest : 0;
    memory->layer_parameters = stage == 3 ? bytes_of_number(way) * largest : 0;
}

/* ---- activations ---------------------------------------------------------------------------- */

static double input_of(const struct run *run, int i)
{
    const struct layer_numbers *layer = &run->model->layer[i];
    return run->way->micro_batch_samples * bytes_of_number(run->way) *
           (layer->split_input / run->way->tensor + layer->whole_input);
}

static double attention_of(const struct run *run, int i)
{
    const struct layer_numbers *layer = &run->model->layer[i];
    return run->way->micro_batch_samples *
           (bytes_of_number(run->way) * layer->attention_kept + layer->attention_bytes_kept) /
           run->way->tensor;
}

/* Besides its input. */
static double kept_of(const struct run *run, int i)
{
    const struct layer_numbers *layer = &run->model->layer[i];
    const struct way *way = run->way;
    return way->micro_batch_samples *
           (bytes_of_number(way) * (layer->split_kept / way->tensor + layer->whole_kept) +
            layer->split_bytes_kept / way->tensor + layer->whole_bytes_kept);
}

/* With its input, unless the layer before has that as its output, and keeps it; `begin` is the first one that is there. */
static double kept_with_input(const struct run *run, int begin, int i)
{
    const struct layer_numbers *layer = run->model->layer;
    const bool there = i > begin && layer[i - 1].keeps_output;
    return kept_of(run, i) + (layer[i].keeps_input && !there ? input_of(run, i) : 0);
}

/* With or without selective recomputation: what is kept of all layers, and one layer's probabilities. */
static double of_layers(const struct run *run, int in_flight)
{
    const bool selective = run->way->recompute == RECOMPUTE_ATTENTION;
    double kept = 0, most = 0;
    for (int i = run->first; i < run->first + run->layers; i++) {
        const double again = selective ? attention_of(run, i) : 0;
        kept += kept_with_input(run, run->first, i) - again;
        most = fmax(most, kept + again);
    }
    return (in_flight - 1) * kept + fmax(kept, most);
}

static double of_segments(const struct run *run, int in_flight, int layers)
{
    double inputs = 0, most = 0;
    for (int begin = run->first; begin < run->first + run->layers; begin += layers) {
        double kept = kept_of(run, begin);
        for (int i = begin + 1; i < begin + layers && i < run->first + run->layers; i++)
            kept += kept_with_input(run, begin, i);
        inputs += input_of(run, begin);
        most = fmax(most, inputs + kept);
    }
    return (in_flight - 1) * inputs + most;
}

static double activations_of(const struct run *run, int stage)
{
    const struct way *way = run->way;
    const int waiting = way->pipeline - stage;
    const bool all = way->order == ORDER_ALL_FORWARD_FIRST || waiting > way->micro_batches;
    const int in_flight = all ? way->micro_batches : waiting;
    if (way->recompute == RECOMPUTE_LAYERS)
        return of_segments(run, in_flight, 1);
    if (way->recompute == RECOMPUTE_SEGMENTS)
        return of_segments(run, in_flight, (int)lround(sqrt(run->layers)));
    return of_layers(run, in_flight);
}

/* ---- all of it --------------------------------------------------------------------------------- */

static double sum_of(const struct rank_memory *memory)
{
    return memory->parameters + memory->gradients + memory->optimizer + memory->masters +
           memory->layer_parameters + memory->layer_gradients + memory->activations;
}

/* END SOLUTION */
struct rank_memory memory_per_rank(const struct model_numbers *model, const struct way *way)
{
    /* BEGIN SOLUTION */
    struct rank_memory most = {0};
    const int each = model->layers / way->pipeline, more = model->layers % way->pipeline;
    struct run run = {model, way, 0, 0};
    for (int stage = 0; stage < way->pipeline; stage++) {
        struct rank_memory memory = {0};
        run.layers = each + (stage < more ? 1 : 0);
        add_state(&run, &memory);
        memory.activations = activations_of(&run, stage);
        if (stage == 0 || sum_of(&memory) > sum_of(&most))
            most = memory;
        run.first += run.layers;
    }
    return most;
    /* END SOLUTION */
    //| /* TODO: how many bytes of each kind the rank holds that needs most.
    //|  *
    //|  * Go through the stages of the pipeline. For each, work out what one of its ranks holds of
    //|  * parameters, gradients, optimizer's state and masters (ZeRO shares them out among way->data
    //|  * ranks), then what its layers keep of the micro-batches in flight (recomputation keeps less).
    //|  * Return the stage with the largest sum. arithmetic.h says what counts, to the byte.
    //|  *
    //|  * Given: the sizes of each layer, in struct layer_numbers: counts of numbers, and bytes that
    //|  * no format changes.
    //|  * Hint: work out 16 bytes a parameter by hand first (2 + 2 + 4 + 4 + 4), then share them out.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=memory_state, then memory_activations and
    //|  * memory_of_runs
    //|  */
    //| todo("work out the bytes of a rank", model, way);
}
