/*
 * What the ranks of a simulated run did with the time of a step: how much they computed, how much of it at
 * the same time, and what they moved. For who finds it too slow.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_FACTS_PACE_H
#define ASSIGNMENTS_TENSOR_JUDGES_FACTS_PACE_H

#include "grader/verdict/judge.h"

struct pace {
    double computing; /* seconds, of all ranks together … */
    double any;       /* … and in which one or more of them computed */
    double most;      /* seconds that the rank with most computed … */
    int most_rank;    /* … which one that is */
    double calls; /* messages and collectives to which a rank hands something in, on average … */
    double bytes; /* … and how much that is, of the rank with most */
};

/* Of a run whose logs are whole. */
struct pace pace_of(const struct outcome *run, int step);

#endif
