/*
 * Collectives of a large run whose data are no numbers (folded memory: the meta device), in few messages: those of
 * an algorithm's steps that take the same kind of way through the network are merged into one, with the bytes of
 * all of them and the latency of each. When all ranks come at the same time, all of them leave at the same time as
 * by the algorithm itself. Nobody begins before the last has come, and all leave together.
 *
 * To simulate a message takes real time: some 5 µs while few ranks have their turns, 25 µs among a thousand. An
 * all-reduce among eight has 48 of them, in six steps, and merged 8.
 */
#ifndef COMMON_MPI_MACHINES_MERGED_H
#define COMMON_MPI_MACHINES_MERGED_H

#include "common/mpi/machines/steps.h"

/* In which every rank sends so many bytes to one that is `distance` away: rank ^ distance, or, in a ring,
 * rank + distance. */
struct merged_step {
    int distance;
    int count;    /* of such steps */
    double bytes; /* in each */
};

struct merged_steps {
    bool is_ring;
    int count;
    struct merged_step step[32];
};

void merged_add(struct merged_steps *steps, struct merged_step step);

/* Is this a call whose steps are merged? block: some of its data. */
bool merged_is_for(const struct collective *call, struct block block);

void merged_carry_out(struct collective *call, const struct merged_steps *steps);

#endif
