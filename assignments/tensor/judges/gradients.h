/*
 * Shared by gradients.c and gradients_explain.c, and nobody else.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_GRADIENTS_H
#define ASSIGNMENTS_TENSOR_JUDGES_GRADIENTS_H

#include "assignments/tensor/judges/facts/signature.h"
#include "grader/truth/reference.h"

/* A tensor of which some rank's part is not what one process computes. */
struct wrong_tensor {
    int layer, parameter; /* layer -1: the outputs */
    const struct whole *whole;
    struct tensor *expected;
    guint first_wrong; /* of its parts */
};

/* A step of a run, beside the same in one process. */
struct gradient_case {
    const struct outcome *run;
    struct reference *reference;
    struct wholes *after;
    int step;
    GArray *wrong; /* of struct wrong_tensor, from the loss backwards */
    /* In this step or before some rank had no gradient of a bias that it has a copy of, which is right
     * only where it does not add that copy. */
    bool copies_go_apart;
};

/* Which known mistake the tensors show, if one. */
void tensor_gradients_explain(const struct gradient_case *c, struct verdict *verdict);

#endif
