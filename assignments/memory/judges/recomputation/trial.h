/*
 * A trial: the judge trains as a run did, in its own process, with the kit's layers, the same micro-batches in the same
 * order and one thread, and recomputes in a given manner. What comes of it has the same bytes as that of a program that
 * does the same, and so have the bytes and operations of each forward and backward.
 *
 * The order of forwards and backwards on each rank is the run's; so are stages, whoever made them.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_TRIAL_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_TRIAL_H

#include "assignments/memory/judges/recomputation/computations.h"
#include "assignments/memory/judges/recomputation/manners.h"
#include "common/training/assert_close.h"

/* One tensor that a rank stores: before a step, or after it. */
struct trial_tensor {
    int rank, step;
    bool after;
    char *name; /* as the rank calls it: "layers.1.weight.gradient", "outputs" */
    struct tensor *tensor;
};

struct trial {
    int ranks;
    GArray *stored;                /* of struct trial_tensor: by steps, then by ranks */
    struct computations *computed; /* of each rank */
};

/* manner NULL: nothing is recomputed. computed: the run's. NULL after setting the verdict, where there is no
 * reference. The caller frees with recomputation_trial_free. */
struct trial *recomputation_trial_new(const struct outcome *run,
                                      const struct computations *computed,
                                      const struct manner *manner, struct verdict *verdict);
void recomputation_trial_free(struct trial *trial); /* NULL is allowed */

static inline const struct trial_tensor *recomputation_trial_tensor_at(const struct trial *trial,
                                                                       guint i)
{
    return &g_array_index(trial->stored, struct trial_tensor, i);
}

#endif
