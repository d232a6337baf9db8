/*
 * The order of a run that did not come to its end, cut off as it is, may show a
 * known mistake. The diagnosis (diagnose.h) knows messages, the judges know
 * schedules; this adds the second to the first.
 */
#ifndef GRADER_JUDGES_ORDER_OF_HANG_H
#define GRADER_JUDGES_ORDER_OF_HANG_H

#include "grader/diagnose.h"

/* Where the diagnosis has no mistake yet and some rank waits for another: adds the one that the
 * order of computations shows, if any. */
void order_of_hang_name(const struct outcome *outcome, struct diagnosis *diagnosis);

#endif
