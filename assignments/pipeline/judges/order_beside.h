/*
 * Each rank's order beside the schedule's, of a run that did not come to its end.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_ORDER_BESIDE_H
#define ASSIGNMENTS_PIPELINE_JUDGES_ORDER_BESIDE_H

#include "grader/verdict/judge.h"

/* For assignment.describe_unfinished: the order of the step in which the run stopped, as Markdown, rank by
 * rank beside one that follows the rule, with where the rank stopped and where it first leaves the
 * rule. Nothing where no training step was begun, or its schedule has no rule. */
void order_describe_unfinished(const struct outcome *run, GString *markdown);

#endif
