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

/* The bubble of makespan by the schedule's formula, with the timeline's mean durations as those of
 * equal stages; NaN if it has no forwards or no backwards. */
double schedule_timeline_bubble(const struct timeline *timeline, const struct schedule_kind *kind);

#endif
