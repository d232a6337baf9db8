/*
 * Are the numbers that a run stored those of a trial?
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_NUMBERS_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_NUMBERS_H

#include "assignments/memory/judges/recomputation/trial.h"
#include "grader/evidence/wholes.h"

/* All that the ranks stored before and after steps. */
struct numbers;

/* NULL after setting the verdict. The caller frees with numbers_free. */
struct numbers *numbers_read(const struct outcome *run, struct verdict *verdict);
void numbers_free(struct numbers *numbers); /* NULL is allowed */

/* The first of the trial's tensors that the run has not, or has other numbers in; NULL: there is none. exactly: all
 * bits count; else rounding is allowed, as in gradients. *found: the run's, or NULL. */
const struct trial_tensor *numbers_first_other(const struct numbers *numbers,
                                               const struct trial *trial, bool exactly,
                                               const struct tensor **found);

/* Sets the verdict to a failure that says what is wrong with that tensor. */
void numbers_fail(const struct trial_tensor *due, const struct tensor *found,
                  struct verdict *verdict);

#endif
