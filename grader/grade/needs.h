/*
 * What checks need of other assignments: needs = ( "another/check" ) in a rubric.
 *
 * A hybrid is made of what students write now and of what they handed in before. An old mistake shall not be
 * paid for twice, so what is needed is looked at first: the other assignment's own program, built from the
 * submission's files of it, runs those of its checks that are named, once for a grade, and its judges decide.
 * That costs no points. Where all pass, the check runs with the submission's files. Where one does not, the
 * course's files of that assignment stand in for the submission's, in this check alone, and the report says
 * so and why. In a kit that has none (a student's) the check is not judged. What could not be judged itself
 * leaves it open whether the submission's files are right: then the course's stand in, and where there are none the
 * submission's own are taken.
 *
 * Files that are missing or still have their TODO are not run at all.
 */
#ifndef GRADER_GRADE_NEEDS_H
#define GRADER_GRADE_NEEDS_H

#include "grader/grade/grade.h"

/* How to look at what is needed. */
struct needs_how {
    const char *only; /* as for grade_run */
    int jobs;
    bool quiet;
    const char *secret; /* as for seeds_init, as are year and seed */
    int year;
    uint64_t seed;
    const GPtrArray
        *right; /* of char *: assignments whose files are known to be right; NULL: of none */
    const volatile sig_atomic_t *interrupted;
};

struct needs;

/* The folder in the grade's that all of this is done in. */
#define NEEDS_FOLDER "needs"

/* For a grade that is prepared and has not run, whose runner it takes the folders from: runs what its checks need,
 * and sets build, instead and settled of its results, and `needed`. What can't be done here is told in these. The
 * grade uses what is made until it is cleared. */
struct needs *needs_settle(struct grade *grade, const struct needs_how *how);
void needs_free(struct needs *needs);

#endif
