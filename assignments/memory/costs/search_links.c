/* How long sums and messages take between ranks that stand apart; see search.h. */
#include "assignments/memory/costs/search_stage.h"

#include <math.h>

bool search_leaves_server(const struct platform *platform, int ranks, int stride)
{
    const int span = ranks * stride;
    return ranks > 1 && platform->between_bandwidth > 0 &&
           (span > platform->together || platform->together % span != 0);
}

/* Of one link between servers, where all processors of a server send at once. */
static double between(const struct platform *platform)
{
    return fmin(platform->between_bandwidth, platform->uplink_bandwidth / platform->together);
}

/* 2 · (ranks - 1) messages of 1/ranks, as fast as the slowest link of the ring. */
static double ring_seconds(const struct platform *platform, int ranks, bool leaves, double bytes)
{
    const double steps = 2 * (ranks - 1.0);
    const double bandwidth =
        leaves ? between(platform) : fmin(platform->bandwidth, platform->shared_bandwidth / ranks);
    const double latency = leaves ? platform->between_latency : platform->latency;
    return steps * (latency + bytes / ranks / bandwidth);
}

double search_sum_seconds(const struct platform *platform, int ranks, int stride, double bytes)
{
    const bool leaves = search_leaves_server(platform, ranks, stride);
    if (ranks == 1)
        return 0;
    if (!leaves && platform_knows_collectives(platform, ranks))
        return platform_all_reduce_seconds(platform, ranks, bytes);
    /* A group that lies across two servers though it would fit into one has no formula there. */
    if (leaves && (ranks - 1) * stride >= platform->together &&
        platform_knows_all_reduce(platform, ranks, stride))
        return platform_spread_all_reduce_seconds(platform, ranks, stride, bytes);
    return ring_seconds(platform, ranks, leaves, bytes);
}

double search_half_sum_seconds(const struct platform *platform, int ranks, int stride, double bytes)
{
    return search_sum_seconds(platform, ranks, stride, bytes) / 2;
}

double search_message_seconds(const struct platform *platform, int ranks, int stride, double bytes)
{
    if (search_leaves_server(platform, ranks, stride))
        return platform->between_latency + bytes / between(platform);
    return platform->latency + bytes / platform->bandwidth;
}
