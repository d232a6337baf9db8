/* The time of a way to train, by published formulas; see costs.h. */
#include "assignments/memory/costs/way_seconds.h"

static bool recomputes_layers(const struct way *way)
{
    return way->recompute == RECOMPUTE_LAYERS || way->recompute == RECOMPUTE_SEGMENTS;
}

/* Of a step: forwards of all samples, twice as much backwards, and what is computed again. */
static double flops_of(const struct job *job, const struct way *way)
{
    const double B = job->batch_size, s = job->model.sequence, h = job->model.width;
    const double l = job->model.layers, V = job->model.vocabulary;
    if (recomputes_layers(way))
        return 96 * B * s * l * h * h * (1 + s / (6 * h) + V / (16 * l * h));
    const double again = way->recompute == RECOMPUTE_ATTENTION ? 4 * B * s * s * l * h : 0;
    return 72 * B * s * l * h * h * (1 + s / (6 * h) + V / (12 * l * h)) + again;
}

/* Of ranks that stand beside each other, `ranks` in a group. */
static double bandwidth_of(const struct cluster *cluster, int ranks)
{
    if (cluster->ranks <= cluster->ranks_per_server || cluster->ranks_per_server % ranks == 0)
        return cluster->bandwidth_in_server;
    return cluster->bandwidth_between;
}

static double share_of_all_reduce(int ranks)
{
    return 2.0 * (ranks - 1) / ranks;
}

static double parameters_of(const struct transformer *model)
{
    const double l = model->layers, h = model->width;
    return 12 * l * h * h *
           (1 + 13 / (12 * h) + (model->vocabulary + model->sequence) / (12 * l * h));
}

/* How often each parameter's two bytes go half of an all-reduce's way. */
static double times_of(const struct way *way)
{
    switch (way->zero_stage) {
    case 2:
        return way->micro_batches + 1;
    case 3:
        return 3.0 * way->micro_batches;
    default:
        return 2;
    }
}

void way_seconds_put(const struct job *job, const struct way *way, struct way_costs *costs)
{
    const struct cluster *cluster = &job->cluster;
    const double message = 2.0 * way->micro_batch_samples * job->model.sequence * job->model.width;
    const double m = way->micro_batches;
    costs->computing = flops_of(job, way) / cluster->ranks / cluster->flops;
    costs->layer_sums = m * job->model.layers / way->pipeline * (recomputes_layers(way) ? 6 : 4) *
                        share_of_all_reduce(way->tensor) * message /
                        bandwidth_of(cluster, way->tensor);
    costs->stage_messages =
        way->pipeline == 1
            ? 0
            : 2 * m * message / bandwidth_of(cluster, way->tensor * way->data * way->pipeline);
    costs->bubble =
        (costs->computing + costs->layer_sums + costs->stage_messages) * (way->pipeline - 1) / m;
    costs->gradient_sums = times_of(way) * share_of_all_reduce(way->data) / 2 * 2 *
                           parameters_of(&job->model) / (way->tensor * way->pipeline) /
                           bandwidth_of(cluster, way->tensor * way->data);
    costs->seconds = costs->computing + costs->layer_sums + costs->stage_messages + costs->bubble +
                     costs->gradient_sums;
}
