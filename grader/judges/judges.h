/*
 * Judges that any assignment's rubric may name; an assignment lists those that it
 * wants among its own (struct assignment).
 */
#ifndef GRADER_JUDGES_JUDGES_H
#define GRADER_JUDGES_JUDGES_H

#include "grader/verdict/judge.h"

/* Does the program need MPI to copy its messages? By replay with sends that wait. */
judge_function judge_luck;
/* Does the loss go down? */
judge_function judge_loss_falls;

#endif
