/*
 * Collectives that are under way while the program goes on: what it starts, it must wait for, and what it
 * gave must stay as it was until then.
 */
#ifndef GRADER_EVIDENCE_COLLECTIVES_IN_FLIGHT_H
#define GRADER_EVIDENCE_COLLECTIVES_IN_FLIGHT_H

#include "grader/evidence/evidence.h"
#include "grader/trace/collectives.h"

/* Of a table from requests to the records that began them, each + 1: the first of these records. NO_RECORD: it is
 * empty. */
size_t evidence_first_begun(GHashTable *begun);

/* Was every collective that was started in a training step also waited for? If not, sets the verdict: that
 * it was complete when its result was used was luck. */
bool evidence_collectives_waited_for(const struct outcome *run, struct verdict *verdict);

/* Was what a rank put into each collective still there, and the same, when the rank was told that it was
 * complete? If not, sets the verdict. */
bool evidence_collectives_untouched(const struct outcome *run,
                                    const struct collectives *collectives, struct verdict *verdict);

#endif
