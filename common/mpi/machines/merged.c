/* Steps of a collective in few messages; see merged.h. */
#include "common/mpi/machines/merged.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/base/machines/simulated.h"

#include <math.h>
#include <simgrid/actor.h>
#include <simgrid/barrier.h>
#include <simgrid/host.h>
#include <stdlib.h>

#define BUCKETS (1 << 12)

/* Smaller runs are quick enough step by step. */
static const int fewest_ranks = 256;

/* One kind of way through the network. */
struct way {
    double latency, bandwidth;
};

/* What all members of a communicator know of it. */
struct group {
    struct group *next;
    uint64_t context;
    int size;
    sg_host_t *host; /* of each rank */
    struct way *
        way; /* the slowest of all ranks' to the one `distance` away: by its logarithm; first is NULL */
    struct call *calls;
};

/* One call, until all have left it. */
struct call {
    struct call *next;
    uint64_t sequence;
    int left;
    sg_bar_t barrier;
};

bool merged_is_for(const struct collective *call, struct block block)
{
    return call->size > 1 && call->ranks_of_run >= fewest_ranks && machine_is_folded(block.data);
}

void merged_add(struct merged_steps *steps, struct merged_step step)
{
    if (steps->count == (int)(sizeof steps->step / sizeof steps->step[0]))
        fatal("a collective has more than %d steps", steps->count);
    steps->step[steps->count++] = step;
}

/* ---- what all ranks share ------------------------------------------------------------------- */

static void *memory_for(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL)
        fatal("no memory for the collectives of a communicator");
    return memory;
}

static struct group *group_of(const struct collective *call)
{
    static struct group **bucket;
    if (bucket == NULL)
        bucket = simulated_shared_memory(SIMULATED_MERGED, BUCKETS * sizeof *bucket);
    struct group **place = &bucket[(call->line.context * 0x9e3779b97f4a7c15u) >> 52];
    for (struct group *group = *place; group != NULL; group = group->next)
        if (group->context == call->line.context)
            return group;
    struct group *new = memory_for(sizeof *new);
    *new = (struct group){.next = *place,
                          .context = call->line.context,
                          .size = call->size,
                          .host = memory_for((size_t)call->size * sizeof(sg_host_t))};
    *place = new;
    return new;
}

static struct call *call_of(struct group *group, const struct collective *collective)
{
    for (struct call *call = group->calls; call != NULL; call = call->next)
        if (call->sequence == collective->line.sequence)
            return call;
    struct call *new = memory_for(sizeof *new);
    *new = (struct call){.next = group->calls,
                         .sequence = collective->line.sequence,
                         .barrier = sg_barrier_init((unsigned)collective->size)};
    group->calls = new;
    return new;
}

static void leave(struct group *group, struct call *left)
{
    if (++left->left < group->size)
        return;
    struct call **place = &group->calls;
    while (*place != left)
        place = &(*place)->next;
    *place = left->next;
    sg_barrier_destroy(left->barrier);
    free(left);
}

/* ---- ways through the network --------------------------------------------------------------- */

static int partner_of(int rank, int distance, bool is_ring, int size)
{
    return is_ring ? (rank + distance) % size : rank ^ distance;
}

static int logarithm(int number)
{
    int result = 0;
    while (number >> (result + 1) > 0)
        result++;
    return result;
}

static struct way slowest_way(const struct group *group, int distance, bool is_ring)
{
    struct way slowest = {0, INFINITY};
    for (int rank = 0; rank < group->size; rank++) {
        const sg_host_t from = group->host[rank],
                        to = group->host[partner_of(rank, distance, is_ring, group->size)];
        slowest.latency = fmax(slowest.latency, sg_host_get_route_latency(from, to));
        slowest.bandwidth = fmin(slowest.bandwidth, sg_host_get_route_bandwidth(from, to));
    }
    return slowest;
}

static const struct way *ways_of(struct group *group, bool is_ring)
{
    if (group->way != NULL)
        return group->way;
    const int count = logarithm(group->size - 1) + 1;
    group->way = memory_for((size_t)count * sizeof *group->way);
    for (int i = 0; i < (is_ring ? 1 : count); i++)
        group->way[i] = slowest_way(group, 1 << i, is_ring);
    return group->way;
}

static bool is_same(struct way one, struct way other)
{
    return one.latency == other.latency && one.bandwidth == other.bandwidth;
}

/* ---- the call ------------------------------------------------------------------------------- */

/* All steps that take the way of step `first`, which is the first of them; returns their latencies but one. */
static double send_merged(const struct collective *call, struct group *group,
                          const struct merged_steps *steps, int first)
{
    const struct way *ways = ways_of(group, steps->is_ring);
    const int distance = steps->step[first].distance;
    const struct way way = ways[logarithm(distance)];
    double bytes = 0;
    int merged = 0;
    for (int i = 0; i < steps->count; i++) {
        if (!is_same(ways[logarithm(steps->step[i].distance)], way))
            continue;
        if (i < first)
            return 0; /* is done already */
        bytes += steps->step[i].count * steps->step[i].bytes;
        merged += steps->step[i].count;
    }
    const int partner = partner_of(call->rank, distance, steps->is_ring, call->size);
    sg_host_sendto(group->host[call->rank], group->host[partner], bytes);
    return (merged - 1) * way.latency;
}

void merged_carry_out(struct collective *collective, const struct merged_steps *steps)
{
    struct group *group = group_of(collective);
    struct call *call = call_of(group, collective);
    double latencies = 0;
    group->host[collective->rank] = sg_host_self();
    sg_barrier_wait(call->barrier);
    for (int i = 0; i < steps->count; i++)
        latencies += send_merged(collective, group, steps, i);
    if (latencies > 0)
        sg_actor_sleep_for(latencies);
    sg_barrier_wait(call->barrier);
    leave(group, call);
}
