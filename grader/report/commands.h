/*
 * The commands to paste that reports give; new strings.
 */
#ifndef GRADER_REPORT_COMMANDS_H
#define GRADER_REPORT_COMMANDS_H

#include "grader/grade/grade.h"

/* "make WHAT …" with the words that this submission, assignment and device need, and those of `more`, " CHECK=…". */
char *report_make_command(const struct grade *grade, const char *what, const char *more);
/* "make grade … CHECK=…": the check alone. */
char *report_command(const struct grade *grade, const struct check_result *result);
/* "make grade … CHECK=… SEED=… CASE=…": the check again, with the seed of the run that is worth it, and the same sizes. */
char *report_repeat_command(const struct grade *grade, const struct check_result *result);

#endif
