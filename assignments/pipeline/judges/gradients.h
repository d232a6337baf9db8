/*
 * Gradients: what was compared, and what the failure means.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_GRADIENTS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_GRADIENTS_H

#include "assignments/pipeline/judges/stages.h"
#include "grader/truth/coefficients.h"
#include "grader/truth/reference.h"

/* One run, one step: everything that comparing and explaining need. */
struct gradient_case {
    const struct judgement *judgement;
    const struct outcome *run;
    int step;
    int micro_batches;
    int stages;
    const struct evidence_stage *stage;
    struct wholes *after;        /* the gradients after the step, outputs and loss */
    struct reference *reference; /* holds the expected gradients of the step */
    const struct tensor *sum;    /* the expected gradients of all steps up to this one, added up */
    int steps_summed;
    bool outputs_wrong;
};

/* The stage that has outputs and loss, or -1: the last of the rank that computed them. */
int gradient_loss_stage(const struct gradient_case *c);
/* "outputs" or "loss", as that stage stored them. */
const struct tensor *gradient_of_loss_stage(const struct gradient_case *c, const char *name);

/* The name of a gradient in a tensor file; the caller frees it. */
char *gradient_name(const struct model *model, int layer, int parameter);

/* The stored gradient of one parameter, and the place of the expected one in the reference's arena. */
const struct tensor *gradient_found(const struct gradient_case *c, int layer, int parameter);
size_t gradient_place(const struct gradient_case *c, int layer, int parameter);

/* What differs from the reference. */
struct differences {
    int wrong;      /* tensors that are not as expected */
    GString *table; /* Markdown */
    GString *first; /* the first wrong tensor in a line, for the headline */
};

void gradients_compare(const struct gradient_case *c, struct differences *differences);
/* Outputs and loss, too; notes whether the outputs are wrong. */
void gradients_compare_outputs(struct gradient_case *c, struct differences *differences);

/* Takes the gradient of one layer of a stage apart, of that which tells most: a linear layer with a
 * unique matrix that leaves little unexplained; else the diagonal of any layer. NULL: there is
 * none. The caller frees it. */
struct coefficients *gradients_fit_stage(const struct gradient_case *c,
                                         const struct reference_parts *parts, int s);
/* Explains the coefficients in words and, where they say something, with a heat map. */
void gradients_show_matrix(const struct gradient_case *c, const struct coefficients *fit, int rank,
                           struct verdict *verdict);

/* The mistake in the order of the step's computations that makes its gradients wrong, and in `why`
 * (empty before) what was not run, or when, in a line; NULL: the order explains nothing. */
const struct mistake *gradients_order(const struct gradient_case *c, GString *why);

/* Writes what is known of the failure: the coefficient matrix and its picture, the micro-batches
 * involved, and the mistake that it fits. */
void gradients_explain(const struct gradient_case *c, struct verdict *verdict);

#endif
