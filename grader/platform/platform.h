/*
 * The clusters that are described in common/platforms: how fast their processors are, and how long a
 * message takes, or by formula a collective.
 *
 *     platform.c               reading a description
 *     platform_collectives.c   the time of collectives
 *
 * A message between two processors of one cluster takes latency + bytes / bandwidth, in both directions
 * at once. Times are seconds, sizes bytes.
 */
#ifndef GRADER_PLATFORM_PLATFORM_H
#define GRADER_PLATFORM_PLATFORM_H

#include <glib.h>
#include <stdbool.h>

struct platform {
    double speed; /* FLOP/s of the slowest processor */
    int hosts;
    /* Of messages within the first cluster, which has so many processors; together 0: not said. */
    double latency, bandwidth;
    double shared_bandwidth; /* of all messages there together; INFINITY: nothing is shared */
    int together;
    /* Of messages between two of its servers, and of all that leave one; bandwidth 0: not said. */
    double between_latency, between_bandwidth, uplink_bandwidth;
    bool measured; /* messages of some sizes take another time: by make calibrate */
};

/* Reads KIT/common/platforms/NAME.xml, or the file NAME if there is a / in it. NULL and an error
 * if that can't be done; the caller frees with g_free. */
struct platform *platform_read(const char *kit, const char *name, GString *error);

/* ---- platform_collectives.c ------------------------------------------------------------------- */

/* Does the formula of all-reduces hold for these processors: the first, each `stride`-th? Where they are not all in
 * one server, ranks and stride must be powers of two. */
bool platform_knows_all_reduce(const struct platform *platform, int ranks, int stride);
/* As platform_all_reduce_seconds below; all groups of such ranks that there can be in their servers reduce at the
 * same time. */
double platform_spread_all_reduce_seconds(const struct platform *platform, int ranks, int stride,
                                          double bytes);

/* Does the formula of collectives hold for so many ranks, on the first processors? */
bool platform_knows_collectives(const struct platform *platform, int ranks);

/* How long it takes from when all `ranks` have called, each with a vector of so many bytes, until all
 * have the sum: with the algorithms of the simulated cluster (common/mpi/machines). */
double platform_all_reduce_seconds(const struct platform *platform, int ranks, double bytes);
/* … until all have the `bytes` of which each had one part of `ranks`. */
double platform_all_gather_seconds(const struct platform *platform, int ranks, double bytes);
/* … until each has its part, of `ranks`, of the sum of vectors of `bytes`. */
double platform_reduce_scatter_seconds(const struct platform *platform, int ranks, double bytes);

#endif
