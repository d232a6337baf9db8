/*
 * Shared by the timeline*.c files, and nobody else.
 */
#ifndef GRADER_TRACE_TIMELINE_PARTS_H
#define GRADER_TRACE_TIMELINE_PARTS_H

#include "grader/trace/timeline.h"

struct timeline *timeline_new(int ranks, enum timeline_unit unit);
struct timeline_bar *timeline_bar(const struct timeline *timeline, int rank, guint i);

/* False for what is not drawn. */
bool timeline_kind_of(unsigned operation, enum timeline_kind *kind);

/* When all bars are there: begins at time 0, and adds up. */
void timeline_finish(struct timeline *timeline);

#endif
