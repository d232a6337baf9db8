/*
 * Do all ranks call the same collectives, with arguments that fit?
 */
#ifndef GRADER_EVIDENCE_COLLECTIVES_AGREE_H
#define GRADER_EVIDENCE_COLLECTIVES_AGREE_H

#include "grader/evidence/evidence.h"
#include "grader/trace/collective_faults.h"

/* False after setting the verdict to a failure: the first fault (collective_faults.h), with ranks, groups and
 * source lines, is the headline, and further ones are explained. Of a run that came to its end or not. */
bool evidence_collectives_agree(const struct outcome *run, const struct collectives *collectives,
                                struct verdict *verdict);

#endif
