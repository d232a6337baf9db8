/*
 * One step of mixed precision, from the snapshot before it to the one behind it. Two runs drift apart, but a step from
 * known numbers is a formula: the new state says which gradients went in, all else follows from it to the last bits,
 * and only the gradients themselves are compared with the judge's own, up to rounding.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_STEP_H
#define ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_STEP_H

#include "assignments/memory/judges/mixed/mixed_snapshot.h"

struct mixed_step {
    const struct outcome *run;
    const struct mixed_truth
        *truth; /* computed, at the parameters of `before` and with its scale */
    const struct mixed_snapshot *before, *after;
    enum dtype gradients; /* of the run's gradients */
    double scale;         /* of the losses; 1: they have none */
    double most_norm;     /* of all gradients; 0: any */
};

/* ---- mixed_rounding.c ---------------------------------------------------------------------------------- */

/* Are the parameters, and masters, before the first step the initial ones, rounded? Else the verdict is a failure. */
bool mixed_begins_right(const struct mixed_truth *truth, const struct mixed_snapshot *first,
                        struct verdict *verdict);
/* Are the parameters behind the step the masters, rounded to the nearest? Likewise. */
bool mixed_parameters_are_rounded(const struct mixed_step *step, struct verdict *verdict);

/* ---- mixed_update.c ------------------------------------------------------------------------------------- */

/* found[i]: the gradient that went into the state, and in error[i] by how much rounding may have hidden it. */
void mixed_gradients_of(const struct mixed_step *step, double *found, double *error);
/* Have all ranks stepped once more, is the new state that of one gradient in float32, and are the new masters what the
 * optimizer's formula makes of the old ones and that state? */
bool mixed_update_is_right(const struct mixed_step *step, struct verdict *verdict);
/* Is everything as it was before the step, which was skipped? */
bool mixed_nothing_changed(const struct mixed_step *step, struct verdict *verdict);

/* ---- mixed_gradients.c ----------------------------------------------------------------------------------- */

/* How far two rows of gradients are apart: found = factor · expected + rest, the rest's norm in parts of that of the
 * magnitudes that were added up. */
struct mixed_distance {
    double factor, rest;
    double cancelled; /* norm of the magnitudes in parts of that of the sums */
    size_t beyond;    /* numbers further off than rounding can account for … */
    size_t first;     /* … and the first of them */
};

/* Of the gradients that went in from the judge's own. */
struct mixed_distance mixed_gradients_distance(const struct mixed_step *step);
/* Are the gradients the judge's own? A line for the step is added to the table. */
bool mixed_gradients_are_right(const struct mixed_step *step, GString *table,
                               struct verdict *verdict);
/* The head of that table. */
#define MIXED_TABLE_HEAD                                                                           \
    "\n| step | scale | factor of the gradients, less 1 | what is left | numbers beyond rounding " \
    "|\n"                                                                                          \
    "|---|---|---|---|---|\n"

/* All of it: a step that was taken. */
bool mixed_step_is_right(const struct mixed_step *step, GString *table, struct verdict *verdict);

#endif
