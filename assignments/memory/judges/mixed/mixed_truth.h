/*
 * The judge's own step of mixed precision: the kit's layers in the run's precision, on the run's micro-batches, in one
 * process. Gradients add up in double precision, so that what is found may differ from them by rounding alone, and
 * by how much of that, is known (mixed_bounds.h).
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_TRUTH_H
#define ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_TRUTH_H

#include "common/training/batch.h"
#include "common/training/stage.h"
#include "grader/evidence/evidence.h"

struct mixed_truth {
    enum dtype precision;
    struct model *model;
    struct stage *stage;
    struct batch *batch;
    int micro_batches;
    size_t count;     /* of the model's parameters */
    double **part;    /* [micro_batch][count]: its gradients, of loss / micro_batches */
    double *sum;      /* [count]: of all micro-batches */
    double *amounts;  /* [count]: of the magnitudes of their gradients */
    double workspace; /* bytes that a rank's data and batch need from step to step */
    double kept;      /* bytes of activations between a micro-batch's forward and its backward */
    bool finite;      /* what the backwards computed, times the scale, has no infinity and no NaN */
};

/* NULL after setting the verdict to "not judged". */
struct mixed_truth *mixed_truth_of_run(const struct outcome *run, struct verdict *verdict);
void mixed_truth_free(struct mixed_truth *truth); /* NULL is allowed */

/* The gradients of a training step at these parameters (numbers of the precision, widened). Losses are multiplied by
 * `scale` before the backward; part, sum and amounts are divided by it again. */
void mixed_truth_compute(struct mixed_truth *truth, int step, double scale,
                         const float *parameters);

/* What the parameters begin as, widened: to[0 … count - 1]. */
void mixed_truth_initial(const struct mixed_truth *truth, float *to);
/* numbers[i], rounded to the nearest of the precision and widened again. */
void mixed_truth_round(const struct mixed_truth *truth, const float *numbers, float *rounded);

#endif
