/*
 * What a wrong tensor of a layer may have been made of, on each rank: the candidates of a fit
 * (grader/truth/fit.h), by families. What combinations of them mean stands in layer_mistakes.c.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_LAYERS_LAYER_SUSPECTS_H
#define ASSIGNMENTS_TENSOR_JUDGES_LAYERS_LAYER_SUSPECTS_H

#include "assignments/tensor/judges/layers/layers.h"
#include "grader/truth/fit.h"

enum suspect_family {
    SUSPECT_TERM, /* (0, s): rank s's term of a sum over the ranks */
    SUSPECT_SLICE, /* (0, s): rank s's slice, where all are of one size; else (0, 0): the rank's own */
    SUSPECT_BIAS,     /* (0, 0): the bias, whole or the rank's own slice … */
    SUSPECT_BIASES,   /* … or, of slices of one size, (0, s): that of rank s */
    SUSPECT_RECEIVED, /* (0, 0): the ranks' parts, one behind the other in memory … */
    SUSPECT_REVERSED, /* … or in their places, but the last rank's first */
    SUSPECT_FINER,    /* (0, 0): attention of as many times more heads as there are ranks */
    SUSPECT_OTHER,    /* (0, 0): the same of the other micro-batch */
    SUSPECT_PRODUCT /* (i, j): what x of micro-batch i and dy of j give; (0, j) where x plays no part */
};

struct suspects {
    GArray *candidate; /* of struct fit_candidate */
    GPtrArray *tensor; /* that they look at */
    int own; /* the column of the rank that is asked about, in families of one for each rank */
};

/* Adds those of rank `rank`, which has this slice of the tensor. False: the question makes no sense here. */
typedef bool suspects_function(const struct judged_trial *judged, const struct layer_tensor *tensor,
                               int rank, const struct slice *slice, struct suspects *suspects);

/* layer_suspects.c: terms of sums over the ranks, and slices. */
suspects_function trial_suspect_terms_of_y, trial_suspect_slices_of_y, trial_suspect_parts_of_y,
    trial_suspect_terms_of_dx, trial_suspect_slices_of_dx, trial_suspect_slices_of_gradient;
/* layer_suspects_inside.c: of what is split inside, attention and embeddings. */
suspects_function trial_suspect_inside_terms_of_y, trial_suspect_inside_terms_of_dx;
/* layer_suspects_products.c: terms of sums over the micro-batches. */
suspects_function trial_suspect_products, trial_suspect_products_of_dy;

struct suspects *trial_suspects_new(void);
/* Takes over the tensor. */
void trial_suspects_add(struct suspects *suspects, enum suspect_family family, int row, int column,
                        struct tensor *tensor);
/* A rank's slice of a stored tensor; NULL: it stored none. */
const struct slice *trial_slice_of(const struct judged_trial *judged, const char *name, int rank);
void trial_suspects_free(struct suspects *suspects);

/* layer_mistakes_stale.c: NULL unless y or dx of a later round is what the first round's parameters give, or its
 * weight with this round's bias. */
const struct mistake *trial_mistake_of_stale_parameters(const struct judged_trial *judged,
                                                        const struct layer_tensor *tensor);
/* layer_mistakes_heads.c: NULL unless the trial is one of attention, and a rank has other rows of q, k and v than
 * those of some heads. */
const struct mistake *trial_mistake_of_heads(const struct judged_trial *judged);

#endif
