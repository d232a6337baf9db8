/* Bytes of a way to train, by published formulas; see costs.h. */
#include "assignments/memory/costs/costs.h"

#include "assignments/memory/costs/way_seconds.h"

#include <math.h>

/* ---- state -------------------------------------------------------------------------------------------- */

static double layer_parameters(const struct transformer *model, const struct way *way)
{
    const double h = model->width;
    return (12 * h * h + 7 * h) / way->tensor + 6 * h;
}

static double embedding(const struct transformer *model, const struct way *way)
{
    return (double)model->vocabulary * model->width / way->tensor +
           (double)model->sequence * model->width;
}

static void put_state(const struct transformer *model, const struct way *way,
                      struct rank_memory *memory)
{
    const double largest = layer_parameters(model, way) + embedding(model, way);
    const double all = layer_parameters(model, way) * (model->layers / way->pipeline - 1) + largest;
    const double shared = all / way->data;
    const double gradient = way->gradients_float32 ? 4 : 2;
    memory->parameters = 2 * (way->zero_stage >= 3 ? shared : all);
    memory->gradients = gradient * (way->zero_stage >= 2 ? shared : all);
    memory->optimizer =
        (way->optimizer == STATE_ADAM ? 8 : 4) * (way->zero_stage >= 1 ? shared : all);
    memory->masters = 4 * (way->zero_stage >= 1 ? shared : all);
    memory->layer_gradients = way->zero_stage >= 2 ? gradient * largest : 0;
    memory->layer_parameters = way->zero_stage >= 3 ? 2 * largest : 0;
}

/* ---- activations ---------------------------------------------------------------------------------------- */

/* Segments of `layers` of the stage's, the last one smaller. */
static double of_segments(double layer, double input, double in_flight, int stage_layers,
                          int layers)
{
    const int segments = (stage_layers + layers - 1) / layers;
    const int last = stage_layers - (segments - 1) * layers;
    const double at_last = segments * input + last * layer - input;
    const double before = segments > 1 ? (segments - 1) * input + layers * layer - input : 0;
    return (in_flight - 1) * segments * input + fmax(at_last, before);
}

static double activations(const struct transformer *model, const struct way *way)
{
    const double s = model->sequence, h = model->width, a = model->heads, t = way->tensor;
    const double b = way->micro_batch_samples;
    const double attention = 5 * a * s * s * b / t, rest = s * b * h * (10 + 24 / t);
    const double input = 2 * s * b * h;
    const int layers = model->layers / way->pipeline;
    const bool all = way->order == ORDER_ALL_FORWARD_FIRST || way->micro_batches < way->pipeline;
    const double in_flight = all ? way->micro_batches : way->pipeline;
    switch (way->recompute) {
    case RECOMPUTE_ATTENTION:
        return in_flight * layers * rest + attention;
    case RECOMPUTE_LAYERS:
        return of_segments(rest + attention, input, in_flight, layers, 1);
    case RECOMPUTE_SEGMENTS:
        return of_segments(rest + attention, input, in_flight, layers, (int)lround(sqrt(layers)));
    default:
        return in_flight * layers * (rest + attention);
    }
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

struct way_costs way_costs(const struct job *job, const struct way *way)
{
    struct way_costs costs = {0};
    put_state(&job->model, way, &costs.memory);
    costs.memory.activations = activations(&job->model, way);
    costs.bytes = costs.memory.parameters + costs.memory.gradients + costs.memory.optimizer +
                  costs.memory.masters + costs.memory.layer_parameters +
                  costs.memory.layer_gradients + costs.memory.activations;
    way_seconds_put(job, way, &costs);
    return costs;
}
