/*
 * Memory from step to step: what the program made in a training step and never freed.
 *
 * Some programs make a buffer once and keep it, in the first step, say. So only what
 * grows from step to step is left behind: what all tensors of a rank take at the end
 * of the last step is more than at the end of the one before.
 */
#ifndef GRADER_EVIDENCE_LEFT_BEHIND_H
#define GRADER_EVIDENCE_LEFT_BEHIND_H

#include "grader/evidence/evidence.h"

/* Is anything left behind on some rank? One line on it: how many tensors of which kind, by which line
 * they were made, and how much memory that is. *kinds: a bit, 1 << enum log_held_what, for each kind; 0
 * where memory is left behind that is in none of them. False where a run has less than two whole steps. */
bool evidence_left_behind(const struct outcome *run, GString *line, unsigned *kinds);

#endif
