/*
 * All that holds for the calls of any run that is right, whatever its ranks say to each other.
 */
#ifndef GRADER_EVIDENCE_COMMUNICATION_H
#define GRADER_EVIDENCE_COMMUNICATION_H

#include "grader/evidence/evidence.h"

/* Do all ranks call the same collectives, with arguments that fit; do messages arrive as they were sent; is
 * everything that was started waited for, and left alone until then; and does what comes out fit what went in?
 * False after setting the verdict to a failure. The logs are those that evidence_logs accepts. */
bool evidence_communication_is_sound(const struct outcome *run, struct verdict *verdict);

#endif
