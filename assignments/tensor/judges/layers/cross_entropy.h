/*
 * What the files of the judge of the split cross-entropy share:
 *
 *     cross_entropy.c             losses and gradients, rank by rank; messages
 *     cross_entropy_mistakes.c    what a wrong one was made of
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_LAYERS_CROSS_ENTROPY_H
#define ASSIGNMENTS_TENSOR_JUDGES_LAYERS_CROSS_ENTROPY_H

#include "assignments/tensor/loss_cases.h"
#include "grader/evidence/evidence.h"

/* One micro-batch of a case, with all words. */
struct loss_truth {
    const struct loss_case *one;
    struct tensor *logits, *targets, *gradient;
    double loss;
};

/* Names the mistake that makes the losses of all ranks what they are, if one does; loss: [ranks]. */
void cross_entropy_name_loss(const struct loss_truth *truth, const double *loss,
                             struct verdict *verdict);
/* The same for what a rank returned as its gradient, in a shape that is right. */
void cross_entropy_name_gradient(const struct loss_truth *truth, int rank,
                                 const struct tensor *found, struct verdict *verdict);

/* One run of the probe. */
void tensor_judge_loss(const struct judgement *judgement, const struct outcome *run,
                       struct verdict *verdict);

#endif
