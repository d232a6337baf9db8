/*
 * Luck is not correctness: MPI may copy a message and let its sender go on, or
 * let it wait for the receive. A program that needs the copy works only by luck.
 *
 * The logs of each training run on the real machine of a check that passed are
 * replayed with sends that wait (in the check's own worker). Where they show a
 * program that may do something else with other timing, the same arguments are
 * simulated, too, with such sends (by workers that have nothing else to do; each
 * different run once). What hangs becomes a remark on the check. It costs points
 * only where the rubric asks for that, with the judge `luck`.
 */
#ifndef GRADER_GRADE_GRADE_LUCK_H
#define GRADER_GRADE_GRADE_LUCK_H

#include "grader/grade/grade.h"

struct luck;

struct luck *grade_luck_new(const struct grade *grade);
void grade_luck_free(struct luck *luck);

/* Has the check a run that can be looked at: training on the real machine, with two ranks or
 * more? */
bool grade_luck_is_possible(const struct rubric_check *check);

/* Takes note of a check that is done: if it passed, those of its runs whose replay left a doubt will
 * be simulated. */
void grade_luck_add(struct luck *luck, struct check_result *result);
/* The next simulation to do, as a check of its own; NULL: there is none (yet). */
struct check_result *grade_luck_next(struct luck *luck);
/* If the result is one that grade_luck_next gave out: adds what it found to the checks that it is about,
 * and is true. */
bool grade_luck_take(struct luck *luck, struct check_result *result);

/* The result is one that grade_luck_next gave out, but it can't be simulated: a remark on the checks
 * that it is about says so, and why. */
void grade_luck_give_up(struct luck *luck, struct check_result *result, const char *why);

/* The replay, in the worker: adds to verdict->remark. */
void grade_luck_remark(const struct judgement *judgement, struct verdict *verdict);
/* In the worker: does the replay of the run tell all? */
bool grade_luck_is_settled(const struct outcome *outcome);

#endif
