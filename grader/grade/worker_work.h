/*
 * What a worker does, between its two halves: see worker.h.
 */
#ifndef GRADER_GRADE_WORKER_WORK_H
#define GRADER_GRADE_WORKER_WORK_H

#include "grader/grade/grade.h"

#include <stdio.h>

/* Runs and judges a check and writes messages. In the worker's process, which ends afterwards. */
void worker_work(const struct grade *grade, const struct check_result *result, int slot, FILE *to);

/* Draws the learning curve of each run beside that of one process: computed here with the same
 * options and seed where the number of steps is given, else the rubric's reference curve. Adds
 * the pictures to the verdict; does nothing where none are wanted. */
void worker_draw_curves(const struct judgement *judgement, const struct rubric_check *check,
                        const char *kit, struct verdict *verdict);

#endif
