/*
 * Gradients of parameters of which every rank has all, in the ways in which tensors between split layers are
 * themselves split, by tokens or by samples: what the ranks' copies have to do with the right ones.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_FACTS_REPLICATED_H
#define ASSIGNMENTS_TENSOR_JUDGES_FACTS_REPLICATED_H

#include "assignments/tensor/judges/facts/signature.h"
#include "grader/truth/reference.h"

/* The gradient of a parameter of a layer that has none inside, beside the right one. */
struct replicated {
    char *name; /* "layers.3.0.weight.gradient" */
    int model_layer;
    const struct layer *leaf;
    int parameter;       /* of the leaf */
    bool in_block;       /* of a transformer, rather than before or behind all of them */
    bool whole;          /* every rank has all of it; else each a slice */
    bool right;          /* on every rank */
    struct signature is; /* where it is not right */
};

/* Of all parameters after step 0, in the order in which they stand in the model: an array of struct
 * replicated, to tensor_replicated_free. NULL where something can't be read or is missing, which others say. */
GArray *tensor_replicated_new(const struct outcome *run, const struct reference *reference);
void tensor_replicated_free(GArray *gradients); /* NULL is allowed */

#endif
