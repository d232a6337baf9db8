/*
 * What needs.c and needs_ask.c share.
 */
#ifndef GRADER_GRADE_NEEDS_PARTS_H
#define GRADER_GRADE_NEEDS_PARTS_H

#include "grader/grade/needs.h"

/* Checks of one assignment that were asked: a grade of its own within the grade. */
struct needs_asked {
    char *assignment;
    struct rubric *rubric;
    char *folder; /* its own, in the grade's */
    char *to_run; /* "check,check": what can't be told without; NULL: nothing */
    struct collection *collection;
    struct build *build;
    struct runner_data data;
    struct runner runner;
    struct seeds seeds;
    struct grade grade;
};

struct needs {
    char *folder;     /* in the grade's: made with the first of what is in it */
    GPtrArray *asked; /* of struct needs_asked * */
    GPtrArray
        *builds; /* of struct build *: the submission with the course's files of some assignments */
};

/* work: the grade's folder. */
struct needs *needs_new(const char *work);

/* Adds checks (names of char *, of its rubric) of a used assignment, and builds what has to be run for them. What
 * can't be done here is the verdict. Is there something to run? */
bool needs_prepare(struct needs *needs, const struct grade *grade, const struct needs_how *how,
                   const char *assignment, const GPtrArray *names);
/* Runs them. The grade's own build for the simulator may go on meanwhile. */
void needs_run(struct needs_asked *asked, const struct grade *grade, const struct needs_how *how);

/* The submission with the course's files of these (of char *, of the rubric's uses): built once. NULL, and an
 * error: this machine can't. */
struct build *needs_build(struct needs *needs, const struct grade *grade, const GPtrArray *course,
                          GString *error);

#endif
