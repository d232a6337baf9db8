/*
 * A run of a pipeline that never was, for tests of judges.
 *
 * The stages of all ranks are computed one after the other in this process, with
 * the kit's stage interface and a batch cut into micro-batches, and the evidence
 * is written as the driver would write it. A sabotage makes one thing wrong on
 * the way.
 */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_MADE_RUN_H
#define ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_MADE_RUN_H

#include "common/files/tensor_file.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"
#include "grader/verdict/judge.h"
#include "tests/support/script.h"

#define MADE_RANKS 6

enum sabotage {
    NO_SABOTAGE,
    NOT_DIVIDED,
    DIVIDED_TWICE,
    DIVIDED_AT_EVERY_STAGE,
    OVERWRITTEN,
    REVERSED,
    LAST_DROPPED,
    NOT_ZEROED,
    STEP_PER_MICRO_BATCH,
    BUFFER_REUSED,
    NOT_WAITED_FOR,
    INPUT_GRADIENT_ZERO,
    GRADIENT_NAN,
    NO_OPTIMIZER_STEP,
    NO_NEEDLESS_STEP, /* none where there are no parameters: no sabotage at all */
    SLIGHTLY_WRONG    /* one element of one gradient, far beyond rounding */
};

struct made_run {
    struct outcome outcome;
    struct judgement judgement;
    struct options options;
    struct model *model;
    int ranks, micro_batches;
    struct stage *stage[MADE_RANKS];
    struct optimizer *optimizer[MADE_RANKS];
    struct batch *batch;
    struct script *script; /* [ranks] */
    char folder[64];
};

struct options made_options(const char *arguments);

/* first_layer: ranks + 1 numbers. */
struct made_run *made_run_new(const char *arguments, int ranks, const int *first_layer);
void made_run_free(struct made_run *run);

/* One training step of all ranks. */
void made_step(struct made_run *run, int step, enum sabotage sabotage);
/* Trains all steps of the options, with the sabotage in each, and writes what they ask for. */
const struct judgement *made_train(struct made_run *run, enum sabotage sabotage);
/* Ends the logs and gives the judgement for a judge. */
const struct judgement *made_finish(struct made_run *run);

/* ---- parts of a step, for tests that make their own --------------------------- */

/* Adds what was charged since `before` to the rank's log as one computation. */
void made_compute(struct made_run *run, int rank, enum log_operation operation, int i,
                  uint64_t before);
/* Records the losses of the first `parts` micro-batches. */
void made_losses(struct made_run *run, int parts);

/* Writes the gradients behind a step, or parameters and state before one, of all ranks. */
void made_dump(struct made_run *run, int step);
void made_snapshot(struct made_run *run, int step);
/* Is the step among those that an option lists? */
bool made_is_listed(const int *list, int count, int step);
/* Adds a flat tensor of a rank to a file, parameter by parameter; writes and frees the file. */
void made_add(struct made_run *run, struct tensor_file *file, int rank, struct tensor *flat,
              const char *ending);
void made_write(struct made_run *run, struct tensor_file *file, int rank, const char *when,
                int step);

#endif
