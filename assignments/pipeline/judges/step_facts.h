/*
 * What the log states about one training step beside its computations: by what the
 * loss was scaled, when gradients were set to zero, and when the optimizer stepped.
 *
 * The same facts explain wrong numbers and exclude explanations: who says that the
 * loss was not divided must not contradict the scale that the log holds.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_STEP_FACTS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_STEP_FACTS_H

#include "grader/evidence/evidence.h"

/* Of all ranks together. */
struct loss_facts {
    int losses;         /* calls of batch_loss in the step */
    int gradients;      /* calls of batch_loss_backward */
    double least, most; /* the scales that they were given; NaN where there were none */
};

struct loss_facts loss_facts_read(const struct outcome *run, int step);

/* Of one stage. "Backward" is what adds to the gradients: B or W. */
struct stage_facts {
    int backwards;
    int optimizer_steps;
    int behind_optimizer; /* backwards that came behind the first step of the optimizer … */
    enum log_operation first_behind; /* … the first of these: B or W … */
    int first_behind_of;             /* … of this micro-batch */
    int zeroed_before;  /* times that gradients were set to zero before the first backward … */
    int zeroed_between; /* … with backwards on both sides … */
    int zeroed_last;    /* … and behind the last backward */
    int forwards_behind_optimizer;
    int steps_on_zeros; /* steps of the optimizer before which gradients were set to zero, and no
                           backward in between */
    int alternates;     /* 1: one step of the optimizer behind each backward; -1: one before each;
                             0: otherwise */
};

/* wiped[micro_batches] (NULL: not asked for) becomes true where gradients were set to zero behind the
 * last backward of that micro-batch. events: those of the stage's rank. */
struct stage_facts stage_facts_read(const GArray *events, int step, int stage, int micro_batches,
                                    bool *wiped);

#endif
