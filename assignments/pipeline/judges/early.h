/*
 * Computations that began before what they need had come.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_EARLY_H
#define ASSIGNMENTS_PIPELINE_JUDGES_EARLY_H

#include "grader/evidence/evidence.h"
#include "grader/trace/match.h"

/* The micro-batch of the first forward (or backward) of a stage in a step that began before the
 * stage's rank had received, from the rank of the stage before (or behind), `bytes` for each one so
 * far; -1: none. events: those of the stage's rank. Only where there is one stage per rank: sizes do
 * not tell the messages of several apart. */
int early_micro_batch(const struct matching *matching, const GArray *events, int stage, int step,
                      enum log_operation operation, uint64_t bytes);

#endif
