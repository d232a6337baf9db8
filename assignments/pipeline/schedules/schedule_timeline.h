/*
 * What a timeline is compared with: the reference schedule with the same
 * computations, and the closed formula of its bubble.
 */
#ifndef ASSIGNMENTS_PIPELINE_SCHEDULES_SCHEDULE_TIMELINE_H
#define ASSIGNMENTS_PIPELINE_SCHEDULES_SCHEDULE_TIMELINE_H

#include "assignments/pipeline/schedules/schedule_formulas.h"
#include "grader/trace/timeline.h"

/* The schedule with the durations that the timeline has, run by its dependencies alone. NULL if the
 * timeline does not hold each forward and backward exactly once. The caller frees with
 * timeline_free. */
struct timeline *schedule_timeline(const struct timeline *timeline,
                                   const struct schedule_kind *kind);

/* The bubble of makespan by the schedule's formula for that shape, with the mean durations that were
 * seen as those of equal stages, however much of the step that is; NaN if the timeline has no forwards
 * or no backwards. */
double schedule_timeline_bubble(const struct timeline *timeline, const struct schedule_kind *kind,
                                struct schedule_shape shape);

/* The schedule whose order the replay has, computation by computation, on every rank; NULL: none of
 * them. Where the order is free the formula is that of the order that was chosen. */
const struct schedule_kind *schedule_of_order(const struct replay *replay, int chunks);

#endif
