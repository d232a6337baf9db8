/*
 * What a timeline is compared with: the reference schedule with the same
 * computations, and the closed formula of its bubble.
 */
#ifndef GRADER_TIMELINE_REFERENCE_H
#define GRADER_TIMELINE_REFERENCE_H

#include "grader/schedule_formulas.h"
#include "grader/timeline.h"

/* The schedule with the durations that the timeline has, run by its dependencies alone. NULL if the
 * timeline does not hold each forward and backward exactly once. The caller frees with
 * timeline_free. */
struct timeline *timeline_reference(const struct timeline *timeline,
                                    const struct schedule_kind *kind);

/* The bubble of makespan by the schedule's formula, with the timeline's mean durations as those of
 * equal stages; NaN if it has no forwards or no backwards. */
double timeline_formula_bubble(const struct timeline *timeline, const struct schedule_kind *kind);

#endif
