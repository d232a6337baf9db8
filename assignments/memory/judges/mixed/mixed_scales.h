/*
 * Which loss scale each step had, and whether it was taken: by the logs.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_SCALES_H
#define ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_SCALES_H

#include "grader/evidence/evidence.h"

#include <math.h>

struct mixed_scales {
    int steps;
    double *scale; /* [step] */
    bool *taken;   /* [step]: the optimizers stepped */
};

/* Sets the verdict to a failure unless all ranks have the same scale in a step, for all their micro-batches, and all take the
 * step or none does; and unless the scales follow the rule: they begin as --loss-scale, are halved by a step that is not taken,
 * and doubled by the --scale-window'th in a row that is. NULL then; else the caller frees. */
struct mixed_scales *mixed_scales_of_run(const struct outcome *run, struct verdict *verdict);
void mixed_scales_free(struct mixed_scales *scales); /* NULL is allowed */

/* For mixed_scales.c: do they follow the rule? Then they become what the rule says to the last bit. Else the verdict is a failure,
 * which names the other rule that all of them follow. (mixed_rule.c) */
bool mixed_scales_follow_the_rule(const struct outcome *run, struct mixed_scales *scales,
                                  struct verdict *verdict);
/* A scale is rounded to float32 when it is divided by the micro-batches. */
static inline bool mixed_scales_are_near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fabs(b);
}

#endif
