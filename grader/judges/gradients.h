/*
 * Gradients: what was compared, and what the failure means.
 */
#ifndef GRADER_JUDGES_GRADIENTS_H
#define GRADER_JUDGES_GRADIENTS_H

#include "grader/judges/evidence.h"
#include "grader/judges/reference.h"

/* One run, one step: everything that comparing and explaining need. */
struct gradient_case {
    const struct judgement *judgement;
    const struct outcome *run;
    int step;
    int micro_batches;
    const struct evidence_stage *stage;
    struct tensor_file **file;   /* per rank: the gradients after the step */
    struct reference *reference; /* holds the expected gradients of the step */
    const struct tensor *sum;    /* the expected gradients of all steps up to this one, added up */
    int steps_summed;
    bool outputs_wrong;
};

/* The name of a gradient in a tensor file; the caller frees it. */
char *gradient_name(const struct model *model, int layer, int parameter);

/* Writes what is known of the failure: the coefficient matrix and its picture, the micro-batches
 * involved, and the mistake that it fits. */
void gradients_explain(const struct gradient_case *c, struct verdict *verdict);

#endif
