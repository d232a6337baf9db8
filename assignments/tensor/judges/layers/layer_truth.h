/*
 * What a trial's layer gives in one process that has all of it, and what parts of it give: the terms and
 * products from which right and wrong results are made.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_LAYERS_LAYER_TRUTH_H
#define ASSIGNMENTS_TENSOR_JUDGES_LAYERS_LAYER_TRUTH_H

#include "assignments/tensor/trials.h"

/* Whole tensors. */
struct layer_truth {
    const struct trial *trial;
    int round;
    struct tensor *x[TRIAL_MICRO_BATCHES], *dy[TRIAL_MICRO_BATCHES];
    struct tensor *parameters; /* flat, as trial->whole lays them out */
    /* Computed from these. */
    struct tensor *y[TRIAL_MICRO_BATCHES], *dx[TRIAL_MICRO_BATCHES];
    struct tensor *gradients; /* of both micro-batches together, like the parameters */
};

struct layer_truth *trial_truth_new(const struct trial *trial, int round);
void trial_truth_free(struct layer_truth *truth); /* NULL is allowed */

/* A view of parameter k of parameters, or gradients, laid out like the layer's. */
struct tensor *trial_truth_parameter(const struct trial *trial, struct tensor *flat, int k);

/* One pass through the whole layer with any x, dy and parameters, which stay the caller's. What is wanted
 * is a new tensor; pointers may be NULL. */
struct layer_results {
    struct tensor *y, *dx, *gradients;
};
void trial_pass(const struct trial *trial, struct tensor *parameters, const struct tensor *x,
                const struct tensor *dy, struct layer_results *results);
void trial_results_clear(struct layer_results *results);

/* A new tensor: the same where the slice is, and zero elsewhere. */
struct tensor *trial_masked(const struct tensor *tensor, const struct slice *slice);
/* A new copy. */
struct tensor *trial_copy(const struct tensor *tensor);

#endif
