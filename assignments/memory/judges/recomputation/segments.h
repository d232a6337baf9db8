/*
 * The judge of --probe segments.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_SEGMENTS_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_SEGMENTS_H

#include "grader/evidence/evidence.h"

/* Sets the verdict to a failure unless make_segments cut all runs of layers as it should. */
void segments_judge(const struct outcome *run, struct verdict *verdict);

#endif
