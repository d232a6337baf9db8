/*
 * The truth for tests of schedules: the whole model as one stage in this process,
 * and whether what a run left agrees with it.
 */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_ONE_PROCESS_H
#define ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_ONE_PROCESS_H

#include "assignments/pipeline/tests/support/trained.h"
#include "common/files/tensor_file.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"

struct one_process {
    struct model *model;
    struct stage *stage;
    struct batch *batch;
    struct optimizer *optimizer;
};

struct one_process one_process_new(const struct options *options);
void one_process_free(struct one_process *truth);

/* Forward and backward of the step's batch; its optimizer does not step. */
void one_process_gradients(struct one_process *truth, int step);

/* Every parameter of the model is in exactly one stage's file, and agrees. Of the truth, `expected` is
 * all gradients or all parameters. */
void one_process_agrees(const struct one_process *truth, const struct trained *run,
                        struct tensor *expected, const char *when, int step, const char *ending);

/* Two training steps of a schedule, on this machine or a simulated one, agree in all. */
void one_process_agrees_in_two_steps(bool simulated, int ranks, const char *arguments,
                                     const char *schedule);

/* What a stage wrote "before" or "after" a step; to be freed by tensor_file_free. */
struct tensor_file *one_process_read(const struct trained *run, int stage, const char *when,
                                     int step);

#endif
