/*
 * Luck is not correctness: MPI may copy a message and let its sender go on, or
 * let it wait for the receive. A program that needs the copy works only by luck.
 *
 * Each training run on the real machine of a check that passed is looked at
 * twice: its logs are replayed with sends that wait (in the check's own
 * worker), and the same arguments are simulated with such sends (by workers
 * that have nothing else to do; each different run once). What hangs becomes a
 * remark on the check. It costs points only where the rubric asks for that,
 * with the judge `luck`.
 */
#ifndef GRADER_GRADE_LUCK_H
#define GRADER_GRADE_LUCK_H

#include "grader/grade.h"

struct luck;

struct luck *luck_new(const struct grade *grade);
void luck_free(struct luck *luck);

/* Has the check a run that can be looked at: training on the real machine, with two ranks or
 * more? */
bool luck_is_possible(const struct rubric_check *check);

/* Takes note of a check that is done: if it passed, its runs will be simulated. */
void luck_add(struct luck *luck, struct check_result *result);
/* The next simulation to do, as a check of its own; NULL: there is none (yet). */
struct check_result *luck_next(struct luck *luck);
/* If the result is one that luck_next gave out: adds what it found to the checks that it is about,
 * and is true. */
bool luck_take(struct luck *luck, struct check_result *result);

/* The replay, in the worker: adds to verdict->remark. */
void luck_remark(const struct judgement *judgement, struct verdict *verdict);

/* The arguments of a run without what only evidence needs, and with at most two steps; they say
 * which simulations are the same. A new string; NULL if the run is not one to look at. */
char *luck_arguments(const struct rubric_run *run);

#endif
