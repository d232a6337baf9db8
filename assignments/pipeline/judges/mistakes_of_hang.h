/*
 * The known mistake behind a run that hung: the hook of struct assignment.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_OF_HANG_H
#define ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_OF_HANG_H

#include "grader/diagnosis/diagnose.h"

const struct mistake *mistake_of_hang(const struct diagnosis *diagnosis);

#endif
