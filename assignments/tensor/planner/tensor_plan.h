/*
 * What the planner asks the tensor assignment (struct plan_part).
 *
 *     tensor_plan.c   the degrees that are planned, what can run, what it registers
 *     formula.c       step time, memory and messages by formula
 *     picture.c       step time over the number of ranks
 */
#ifndef ASSIGNMENTS_TENSOR_PLANNER_TENSOR_PLAN_H
#define ASSIGNMENTS_TENSOR_PLANNER_TENSOR_PLAN_H

#include "assignments/tensor/costs/rank_costs.h"
#include "planner/planner.h"

/* From the whole work, divided by the ranks, to a step: places in formula->with. */
enum { TENSOR_PLAN_NOT_SPLIT, TENSOR_PLAN_UNEVEN, TENSOR_PLAN_MESSAGES, TENSOR_PLAN_HIDDEN };

/* What a method runs with. */
struct rank_setting tensor_plan_setting(const struct plan *plan, const struct plan_method *method);
struct formula *tensor_plan_formula(const struct plan *plan, const struct plan_method *method);

/* Ends with a NULL name: one rank, and each number of ranks of the plan; the last gathers. */
const struct plan_method *tensor_plan_methods(const struct plan *plan);

/* Draws OUT/scaling.svg, with its gnuplot script beside it. */
bool tensor_plan_draw(const struct plan *plan, bool simulate, GString *text, GString *error);

#endif
