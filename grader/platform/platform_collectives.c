/*
 * The time of collectives on a described cluster, by formula.
 *
 * The algorithms are the simulated cluster's (common/mpi/machines/reduction.c, spread.c and
 * reduce_scatter.c, after Thakur, Rabenseifner and Gropp 2005). In each of their steps every rank sends
 * one message and gets one, so a step takes latency + bytes / bandwidth:
 *
 *     all-reduce      short, t a power of two   log2 t steps with everything
 *                     long                      2 · log2 t steps, 2 · (t-1)/t of the bytes: halving, doubling
 *                     long, any other t         t-1 steps with 1/t each, a ring, and then an all-gather
 *     all-gather      t a power of two, or      log2 t steps, rounded up, (t-1)/t of the bytes
 *                     not long
 *                     long, any other t         t-1 steps with 1/t each: a ring
 *     reduce-scatter  t a power of two          log2 t steps, (t-1)/t of the bytes
 *
 * What ranks add up in their own memory takes no time there.
 */
#include "grader/platform/platform.h"

#include <math.h>

/* As in the simulated cluster's algorithms. */
enum {
    LONG_REDUCTION = 16 << 10,
    LONG_SCATTER = 64 << 10,
    LONG_SPREAD = 512 << 10,
    LONGEST_RING = 128
};

bool platform_knows_collectives(const struct platform *platform, int ranks)
{
    return ranks == 1 || (ranks <= platform->together && !platform->measured);
}

/* So many steps, in which every rank sends `bytes` altogether. */
static double seconds_of(const struct platform *platform, int ranks, double steps, double bytes)
{
    const double bandwidth = fmin(platform->bandwidth, platform->shared_bandwidth / ranks);
    return steps * platform->latency + bytes / bandwidth;
}

static bool is_power_of_two(int number)
{
    return (number & (number - 1)) == 0;
}

/* Of the largest power of two that is not above `ranks`. */
static int logarithm(int ranks)
{
    int steps = 0;
    while (2 << steps <= ranks)
        steps++;
    return steps;
}

static double share_of_others(int ranks)
{
    return (ranks - 1.0) / ranks;
}

double platform_all_reduce_seconds(const struct platform *platform, int ranks, double bytes)
{
    const bool is_long = bytes >= LONG_REDUCTION;
    if (ranks == 1)
        return 0;
    if (is_long && !is_power_of_two(ranks) && ranks <= LONGEST_RING)
        return seconds_of(platform, ranks, ranks - 1.0, share_of_others(ranks) * bytes) +
               platform_all_gather_seconds(platform, ranks, bytes);
    /* Those beyond the power of two give theirs to a neighbour, and get the result from it. */
    const double beyond = is_power_of_two(ranks) ? 0 : 2;
    const int steps = logarithm(ranks);
    const double moved = is_long ? 2 * share_of_others(1 << steps) : steps;
    return seconds_of(platform, ranks, (is_long ? 2 : 1) * steps + beyond,
                      (moved + beyond) * bytes);
}

double platform_all_gather_seconds(const struct platform *platform, int ranks, double bytes)
{
    const bool in_few_steps = is_power_of_two(ranks) || bytes < LONG_SPREAD || ranks > LONGEST_RING;
    const double steps =
        !in_few_steps ? ranks - 1 : logarithm(ranks) + (is_power_of_two(ranks) ? 0 : 1);
    return ranks == 1 ? 0 : seconds_of(platform, ranks, steps, share_of_others(ranks) * bytes);
}

double platform_reduce_scatter_seconds(const struct platform *platform, int ranks, double bytes)
{
    if (ranks == 1)
        return 0;
    if (is_power_of_two(ranks))
        return seconds_of(platform, ranks, logarithm(ranks), share_of_others(ranks) * bytes);
    if (bytes >= LONG_SCATTER && ranks <= LONGEST_RING)
        return seconds_of(platform, ranks, ranks - 1.0, share_of_others(ranks) * bytes);
    /* To rank 0, up a tree, and from there to each its part. */
    const int steps = logarithm(ranks) + 1;
    return seconds_of(platform, ranks, steps + 1.0, (steps + share_of_others(ranks)) * bytes);
}

/* ---- among several servers --------------------------------------------------------------------------- */

bool platform_knows_all_reduce(const struct platform *platform, int ranks, int stride)
{
    if (ranks == 1 || (ranks - 1) * stride < platform->together)
        return platform_knows_collectives(platform, ranks);
    return !platform->measured && platform->between_bandwidth > 0 && is_power_of_two(ranks) &&
           is_power_of_two(stride) && is_power_of_two(platform->together) &&
           ranks * stride <= platform->hosts;
}

double platform_spread_all_reduce_seconds(const struct platform *platform, int ranks, int stride,
                                          double bytes)
{
    if (ranks == 1 || (ranks - 1) * stride < platform->together)
        return platform_all_reduce_seconds(platform, ranks, bytes);
    /* All processors of a server send at once. */
    const double outside =
        fmin(platform->between_bandwidth, platform->uplink_bandwidth / platform->together);
    const bool is_long = bytes >= LONG_REDUCTION;
    double seconds = 0;
    for (int distance = 1; distance < ranks; distance *= 2) {
        const bool is_inside = distance * stride < platform->together;
        const double moved = is_long ? bytes / (2.0 * distance) : bytes;
        const double step = (is_inside ? platform->latency : platform->between_latency) +
                            moved / (is_inside ? platform->bandwidth : outside);
        seconds += (is_long ? 2 : 1) * step;
    }
    return seconds;
}
