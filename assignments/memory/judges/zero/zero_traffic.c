/*
 * Messages by formula. In units of (N - 1) · Ψ numbers: ZeRO 0 an all-reduce, 2; ZeRO 1 a reduce-scatter and an all-gather; ZeRO 2
 * a reduce-scatter for each micro-batch and an all-gather, or, where gradients add up first, as ZeRO 1; ZeRO 3 for each
 * micro-batch a gather forwards, one backwards, another where the forward is repeated, and a reduce-scatter.
 */
#include "assignments/memory/judges/zero/zero_costs.h"

#include "assignments/memory/options.h"
#include "grader/evidence/traffic.h"

#include <math.h>

/* Norms, flags, and other single numbers of each rank, in a step. */
#define SMALL_CHANGE 256

static double layers_shards(const struct model *model, int ranks, double *most, double *two)
{
    double sum = 0, second = 0;
    *most = 0;
    for (int layer = 0; layer < model->layers; layer++) {
        const double count = (double)model->layer[layer].parameter_count;
        if (count == 0)
            continue;
        sum += ceil(count / ranks);
        second = fmax(second, fmin(*most, count));
        *most = fmax(*most, count);
    }
    *two = *most + second;
    return sum;
}

struct zero_sizes memory_zero_sizes(const struct outcome *run, const struct model *model)
{
    const struct memory_options own = memory_options(&run->options);
    struct zero_sizes sizes = {.ranks = run->ranks,
                               .zero_stage = own.zero,
                               .micro_batches = options_micro_batches(&run->options) / run->ranks,
                               .model = model,
                               .prefetches = own.prefetches,
                               .recomputes = own.recompute == RECOMPUTE_WAY_LAYERS ||
                                             own.recompute == RECOMPUTE_WAY_SEGMENTS,
                               .parameter_bytes = (double)dtype_bytes(own.precision),
                               .states = (run->options.optimizer.kind == OPTIMIZER_ADAMW ? 2 : 1) +
                                         (own.precision != DTYPE_FLOAT32)};
    const double shards = layers_shards(model, run->ranks, &sizes.layers[0], &sizes.layers[1]);
    for (int layer = 0; layer < model->layers; layer++)
        sizes.all += (double)model->layer[layer].parameter_count;
    sizes.shard = own.zero == 0 ? sizes.all : own.zero == 1 ? ceil(sizes.all / run->ranks) : shards;
    sizes.padded = own.zero == 0 ? sizes.all : sizes.shard * run->ranks;
    return sizes;
}

static bool reduces(enum log_operation operation)
{
    return operation == LOG_REDUCE || operation == LOG_REDUCE_SCATTER ||
           operation == LOG_REDUCE_SCATTER_BLOCK || operation == LOG_ALLREDUCE;
}

static double limit_of(const struct zero_sizes *sizes)
{
    const double m = sizes->micro_batches, gathers = sizes->recomputes ? 3 : 2;
    switch (sizes->zero_stage) {
    case 0:
        return 1; /* an all-reduce counts as the reduce-scatter in it */
    case 1:
        return 2;
    case 2:
        return m + 1;
    default:
        return gathers * m + m;
    }
}

/* Bytes, of gradients where they have another dtype, count as numbers of the parameters'. */
struct zero_traffic memory_zero_traffic(const struct outcome *run, const struct zero_sizes *sizes,
                                        double gradient_bytes)
{
    struct zero_traffic result = {.limit = limit_of(sizes), .step = -1};
    struct traffic *traffic = traffic_new(run->log, run->ranks);
    const int steps = run->options.steps;
    const double unit = (sizes->ranks - 1) * sizes->all;
    g_autofree struct zero_traffic *of = g_new0(struct zero_traffic, steps + 1);
    for (guint i = 0; i < traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        if (entry->step < 0 || entry->step >= steps || unit <= 0)
            continue;
        struct zero_traffic *step = &of[entry->step];
        const double bytes = reduces(entry->operation) ? gradient_bytes : sizes->parameter_bytes;
        const double volume = entry->volume / bytes / unit;
        const double counts = entry->operation == LOG_ALLREDUCE ? volume / 2 : volume;
        step->found += counts;
        step->gradients += reduces(entry->operation) ? counts : 0;
        step->allreduced += volume - counts;
    }
    traffic_free(traffic);
    for (int step = 0; step < steps; step++)
        if (result.step < 0 || of[step].found > result.found) {
            result.found = of[step].found;
            result.gradients = of[step].gradients;
            result.allreduced = of[step].allreduced;
            result.step = step;
        }
    return result;
}

static const struct mistake in_each_micro_batch = {
    "gradients are sent in every micro-batch",
    "ZeRO 1 adds up a step's micro-batches on each rank, and then once over the ranks: that is 2 Ψ "
    "in all.",
    "where reduce_scatter_gradients is called: behind the loop over the micro-batches"};
static const struct mistake whole_for_each_layer = {
    "more is gathered than the layer at work",
    "Each layer's parameters are needed once forwards and once backwards, of each micro-batch.",
    "which unit is gathered at which layer, and how often"};

static double room_of(const struct zero_sizes *sizes)
{
    const double unit = (sizes->ranks - 1) * sizes->all * sizes->parameter_bytes;
    return sizes->padded / sizes->all + SMALL_CHANGE * sizes->ranks / unit;
}

bool memory_zero_traffic_is_right(const struct outcome *run, const struct zero_sizes *sizes,
                                  double gradient_bytes, struct verdict *verdict)
{
    const struct zero_traffic traffic = memory_zero_traffic(run, sizes, gradient_bytes);
    if (sizes->ranks == 1)
        return true;
    verdict_explain(verdict,
                    "\nMessages of a step, %d ranks, Ψ = %.0f numbers, each rank %d micro-batches: "
                    "%.4g Ψ · (N-1)/N a rank; by "
                    "formula %.4g.\n",
                    sizes->ranks, sizes->all, sizes->micro_batches, traffic.found, traffic.limit);
    if (traffic.allreduced > 0.1)
        verdict_explain(verdict,
                        "\nBesides, all-reduces brought each rank what it does not need: %.3g Ψ · "
                        "(N-1)/N more. A "
                        "reduce-scatter would do; this costs no points.\n",
                        traffic.allreduced);
    if (traffic.found <= traffic.limit * room_of(sizes))
        return true;
    evidence_fail(verdict,
                  "step %d: messages of %.4g times Ψ · (N-1)/N numbers for each rank, and with "
                  "--zero %d and %d "
                  "micro-batches a rank %.4g are needed",
                  traffic.step, traffic.found, sizes->zero_stage, sizes->micro_batches,
                  traffic.limit);
    verdict->basis = BASIS_AMOUNT;
    if (sizes->zero_stage == 1 && traffic.gradients > 1.5)
        verdict_name_mistake(verdict, &in_each_micro_batch);
    else if (sizes->zero_stage == 3 &&
             traffic.found - traffic.gradients > 2.2 * sizes->micro_batches)
        verdict_name_mistake(verdict, &whole_for_each_layer);
    return false;
}
