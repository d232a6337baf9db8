/*
 * The driver: the one main loop that runs every assignment's program.
 *
 * It reads the options, starts MPI and the log, builds the model, lets the
 * assignment build this rank's stages and open its data, and then trains: fetch
 * the batch, take the student's step, write curve, snapshots and progress. An
 * assignment adds training steps, options and probes (`--probe`: small runs that
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
 * Checkpoints (--checkpoint, --resume), from which a run that was killed goes on: driver_checkpoint.h.
 *
 * Evidence, in the folder of --evidence:
 *   rank-R.log                        the log
 *   rank-R.stage-S.before-K.safetensors
 *                                     before step K (--snapshots), of stage S as rank R holds it:
 *                                     parameters "layers.L.NAME" and optimizer state
 *                                     "layers.L.NAME.STATE"; running averages "layers.L.NAME"
 *   rank-R.stage-S.after-K.safetensors
 *                                     after step K (--dump-gradients): gradients
 *                                     "layers.L.NAME.gradient" and, of the last stage on a rank
 *                                     that computed the loss, "outputs" (batch, classes), of
 *                                     tokens (batch, tokens, classes), and "loss" (1)
 * Metadata of both: "steps_done", "rank", "first_layer", "layers"; "forward_flops" and "backward_flops",
 * what the layers say that a sample costs. A snapshot before the
 * step behind the last one (K = --steps) shows how training ended. What a probe writes, its
 * assignment says. --against trains a second time, after the first; the log then holds both.
 *
 * These names are of wholes. A rank may hold less: a slice of a parameter (struct parameter), a
 * flat range of an arena (struct arena_held: then the file has "arena", "arena.STATE" or
 * "arena.gradient"), the outputs of some classes (batch_replace_loss), or of some samples (run->samples: then "loss" is a slice, too,
 * one number for each so many samples; run->share: one for each sample, that of its micro-batch). The file says which part it has (files/tensor_parts.h). A
 * program adds what else it holds by trained_stage.store. Several ranks may hold the same.
 */
#ifndef COMMON_DRIVER_DRIVER_H
#define COMMON_DRIVER_DRIVER_H

#include "common/driver/options.h"
#include "common/files/tensor_parts.h"
#include "common/training/batch.h"

#include <jansson.h>
#include <mpi.h>

/* Which numbers of a stage's arena are this rank's to tell: the evidence has no others. */
enum arena_extent { HOLDS_ALL, HOLDS_RANGE, HOLDS_NOTHING };
struct arena_held {
    enum arena_extent extent;
    size_t begin, end; /* of HOLDS_RANGE: elements of the arena */
};

struct run;
struct trained_stage;
/* Adds tensors to the evidence of a stage, whose arena the file knows as DRIVER_ARENA:
 * tensor_file_add_range(file, "arena.gradient", shard, DRIVER_ARENA, ".gradient", begin), or
 * tensor_file_add_slice. `after`: after a step, gradients; else before one. */
typedef void driver_store_function(const struct run *run, const struct trained_stage *one,
                                   bool after, struct tensor_file *file);
#define DRIVER_ARENA "stage"

/* One of the stages that this rank trains, with what updates it. */
struct trained_stage {
    struct stage *stage;
    struct optimizer *optimizer;
    /* All zeros: everything is told, by the driver. A program that shards sets them in `begin`. */
    struct arena_held parameters, gradients, state;
    driver_store_function *store; /* NULL: there is nothing else */
    /* A run went on from a checkpoint: the stage and its optimizer now have all numbers, also those that
     * this rank does not hold. A program that keeps what it trains elsewhere (HOLDS_NOTHING) takes it over.
     * NULL: it is where the driver put it. */
    void (*restored)(struct run *run, struct trained_stage *one);
};

/* Samples first, …, first + count - 1 of a batch; count 0: all of them. */
struct samples {
    int first, count;
};

/* What a rank has of a step's batch where ranks share it: samples of `whole`, from the place `first` on. */
struct share {
    int first, samples, whole;
};

struct run {
    const struct options *options;
    const struct step *step; /* what trains; NULL for a probe */
    MPI_Comm comm; /* MPI_COMM_WORLD, or with --reverse-ranks one that counts the other way */
    int rank;      /* in comm */
    int ranks;
    const struct model *model;
    int most_samples;  /* of a batch, on this rank */
    int micro_batches; /* that these are cut into, in this step */
    struct batch *batch;
    struct samples samples; /* whose outputs and loss this rank tells; set in `begin` */
    struct share share; /* of this step, where ranks share its batch (struct sharing); else zeros */
    bool sums_tied_gradients; /* the program's */
    /* Set in `build`: the stages that come are made without optimizers, and the program makes them itself, in `begin`:
     * trained_stage.optimizer, which the driver frees. */
    bool own_optimizers;
    int stages; /* of this rank */
    struct trained_stage *trained;
    void *own;                       /* the assignment's, from begin to end */
    struct checkpoints *checkpoints; /* the driver's */
};

struct step {
    const char *name;
    const char *what; /* one line for --help */
    void (*take)(struct run *run);
};

struct probe {
    const char *name;
    const char *what;
    void (*run)(struct run *run); /* model is set; batch and stages are not there */
};

/* For a program whose ranks share each batch. */
struct sharing {
    /* How many samples of a batch this rank may have, at the most. */
    int (*most_samples)(const struct run *run);
    /* How many steps an epoch of so many samples has. */
    int (*steps_per_epoch)(const struct run *run, int samples);
    /* Before each step: finds out which samples are this rank's, and says so by driver_share. */
    void (*load)(struct run *run, int step);
};

struct program {
    const char *name; /* the assignment's */
    const struct own_options *options;
    /* Where a layer is tied to the model's first parameter and they are on two stages, the program adds
     * up the two gradients (stage_tied_gradients) before either steps. Otherwise such stages are
     * refused. */
    bool sums_tied_gradients;
    const struct step
        *steps; /* ends with a NULL name; the first is meant where none is named. NULL:
                                 it trains nothing */
    const struct probe *probes; /* ends with a NULL name, or NULL */
    /* Before the model is made, with options and ranks known: may put layers of students in place of the
     * kit's (layer_replace_with). NULL: nothing to do. */
    void (*layers)(struct run *run);
    /* Do the options go together, whatever is to run? If not, false, and why and what to do. Asked
     * first, when the names of steps are known to exist; and before any rank is started (tools/launch
     * --ask-first), without MPI: then comm is MPI_COMM_NULL, ranks is how many there would be, and
     * `layers` was not called. So for `check`. NULL: they do. */
    bool (*fits)(const struct run *run, char *reason, size_t reason_size);
    /* May run->step be taken? If not, false, and a reason as above. NULL: it may. */
    bool (*check)(struct run *run, char *reason, size_t reason_size);
    const struct sharing *sharing;         /* NULL: every rank is given the whole batch … */
    bool (*shares)(const struct run *run); /* … and where this says no; NULL: it says yes */
    /* Makes this rank's stages (driver_add_stage). */
    void (*build)(struct run *run);
    /* Batch and stages are there: open the data, make what `own` needs. */
    void (*begin)(struct run *run);
    /* --compare: after the first step; returns whether all agreed. NULL: there is no such thing. */
    bool (*compare)(struct run *run);
    /* Frees what begin made. NULL: nothing to do. */
    void (*end)(struct run *run);
};

/* The main function of an assignment's program. Exit status: 0 done, 1 failed, 2 refused. */
int driver_main(int argc, char **argv, const struct program *program);

/* For `build`: one more stage of this rank, with an optimizer. The driver frees both. The caller fills
 * in index, stages, first_layer and layers; the rest is the run's. */
void driver_add_stage(struct run *run, struct stage_options options);

/* For `load` of struct sharing: this rank's samples of the step that comes, by their numbers in the data set,
 * share.samples of them. */
void driver_share(struct run *run, int step, const int *sample, struct share share);

/* For probes: writes NAME in the evidence folder and gives the value back; fatal if that fails. */
void driver_probe_write(const struct run *run, const char *name, json_t *value);
/* A whole number from lowest to highest, number `*counter` of the seed's; counts on. */
int driver_probe_draw(const struct run *run, uint64_t *counter, int lowest, int highest);

#endif
