/*
 * Equal work, equal grade: seeds come from the files and from the instructor's secret, so whoever handed in the same files
 * would get the same runs, and the same verdicts, once more. Such a job takes the grade that is there.
 *
 * Equal are two jobs with the same key: of the assignment, all files of the submission with their names (those that no rubric
 * names stand in reports, too), the kit's version, the year, and the secret.
 */
#ifndef CLASS_ENGINES_SAME_H
#define CLASS_ENGINES_SAME_H

#include "class/students/student.h"

/* SHA-256 in hexadecimal, a new string. NULL: with these files (links, pipes, what can't be read, too many) the grader shall
 * see for itself. */
char *job_same_key(const struct student *student, const char *assignment, const char *kit,
                   int year);

/* Fills the folder of a new grade with that of another student whose job had this key, if there is one and it was finished;
 * run.json says whose it is. False: there is none; then the folder is empty as before, unless the disk is full. */
bool job_same_take(const char *out, const struct student *student, const char *assignment,
                   const char *key, int attempt, const char *folder);

#endif
