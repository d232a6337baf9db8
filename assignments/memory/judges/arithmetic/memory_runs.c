/*
 * What the kit's own accounting says of a way to train: each stage of the pipeline is made and run, on the meta device, with as
 * many micro-batches in flight as its order has, and its optimizer is made; the bytes are those that are live then.
 */
#include "assignments/memory/judges/arithmetic/arithmetic.h"

#include "assignments/memory/run_numbers.h"
#include "common/training/optimizer.h"

#include <math.h>

static double live(enum memory_kind kind)
{
    return (double)memory_live(kind);
}

/* Bytes that a number of forwards leave alive; backwards then take them away. */
static double kept_by(const struct model *model, const struct way *way, int first, int layers,
                      int forwards)
{
    struct stage *stage = run_stage_new(model, first, layers, way);
    const double before = live(MEMORY_ACTIVATION);
    for (int i = 0; i < forwards; i++)
        tensor_free(stage_forward(stage, i, stage_input_new(stage)));
    const double kept = live(MEMORY_ACTIVATION) - before;
    for (int i = 0; i < forwards; i++)
        tensor_free(stage_backward(stage, i, stage_output_new(stage)));
    stage_free(stage);
    return kept;
}

/* What enters a segment, and what its layers keep besides. */
static void segment_bytes(const struct model *model, const struct way *way, int first, int layers,
                          double *input, double *again)
{
    struct stage *stage = run_stage_new(model, first, layers, way);
    const double before = live(MEMORY_ACTIVATION);
    struct tensor *x = stage_input_new(stage);
    *input = live(MEMORY_ACTIVATION) - before;
    tensor_free(stage_forward(stage, 0, tensor_retain(x)));
    *again = live(MEMORY_ACTIVATION) - before - *input;
    tensor_free(x);
    tensor_free(stage_backward(stage, 0, stage_output_new(stage)));
    stage_free(stage);
}

static double with_segments(const struct model *model, const struct way *way, int first, int layers,
                            int forwards)
{
    const int each = way->recompute == RECOMPUTE_LAYERS ? 1 : (int)lround(sqrt(layers));
    double inputs = 0, most = 0;
    for (int begin = first; begin < first + layers; begin += each) {
        double input, again;
        segment_bytes(model, way, begin, MIN(each, first + layers - begin), &input, &again);
        inputs += input;
        most = fmax(most, inputs + again);
    }
    return (forwards - 1) * inputs + most;
}

/* What an optimizer in float32 has, and the parameters that it steps. */
static void put_state(const struct model *model, const struct way *way, int first, int layers,
                      struct rank_memory *memory)
{
    struct way wide = *way;
    wide.format = FORMAT_FLOAT32;
    const struct optimizer_options options =
        optimizer_defaults(way->optimizer == STATE_ADAM ? OPTIMIZER_ADAMW : OPTIMIZER_SGD);
    const double parameters = live(MEMORY_PARAMETER), state = live(MEMORY_OPTIMIZER);
    struct stage *stage = run_stage_new(model, first, layers, &wide);
    struct optimizer *optimizer = optimizer_new(&options, stage);
    memory->optimizer = live(MEMORY_OPTIMIZER) - state;
    memory->masters = way->format == FORMAT_SIXTEEN_BITS ? live(MEMORY_PARAMETER) - parameters : 0;
    optimizer_free(optimizer);
    stage_free(stage);
}

static struct rank_memory run_stage(const struct model *model, const struct way *way, int number,
                                    int first, int layers)
{
    const bool all = way->order == ORDER_ALL_FORWARD_FIRST;
    const int forwards = all ? way->micro_batches : MIN(way->pipeline - number, way->micro_batches);
    struct rank_memory memory = {0};
    /* An arena has one element at the least. */
    if (model_parameter_count(model, first, layers) > 0) {
        const double parameters = live(MEMORY_PARAMETER), gradients = live(MEMORY_GRADIENT);
        struct stage *stage = run_stage_new(model, first, layers, way);
        memory.parameters = live(MEMORY_PARAMETER) - parameters;
        memory.gradients = live(MEMORY_GRADIENT) - gradients;
        stage_free(stage);
        put_state(model, way, first, layers, &memory);
    }
    memory.activations = way->recompute == RECOMPUTE_NOTHING
                             ? kept_by(model, way, first, layers, forwards)
                             : with_segments(model, way, first, layers, forwards);
    return memory;
}

struct rank_memory memory_arithmetic_run(const struct memory_case *one)
{
    struct model *model = memory_run_model(one);
    struct rank_memory most = {0};
    int first = 0;
    for (int stage = 0; stage < one->way.pipeline; stage++) {
        const int layers =
            model->layers / one->way.pipeline + (stage < model->layers % one->way.pipeline ? 1 : 0);
        const struct rank_memory memory = run_stage(model, &one->way, stage, first, layers);
        if (stage == 0 || memory_sum(&memory) > memory_sum(&most))
            most = memory;
        first += layers;
    }
    model_free(model);
    return most;
}
