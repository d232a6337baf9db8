/*
 * Causes: one fault fails many checks, and is told once.
 *
 * Failures with one cause are brought together: the same known mistake in the
 * same code, the same line, or the same words but for their numbers. Wrong
 * results are no cause: where another check saw, in the same code, what makes
 * results wrong (verdict->spoils), they follow from that, whatever known mistake
 * they look like. What is seen of a file whose own check has failed comes second to
 * that; so do wrong numbers and amounts, and runs that did not end, of all that
 * uses the file (cause_relations.h). What was not run for want of another check belongs to that
 * one's cause.
 */
#ifndef GRADER_GRADE_CAUSES_H
#define GRADER_GRADE_CAUSES_H

#include "grader/grade/grade.h"

struct cause {
    const struct check_result *told; /* whose verdict tells it */
    GPtrArray *of;                   /* of struct check_result *: all failures that it explains */
    double points;                   /* that these cost */
};

/* Fills grade->causes: the surest first, of these what others build on (in the rubric's order of files),
 * then those that cost most. What is not written yet (grade_state.h) is no failure that has a cause. For a grade
 * whose checks are done. */
void causes_find(struct grade *grade);

/* The number of a result's cause in the list, from 1; 0: it did not fail. */
int cause_number(const struct grade *grade, const struct check_result *result);

/* How a result belongs to its cause. */
enum cause_relation {
    CAUSE_TOLD,    /* its verdict tells the cause, */
    CAUSE_SAME,    /* tells the same, */
    CAUSE_FOLLOWS, /* tells wrong results that come of it, */
    CAUSE_SECOND,  /* tells what it saw of a file that the cause is about, or of what uses it, */
    CAUSE_NEEDS    /* or tells that it was not run because of it */
};
enum cause_relation cause_relation(const struct cause *cause, const struct check_result *result);

/* What the reader of a failure should look at, plain text: by what failed, else by the rubric; NULL: nothing is
 * known. */
const char *cause_look(const struct check_result *result);

#endif
