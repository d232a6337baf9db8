/*
 * How long a step takes on a described cluster; see rank_costs.h.
 *
 * All ranks compute as long, so they begin each round together: a step is what a rank computes, and its
 * rounds one after the other. The all-reduce of a column layer's dx is under way while the gradient of
 * the weight is computed, and costs only what it takes longer. Where tokens are split, so is the
 * reduce-scatter in its place.
 */
#include "assignments/tensor/costs/rank_costs.h"

double rank_round_seconds(const struct rank_round *round, int ranks,
                          const struct platform *platform)
{
    switch (round->kind) {
    case RANK_ALL_GATHER:
        return platform_all_gather_seconds(platform, ranks, round->bytes);
    case RANK_REDUCE_SCATTER:
        return platform_reduce_scatter_seconds(platform, ranks, round->bytes);
    case RANK_ALL_REDUCE:
        break;
    }
    return platform_all_reduce_seconds(platform, ranks, round->bytes);
}

struct rank_seconds rank_seconds_of(const struct rank_costs *costs,
                                    const struct rank_setting *setting,
                                    const struct platform *platform)
{
    const double flops = costs->forward + costs->backward + costs->loss;
    struct rank_seconds seconds = {
        .computing = (setting->micro_batches * flops + costs->optimizer) / platform->speed};
    for (guint i = 0; i < costs->round->len; i++) {
        const struct rank_round *round = &g_array_index(costs->round, struct rank_round, i);
        const double own = rank_round_seconds(round, setting->ranks, platform);
        const int times = round->once ? 1 : setting->micro_batches;
        seconds.messages += times * own;
        seconds.hidden += times * MIN(own, round->beside / platform->speed);
    }
    seconds.step = seconds.computing + seconds.messages - seconds.hidden;
    return seconds;
}
