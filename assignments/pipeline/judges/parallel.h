/*
 * The figures that explain how parallel a step was, for judges and reports.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_PARALLEL_H
#define ASSIGNMENTS_PIPELINE_JUDGES_PARALLEL_H

#include "assignments/pipeline/judges/stages.h"
#include "assignments/pipeline/schedules/schedule_formulas.h"
#include "grader/trace/match.h"

/* Explains a replayed step: makespan, speed-up, both bubbles beside the formula's, and per rank
 * the idle time, the messages and their bytes beside the expected ones; on the simulated cluster
 * also how much of the messages' time was hidden. */
void parallel_explain(const struct outcome *run, const struct schedule_kind *kind,
                      const struct matching *matching, int step, const struct replay *replay,
                      const struct replay *expected, struct verdict *verdict);

/* The schedule of a replayed step with its own durations (schedule_like). NULL if the step does not
 * hold one forward and one backward of each of the run's micro-batches on every stage, or did not
 * come to its end. The caller frees with schedule_free. */
struct schedule *parallel_schedule_like(const struct outcome *run, const struct replay *replay,
                                        schedule_maker *maker);

/* The makespan of the same computations in each rank's own order, held up by their dependencies
 * alone: nothing in that order can be faster. NaN where the order contradicts them. */
double parallel_fastest(const struct replay *replay);

/* A time that is longer by less than this part is no failure: a replay is exact, but a difference that
 * the figures don't show explains nothing. A point in a step where all ranks meet costs 0.05 % to 0.6 %
 * of it in the rubric's runs, where stages are not quite equal; a gradient that is sent one forward
 * too late, in the schedule that has most room for that, 0.1 % to 0.9 %. */
#define PARALLEL_RESOLUTION 0.005

/* All computations one after the other, divided by the makespan. */
double parallel_speed_up(const struct replay *replay);

#endif
