/*
 * What a rank computed, and what it kept for it: the forwards and backwards of micro-batches, with their floating-point
 * operations and the bytes of activations that were live before, within and behind each. Of a run, from its log; the judge's
 * own (trial.h) are the same.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_COMPUTATIONS_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_COMPUTATIONS_H

#include "grader/evidence/evidence.h"

struct computation {
    int step, micro_batch;
    bool back;
    uint64_t flops;
    /* Bytes of activations that are live when it begins, when it ends, and at the most between; and bytes of all other
     * kinds that it left live and that were not before. */
    double before, behind, most, others;
    size_t record;        /* with which it begins, in the run's log */
    guint first, changes; /* in computations.live: how the bytes of activations changed in it */
    float
        scale; /* of a last stage's backward: by what the loss's gradient was multiplied; else 0 */
};

/* What one rank computed in training steps, in order. */
struct computations {
    int stage, first_layer, layers; /* as the log states */
    GArray *of;                     /* of struct computation */
    GArray *live;    /* of double: bytes of activations behind each change within a computation */
    bool has_memory; /* the log knows what was live, all the time */
};

static inline struct computation *computation_at(const struct computations *all, guint i)
{
    return &g_array_index(all->of, struct computation, i);
}

struct computations computations_none(void);

/* One for each rank. NULL after setting the verdict: they are not those of a model of so many layers, or of
 * each micro-batch one forward and then one backward. Free with computations_free. */
struct computations *computations_of_run(const struct outcome *run, int layers,
                                         struct verdict *verdict);
void computations_free(struct computations *all, int ranks); /* NULL is allowed */

/* How many bytes of activations more than at its begin are live behind a computation, or within it at the most. */
static inline double computation_kept(const struct computation *one)
{
    return one->behind - one->before;
}
static inline double computation_most(const struct computation *one)
{
    return one->most - one->before;
}
/* "F of micro-batch 3 in step 0": a new string. */
char *computation_name(const struct computation *one);

#endif
