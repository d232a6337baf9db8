/*
 * What this assignment knows about runs that did not come to their end, beyond what the logs tell of any.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_MISTAKES_OF_HANG_H
#define ASSIGNMENTS_TENSOR_JUDGES_MISTAKES_OF_HANG_H

#include "grader/diagnosis/diagnose.h"

const struct mistake *tensor_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause);

#endif
