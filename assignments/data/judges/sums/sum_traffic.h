/*
 * What the ranks send each other in an all-reduce of their own: how much, to whom, and by which calls.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_SUMS_SUM_TRAFFIC_H
#define ASSIGNMENTS_DATA_JUDGES_SUMS_SUM_TRAFFIC_H

#include "assignments/data/judges/sums/sum_results.h"

/* Does each call that was made move what the algorithm moves, from neighbour to neighbour, by messages between two
 * ranks, all of which are received? If not, sets the verdict. */
bool data_sum_traffic(const struct outcome *run, const struct sum_results *all,
                      struct verdict *verdict);
/* Does no message go through MPI_COMM_WORLD where that is not the communicator? If not, sets the verdict (sum_world.c). */
bool data_sum_communicators(const struct outcome *run, struct verdict *verdict);

/* The most and the least that one of p ranks sends in the sum of `count` numbers, in numbers, and how many messages
 * there are if none is cut into smaller ones. */
struct sum_load {
    long least, most;
    int messages;
};
struct sum_load data_sum_load(enum sum sum, int p, int count);

#endif
