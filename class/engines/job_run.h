/* run.json: what ran, and how it ended. */
#ifndef CLASS_ENGINES_JOB_RUN_H
#define CLASS_ENGINES_JOB_RUN_H

#include "class/engines/job_process.h"
#include "class/students/student.h"

/* Writes it into the folder of a new grade, beside the record that the grader has left there, if it has. Without a
 * record that goes with the grader's end nothing of what else is in the folder counts, and it is removed. key: of the
 * job (same.h), or NULL. */
bool job_run_write(const struct student *student, const char *folder, const char *kit,
                   const char *key, const char *began, int attempt, const struct job_ended *ended,
                   GString *error);

#endif
