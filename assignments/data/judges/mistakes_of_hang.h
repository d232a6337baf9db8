/*
 * Known mistakes of runs that did not come to their end.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_MISTAKES_OF_HANG_H
#define ASSIGNMENTS_DATA_JUDGES_MISTAKES_OF_HANG_H

#include "grader/diagnosis/diagnose.h"

/* As struct assignment has it. */
const struct mistake *data_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause);

#endif
