/*
 * Does what comes out of collectives fit what goes in? The inputs of a sum add up to its output, what is
 * gathered is what its ranks gave, what is broadcast is what the root has.
 *
 * Judged by sketches (log_fields.h), by fingerprints where nothing is computed, and, where the logs have
 * the data, number by number. What a log does not say (NaN, sorts of numbers that it can't add) is not
 * judged, nor are reductions other than sums.
 */
#ifndef GRADER_EVIDENCE_COLLECTIVE_SUMS_H
#define GRADER_EVIDENCE_COLLECTIVE_SUMS_H

#include "grader/evidence/evidence.h"
#include "grader/trace/collectives.h"

/* False after setting the verdict to a failure, with rank, line and group. */
bool evidence_sums_agree(const struct outcome *run, const struct collectives *collectives,
                         struct verdict *verdict);

#endif
