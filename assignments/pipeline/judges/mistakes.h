/*
 * Known mistakes, recognised from the evidence.
 *
 * Every signature is exact up to rounding, so it is tested for and not guessed:
 * where none fits, none is named. Only a run that failed is looked at.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_H
#define ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_H

#include "assignments/pipeline/judges/asynchronous.h"
#include "assignments/pipeline/judges/flow.h"
#include "assignments/pipeline/judges/versions.h"
#include "assignments/pipeline/schedule_table.h"
#include "grader/truth/coefficients.h"
#include "grader/verdict/judge.h"

#define MISTAKE_UNKNOWN (-1)

/* What is known of one stage after one training step. */
struct mistake_stage {
    bool has_parameters;
    bool wrong;          /* its gradients are not the expected ones */
    bool finite;         /* no NaN and nothing infinite among its gradients */
    bool all_zero;       /* all exactly 0 although the expected ones are not */
    double ratio;        /* found = ratio · expected, every parameter alike; NaN: they are not */
    bool sum_of_steps;   /* found = sum of the expected gradients of steps 0 … now, at least 2 */
    int optimizer_steps; /* recorded in this step; MISTAKE_UNKNOWN */
    int early_forward;   /* a micro-batch whose F began before its input had been received … */
    int early_backward;  /* … whose B began before its gradient had; MISTAKE_UNKNOWN: none */
    int last_backward;   /* the micro-batch of the last B; MISTAKE_UNKNOWN */
    const struct coefficients *coefficients; /* of one of its layers, or NULL */
};

struct mistake_evidence {
    int stages;
    int ranks;
    int micro_batches;
    const struct schedule_facts *schedule; /* NULL: not known */
    const struct mistake_stage *stage;
    /* output_of[i]: the micro-batch whose expected outputs those of micro-batch i are, or
     * MISTAKE_UNKNOWN. NULL: outputs are not known, or right. */
    const int *output_of;
    /* A message whose payload was changed between the start of its send and its completion. */
    bool changed_in_flight;
    struct flow flow; /* all zeros: nothing known */
};

/* The mistake that the evidence fits, or NULL. */
const struct mistake *mistake_recognise(const struct mistake_evidence *evidence);

/* What is known of the first wrong training step of an asynchronous run. */
struct asynchronous_evidence {
    int stages;
    int micro_batches;
    const struct version_use *use; /* [stage · micro_batches + micro_batch] */
    /* Do losses and parameters fit what this rule would have given, and not the right one? All
     * false where the versions alone are wrong. */
    bool fits[ASYNCHRONOUS_RULES];
};

const struct mistake *mistake_recognise_asynchronous(const struct asynchronous_evidence *evidence);

#endif
