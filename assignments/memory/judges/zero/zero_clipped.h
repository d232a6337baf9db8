/*
 * By what gradients were multiplied, and which known mistake in clipping that fits.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_CLIPPED_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_CLIPPED_H

#include "grader/verdict/judge.h"

enum { ZERO_CLIPPED_RANKS = 64 };

struct zero_clipped {
    int ranks;   /* that have a shard; 1 if each has all … */
    bool copies; /* … which are the same on each of … */
    int of_run;  /* … so many */
    double most; /* the largest norm that is allowed */
    /* Of each rank's shard: its norm, and by what it was multiplied, beside the factor that makes it true. */
    double norm[ZERO_CLIPPED_RANKS], factor[ZERO_CLIPPED_RANKS];
};

/* NULL: none that is known. */
const struct mistake *memory_zero_clip_mistake(const struct zero_clipped *clipped);

#endif
