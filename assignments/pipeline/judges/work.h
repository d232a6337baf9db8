/*
 * The work that every check is about: was it done, and on what had come for it?
 *
 * A step without messages, or without computations, can have the right order, be
 * fast, need little memory and not depend on luck. None of that is worth anything,
 * so no check passes before this does:
 *   - on every stage each micro-batch of every training step went forward and
 *     backward (stages without parameters, up to the first one that has some, need
 *     no backward), and each of these cost what its layers cost;
 *   - what came from a neighbouring stage had come: before a forward or backward
 *     began, its rank had received, in this step, as many bytes from that stage's
 *     rank as its computations so far take, or holds the very tensor that the
 *     neighbour had computed, however it came;
 *   - it was not a tensor of the rank's own that nobody had filled.
 *
 * Whether what came is also the right tensor is not asked here: flow.h, and the
 * judges of numbers.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_WORK_H
#define ASSIGNMENTS_PIPELINE_JUDGES_WORK_H

#include "assignments/pipeline/judges/stages.h"

/* Of a run that finished. Sets the verdict to a failure where it does not hold. A probe, which does
 * not train, is sound. */
bool work_is_sound(const struct outcome *run, struct verdict *verdict);

/* The half of it about what had come, in work_inputs.c. model and stage: of the run. */
bool work_inputs_came(const struct outcome *run, const struct model *model,
                      const struct evidence_stage *stage, struct verdict *verdict);

#endif
