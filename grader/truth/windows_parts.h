/*
 * Shared by windows.c and windows_course.c, and nobody else.
 */
#ifndef GRADER_TRUTH_WINDOWS_PARTS_H
#define GRADER_TRUTH_WINDOWS_PARTS_H

#include "grader/truth/windows.h"

struct windows {
    const struct outcome *run;
    const struct windows_rules *rules;
    struct reference *reference;
    int steps;             /* of the run */
    const double *loss;    /* of the run, per step */
    int flips;             /* windows beyond the tolerance so far, within FLIP_TOLERANCE */
    struct tensor *before; /* all parameters of the snapshot before this one, or NULL */
    GString *table;
};

/* Each of these sets the verdict to a failure unless … */

/* … each rank's optimizers step exactly once in each training step, and all steps come in their order. */
bool windows_trained_step_by_step(const struct windows *w, struct verdict *verdict);
/* … the losses of the last sixth of the run are lower than those of the first. */
bool windows_loss_fell(const struct windows *w, struct verdict *verdict);
/* … the learning curve, where the run was to write one, and the log tell the same losses. */
bool windows_curve_agrees(const struct windows *w, struct verdict *verdict);

#endif
