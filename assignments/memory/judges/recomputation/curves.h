/*
 * The picture of a run's activations over a step, beside the judge's own.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_CURVES_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_CURVES_H

#include "assignments/memory/judges/recomputation/costs.h"

/* Draws rank 0's last step, where pictures are wanted and the run is the check's first; it stands in the report. */
void curves_draw(const struct judgement *judgement, const struct recomputation_case *one,
                 struct verdict *verdict);

#endif
