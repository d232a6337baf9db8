/*
 * Grading once more, beside the grade that is there: students/ID/.regrade-ASSIGNMENT is a class of one student with a copy of
 * what is graded, and class grade does its job in it as it does in any other.
 */
#ifndef CLASS_REGRADE_REGRADE_RUN_H
#define CLASS_REGRADE_REGRADE_RUN_H

#include "class/students/graded.h"

struct regrade_how {
    const char *kit, *build_folder;
    int year;         /* 0: as the environment says */
    const char *self; /* this program */
};

/* To be called with the lock of the job (class/engines/job.h). *now is its grade, in that folder, which stays until
 * regrade_clear. False, and lines in error. */
bool regrade_run(const struct student *student, const char *assignment,
                 const struct regrade_how *how, struct graded **now, GString *error);
/* Puts the new grade in the place of the old one. */
bool regrade_accept(const struct student *student, const struct graded *then,
                    const struct graded *now, GString *error);
/* Removes the folder. */
void regrade_clear(const struct student *student, const char *assignment, GString *error);

#endif
