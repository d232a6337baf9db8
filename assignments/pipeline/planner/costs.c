/*
 * What each stage costs. Nothing is estimated: each stage runs one micro-batch
 * forwards and backwards on the meta device, which charges the FLOPs and
 * accounts the memory that the real one would.
 */
#include "assignments/pipeline/planner/pipeline_plan.h"

#include "common/base/flops.h"
#include "common/base/memory.h"
#include "common/training/optimizer.h"

static double flops_since(uint64_t before)
{
    return (double)(flops_charged() - before);
}

static double held_since(size_t before)
{
    return (double)memory_live(MEMORY_ACTIVATION) - (double)before;
}

/* One micro-batch forwards, up to the moment at which its gradient has come: then, as in the
 * solutions, what was sent is freed. Returns dy. */
static struct tensor *run_forward(struct stage *stage, struct stage_cost *cost)
{
    const size_t before = memory_live(MEMORY_ACTIVATION);
    const uint64_t flops = flops_charged();
    struct tensor *x = stage_input_new(stage);
    cost->input_bytes = (double)tensor_bytes(x);
    struct tensor *y = stage_forward(stage, 0, x);
    cost->forward = flops_since(flops);
    cost->output_bytes = (double)tensor_bytes(y);
    cost->saved_bytes = held_since(before);
    struct tensor *dy = stage_output_new(stage);
    tensor_free(y);
    return dy;
}

/* The most activation bytes since memory_reset_peak(), less what was there before. */
static double peak_over(size_t before)
{
    return (double)memory_peak(MEMORY_ACTIVATION) - (double)before;
}

static void run_halves(struct stage *stage, struct stage_cost *cost)
{
    const size_t before = memory_live(MEMORY_ACTIVATION);
    memory_reset_peak();
    struct tensor *dy = run_forward(stage, cost);
    uint64_t flops = flops_charged();
    tensor_free(stage_backward_input(stage, 0, dy));
    cost->backward_input = flops_since(flops);
    cost->saved_for_weight_bytes = held_since(before);
    flops = flops_charged();
    stage_backward_weight(stage, 0);
    cost->backward_weight = flops_since(flops);
    cost->working_in_halves_bytes = peak_over(before);
}

static void run_whole(struct stage *stage, struct stage_cost *cost)
{
    const size_t before = memory_live(MEMORY_ACTIVATION);
    memory_reset_peak();
    struct tensor *dy = run_forward(stage, cost);
    tensor_free(stage_backward(stage, 0, dy));
    cost->working_bytes = peak_over(before);
}

static void run_optimizer(struct stage *stage, struct stage_cost *cost)
{
    const size_t before = memory_live(MEMORY_OPTIMIZER);
    const struct optimizer_options options = optimizer_defaults(OPTIMIZER_SGD);
    struct optimizer *optimizer = optimizer_new(&options, stage);
    cost->state_bytes = (double)(memory_live(MEMORY_OPTIMIZER) - before);
    const uint64_t flops = flops_charged();
    optimizer_step(optimizer);
    cost->optimizer = flops_since(flops);
    optimizer_free(optimizer);
}

int pipeline_plan_layers(const struct model *model, int stages, int stage)
{
    return model->layers / stages + (stage < model->layers % stages ? 1 : 0);
}

struct stage_cost *pipeline_plan_costs(const struct model *model, int stages, int samples)
{
    struct stage_cost *costs = g_new0(struct stage_cost, (gsize)stages);
    int next = 0;
    for (int s = 0; s < stages; s++) {
        struct stage_cost *cost = &costs[s];
        cost->layers = pipeline_plan_layers(model, stages, s);
        struct stage *stage = stage_new(model, &(struct stage_options){.index = s,
                                                                       .stages = stages,
                                                                       .first_layer = next,
                                                                       .layers = cost->layers,
                                                                       .micro_batch_size = samples,
                                                                       .micro_batches = 1,
                                                                       .device = DEVICE_META});
        cost->parameter_bytes = (double)tensor_bytes(stage_parameters(stage));
        run_halves(stage, cost);
        run_whole(stage, cost);
        run_optimizer(stage, cost);
        stage_free(stage);
        next += cost->layers;
    }
    return costs;
}
