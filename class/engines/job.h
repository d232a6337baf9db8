/*
 * A job: one assignment of one student. Whether it is to do is seen from what lies in the student's folder alone.
 *
 * While it is done, students/ID has, for the assignment A,
 *
 *     .lock-A   locked by whoever does it, until the grader that it started has ended, too
 *     .new-A    the grade that is being written
 *     .old-A    for a moment, where the file system can't exchange two folders: the grade before
 *
 * What of that nobody has locked is of somebody who was killed: job_sweep tidies up.
 */
#ifndef CLASS_ENGINES_JOB_H
#define CLASS_ENGINES_JOB_H

#include "class/students/graded.h"
#include "class/students/student.h"

enum job_state {
    JOB_REFUSED,  /* nothing was handed in that can be graded */
    JOB_TO_DO,    /* not graded, or what was handed in since then is something else */
    JOB_UNUSABLE, /* what lies there can't be read: to do, too */
    JOB_UNFINISHED, /* graded on a machine that could not judge all of it, or the grader did not come to its end */
    JOB_DONE
};

/* attempt: how often it was tried (0: never); may be NULL. */
enum job_state job_state(const struct student *student, const char *assignment, int *attempt);

/* Is it to do? most: how often what is not finished is tried altogether; 0: once more, however often it was. */
bool job_is_to_do(const struct student *student, const char *assignment, int most);

/* ---- locks ------------------------------------------------------------------------------------- */

/* The file that is locked, to be given back by job_unlock; -1: somebody else is at it, even after so many seconds, or
 * (with a line in error) it can't be locked at all. */
int job_lock(const struct student *student, const char *assignment, double seconds, GString *error);
/* Takes the file away and unlocks it. */
void job_unlock(const struct student *student, const char *assignment, int lock);

/* ---- folders ----------------------------------------------------------------------------------- */

/* students/ID/.new-A. A new string. */
char *job_new_folder(const struct student *student, const char *assignment);
/* Puts .new-A in the place of A in one go: at no moment is there none, where the file system can do that. To be called
 * with the lock. False, and an error; then the grade before is there. */
bool job_put_in_place(const struct student *student, const char *assignment, GString *error);
/* Removes what a job that was killed left. To be called with the lock. */
bool job_tidy(const struct student *student, const char *assignment, GString *error);
/* That of all jobs of a student that nobody does. */
void job_sweep(const struct student *student, GString *error);

#endif
