/*
 * What a forward and a backward of a stage cost: the FLOPs of its layers, by the
 * model. Who makes as if it computed, or computes more, charges something else.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_STAGE_COST_H
#define ASSIGNMENTS_PIPELINE_JUDGES_STAGE_COST_H

#include "assignments/pipeline/judges/stages.h"

/* Did each computation of stage s among its rank's events cost what a micro-batch of so many samples
 * costs: a forward, a whole backward, or all the halves of backwards together? If not, sets the
 * verdict. On stage 0 a backward may leave out gradients of inputs that nobody needs. */
bool stage_cost_is_right(const GArray *events, const struct model *model,
                         const struct evidence_stage *stage, int s, double samples,
                         struct verdict *verdict);

#endif
