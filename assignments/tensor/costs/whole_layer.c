/*
 * What one layer costs as a whole; see rank_costs.h. FLOPs are those of its description; what it keeps
 * is found by running it on the meta device, which accounts memory and has none.
 */
#include "assignments/tensor/costs/rank_costs.h"

#include "common/base/flops.h"
#include "common/base/memory.h"
#include "common/training/optimizer.h"

static double bytes_of(struct shape sample, int samples)
{
    return (double)sizeof(float) * shape_count(sample) * samples;
}

/* Forwards, and looks what is held behind it. */
static void find_kept(struct stage *stage, struct whole_layer *costs)
{
    const size_t before = memory_live(MEMORY_ACTIVATION);
    struct tensor *x = stage_input_new(stage);
    struct tensor *y = stage_forward(stage, 0, tensor_retain(x));
    const double held = (double)memory_live(MEMORY_ACTIVATION) - (double)before;
    costs->kept_bytes = held - (double)tensor_bytes(x) - (x == y ? 0 : (double)tensor_bytes(y));
    costs->keeps_input = tensor_is_shared(x);
    costs->keeps_output = tensor_is_shared(y);
    tensor_free(x);
    tensor_free(y);
    const size_t kept = memory_live(MEMORY_ACTIVATION);
    memory_reset_peak();
    tensor_free(stage_backward_input(stage, 0, stage_output_new(stage)));
    const double moving = (double)memory_peak(MEMORY_ACTIVATION) - (double)kept;
    costs->in_place = moving <= MAX(costs->input_bytes, costs->output_bytes);
    costs->for_weight_bytes = (double)(memory_live(MEMORY_ACTIVATION) - before);
    stage_backward_weight(stage, 0);
}

static void add_optimizer(struct stage *stage, enum optimizer_kind kind, struct whole_layer *costs)
{
    const size_t before = memory_live(MEMORY_OPTIMIZER);
    const struct optimizer_options options = optimizer_defaults(kind);
    struct optimizer *optimizer = optimizer_new(&options, stage);
    costs->state_bytes = (double)(memory_live(MEMORY_OPTIMIZER) - before);
    const uint64_t flops = flops_charged();
    optimizer_step(optimizer);
    costs->optimizer = (double)(flops_charged() - flops);
    optimizer_free(optimizer);
}

static double bias_bytes_of(const struct layer *layer)
{
    const int last = layer->parameters - 1;
    return last > 0 ? (double)sizeof(float) * shape_count(layer->parameter[last].shape) : 0;
}

struct whole_layer whole_layer_costs(const struct layer *layer, int samples,
                                     enum optimizer_kind optimizer)
{
    struct whole_layer costs = {
        .forward = samples * layer->forward_flops,
        .backward_input = samples * layer->backward_input_flops,
        .backward_input_without_dx = samples * layer->backward_input_flops_without_dx,
        .backward_weight = samples * layer->backward_weight_flops,
        .input_bytes = bytes_of(layer->input, samples),
        .output_bytes = bytes_of(layer->output, samples),
        .parameter_bytes = (double)sizeof(float) * (double)layer->parameter_count,
        .bias_bytes = bias_bytes_of(layer),
    };
    if (layer->tied) { /* there is no model here whose first parameter it could work with */
        costs.keeps_input = true;
        costs.for_weight_bytes = costs.input_bytes + costs.output_bytes;
        return costs;
    }
    struct layer own = *layer;
    own.index = 0;
    const struct model alone = {.layers = 1, .layer = &own, .input = layer->input};
    struct stage *stage = stage_new(&alone, &(struct stage_options){.index = 1,
                                                                    .stages = 2,
                                                                    .layers = 1,
                                                                    .micro_batch_size = samples,
                                                                    .micro_batches = 1,
                                                                    .device = DEVICE_META});
    find_kept(stage, &costs);
    if (layer->parameters > 0)
        add_optimizer(stage, optimizer, &costs);
    stage_free(stage);
    return costs;
}
