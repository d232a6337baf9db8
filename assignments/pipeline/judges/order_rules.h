/*
 * What makes an order of computations a schedule of a certain kind, and which
 * known mistake a wrong order shows.
 *
 * A rule is a definition, not a list: every order that satisfies it passes.
 * How micro-batches are numbered is free, as long as the ranks' orders fit
 * together (schedule_check, which must have passed). A backward in two halves, I
 * and W, may stand wherever a whole one may; its I then counts as the backward,
 * and the micro-batch is in flight until its W.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_ORDER_RULES_H
#define ASSIGNMENTS_PIPELINE_JUDGES_ORDER_RULES_H

#include "assignments/pipeline/schedules/schedule_formulas.h"
#include "grader/verdict/judge.h"

/* What the ranks did in training steps 0 … steps-1: an array of one schedule each, to be freed by
 * order_of_steps_free. optimizer: the optimizer's steps, too. */
struct schedule **order_of_steps(const struct log_file *logs, int ranks, int steps, bool optimizer);
void order_of_steps_free(struct schedule **schedule, int steps);

/* The rule of a schedule, one sentence; NULL: there is no rule for this kind. */
const char *order_rule(const struct schedule_kind *kind);

/* Does every rank keep to the rule? If not: false, why (one line, without the rank's whole
 * order), and the rank that it is about. */
bool order_follows_rule(const struct schedule_kind *kind, const struct schedule *schedule,
                        struct schedule_shape shape, GString *why, int *rank);

/* Of an order that may be cut off anywhere: the place in the rank's list of the first operation that breaks
 * the rule, with why (one line); -1: the rank keeps to it so far. */
int order_leaves_rule(const struct schedule_kind *kind, const struct schedule *schedule,
                      struct schedule_shape shape, int rank, GString *why);

/* Are never more micro-batches (of an interleaved schedule: chunks) in flight on a rank than the
 * schedule needs? If not: false, why, and the rank. */
bool order_bounds_in_flight(const struct schedule_kind *kind, const struct schedule *schedule,
                            struct schedule_shape shape, GString *why, int *rank);

/* The known mistake that an order shows which breaks the rule, or NULL. The schedule need not fit
 * together. */
const struct mistake *order_recognise(const struct schedule_kind *kind,
                                      const struct schedule *schedule, struct schedule_shape shape);
/* The same of an order that may be the beginning of one, cut off anywhere, as a run that hung has
 * it: none of a right order is taken for a mistake. An operation that a rank only tried may stand at
 * the end of its list; its micro-batch is -1 where it is not known. */
const struct mistake *order_recognise_cut_off(const struct schedule_kind *kind,
                                              const struct schedule *schedule,
                                              struct schedule_shape shape);
/* The same of a whole order whose gradients are wrong: one that explains it, or NULL. */
const struct mistake *order_recognise_gradients(const struct schedule_kind *kind,
                                                const struct schedule *schedule,
                                                struct schedule_shape shape);
/* Adds all those that fit, as struct mistake *, not only the one to tell. whole: nothing is cut off. */
void order_add_fitting(const struct schedule_kind *kind, const struct schedule *schedule,
                       struct schedule_shape shape, bool whole, GPtrArray *mistakes_that_fit);

#endif
