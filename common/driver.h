/*
 * The driver: the one main loop that runs every assignment.
 *
 * It reads the options, starts MPI and the log, builds the model, lets the
 * assignment place this rank's stage and open its data, and then trains: fetch
 * the batch, take the student's step, write curve, snapshots and progress. An
 * assignment adds steps (`--schedule`) and probes (`--probe`: small runs that
 * show one function at work).
 *
 * The last thing it does is to write LOG_FINAL (value: the exit status), after
 * MPI_Finalize has returned: a rank that crashes or hangs in it lacks the record.
 * A fatal error on one rank ends all of them with status 1, without LOG_FINAL.
 *
 * The driver calls PMPI_*, so that the log holds the student's messages only;
 * of its own it records LOG_FINALIZE, so that a rank that waits for the others
 * there can be told from one that hangs.
 *
 * Evidence, in the folder of --evidence:
 *   rank-R.log                        the log
 *   stage-S.before-K.safetensors      before step K (--snapshots): parameters
 *                                     "layers.L.NAME" and optimizer state "layers.L.NAME.STATE"
 *   stage-S.after-K.safetensors       after step K (--dump-gradients): gradients
 *                                     "layers.L.NAME.gradient" and, of the last stage on a rank
 *                                     that computed the loss, "outputs" (batch, classes) and
 *                                     "loss" (1)
 * Metadata of both: "steps_done", "rank", "first_layer", "layers". A snapshot before the
 * step behind the last one (K = --steps) shows how training ended. What a probe writes, its
 * assignment says. --against trains a second time, after the first; the log then holds both.
 */
#ifndef COMMON_DRIVER_H
#define COMMON_DRIVER_H

#include "common/batch.h"
#include "common/options.h"

#include <mpi.h>

/* One of a rank's stages, with what updates it. */
struct chunk {
    struct stage *stage;
    struct optimizer *optimizer;
};

struct run {
    const struct options *options;
    const struct step *step; /* what trains; NULL for a probe */
    MPI_Comm comm;
    int rank;
    int ranks;
    const struct model *model;
    int micro_batches; /* of this step: 1 where it takes the whole batch */
    struct batch *batch;
    int chunks; /* stages on each rank: chunk c of rank r is stage c · ranks + r */
    struct chunk *chunk;
    void *own; /* the assignment's, from begin to end */
};

struct step {
    const char *name;
    const char *what;  /* one line for --help */
    bool whole_batch;  /* one micro-batch, whatever --micro-batches says */
    bool one_process;  /* wants to be alone */
    bool chunked;      /* may have several stages per rank (--chunks; 2 unless given) */
    bool asynchronous; /* parameters change within a step: the log says which ones were used */
    void (*take)(struct run *run);
};

struct probe {
    const char *name;
    const char *what;
    void (*run)(struct run *run); /* model is set; batch and chunk are NULL */
};

struct assignment {
    const char *name;
    const struct step *steps; /* ends with a step whose name is NULL; the first is the default */
    const struct probe *probes;
    /* May this run be? If not, false, and why and what to do instead. */
    bool (*check)(struct run *run, char *reason, size_t reason_size);
    /* Which layers of the model are stage->index's: fills first_layer and layers. */
    void (*place)(struct run *run, struct stage_options *stage);
    /* batch and chunks are there: open the data, make what `own` needs. */
    void (*begin)(struct run *run);
    /* --compare: after the first step; returns whether all agreed. */
    bool (*compare)(struct run *run);
    void (*end)(struct run *run);
};

/* The main function of an assignment's program. Exit status: 0 done, 1 failed, 2 refused. */
int driver_main(int argc, char **argv, const struct assignment *assignment);

#endif
