/*
 * By how much right gradients may differ from the judge's own, which add up in double precision.
 *
 * Of each number: each addition of 16 bits rounds what has been added up so far, which is at most the sum of the
 * magnitudes, by half of its last place. There are as many as micro-batches and ranks.
 *
 * Of all together: docs/precision.md has the study that these were chosen by, with the worst right run and
 * the mildest wrong one.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_BOUNDS_H
#define ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_BOUNDS_H

#include "common/base/tensor.h"

/* Half of the last place, in parts of a number. */
static inline double mixed_rounding(enum dtype dtype)
{
    return dtype == DTYPE_BFLOAT16 ? 0x1p-8 : dtype == DTYPE_FLOAT16 ? 0x1p-11 : 0x1p-24;
}

struct mixed_bounds {
    double
        factor;  /* of all gradients together, less 1, where what is added up does not cancel out */
    double rest; /* norm of what is left, in parts of that of the magnitudes */
};

static inline struct mixed_bounds mixed_bounds(enum dtype gradients)
{
    if (gradients == DTYPE_BFLOAT16)
        return (struct mixed_bounds){2e-3, 6e-3};
    if (gradients == DTYPE_FLOAT16)
        return (struct mixed_bounds){5e-4, 1.5e-3};
    return (struct mixed_bounds){5e-6, 5e-6};
}

#endif
