/*
 * What the driver's files share: driver.c (the program from begin to end),
 * driver_check.c (do the options go together?), driver_reach.c (do messages get through?),
 * driver_data.c (do all ranks see the same data?), driver_train.c (the steps), driver_state.c (what
 * a rank holds of its stages), driver_evidence.c (tensor files and facts), driver_checkpoint*.c
 * (driver_checkpoint.h), driver_memory.c (memory over time), driver_progress.c (the progress line) and
 * driver_usage.c (how well the ranks were used), driver_device.c (the GPU that they use).
 */
#ifndef COMMON_DRIVER_DRIVER_PARTS_H
#define COMMON_DRIVER_DRIVER_PARTS_H

#include "common/driver/driver.h"
#include "common/files/curve.h"

/* ---- driver_check.c ---------------------------------------------------------------------------- */

#define REASON_SIZE 1024

/* What --help says of the program's steps and probes. Stays for the whole run. */
const char *driver_describe(const struct program *program);
/* The step (empty: the first) or the probe of that name, or NULL. */
const struct step *driver_find_step(const struct program *program, const char *name);
const struct probe *driver_find_probe(const struct program *program, const char *name);
/* False, and a reason, if this run can't be: names that don't exist, options that don't go
 * together. */
bool driver_options_fit(const struct program *program, const struct run *run,
                        char reason[REASON_SIZE]);
/* Has a micro-batch of this step as many samples as the model needs? If not, false, and a reason. Where ranks
 * share a batch, the program's own check knows. */
bool driver_samples_suffice(const struct run *run, char reason[REASON_SIZE]);

/* ---- driver_train.c ----------------------------------------------------------------------------- */

/* The program's, if this run's ranks share batches; else NULL. */
const struct sharing *driver_sharing(const struct program *program, const struct run *run);

/* ---- driver_data.c ----------------------------------------------------------------------------- */

/* Can every rank use the data, and are they the same for all? If not, the first rank for which they are not
 * has said so. All ranks call it, and get the same answer. */
bool driver_data_is_the_same(const struct run *run);

/* ---- driver_state.c ---------------------------------------------------------------------------- */

/* A part of a whole, as a view that lasts as long as the call. */
typedef void driver_part_function(const char *whole, struct tensor *part, const struct slice *slice,
                                  void *user);
/* Calls `each` for the parameters of a stage in the order of its arena, as parts of `flat`, which is as
 * long as the arena; their wholes' names: "layers.L.NAME" + ending. */
void driver_state_for_each(struct stage *stage, struct tensor *flat, const char *ending,
                           driver_part_function *each, void *user);
/* The same for running averages: nobody's gradients move them, but training does. */
void driver_state_for_each_average(struct stage *stage, driver_part_function *each, void *user);
/* ".momentum_buffer": the ending of the optimizer's state `i`, written into `ending`. */
const char *driver_state_ending(const struct trained_stage *one, int i, char ending[64]);

/* Does a rank hold ranges of the stage's arena, or nothing of it, rather than all? */
bool driver_state_is_in_ranges(const struct trained_stage *one);
/* Describes the stage's arena in a file, where a rank may hold a range of it. */
void driver_state_describe(struct tensor_file *file, const struct trained_stage *one);
/* Adds what this rank holds of `flat`, which is as long as the stage's parameters: them, or of the
 * ending's kind. */
void driver_state_add_held(struct tensor_file *file, struct stage *stage, struct tensor *flat,
                           const char *ending, const struct arena_held *held);
/* Adds parameters, optimizer state and running averages; what the program stores itself, it adds. */
void driver_state_add(struct tensor_file *file, const struct trained_stage *one);

/* ---- driver_reach.c ---------------------------------------------------------------------------- */

/* Where REACH_SECONDS is set, which tools/launch does for ranks on several computers: each rank exchanges a
 * byte with each other one. Fatal, with both named, if that has not gone well after so many seconds. All processes
 * of MPI_COMM_WORLD call it. */
void driver_ranks_must_reach_each_other(void);

/* ---- driver_evidence.c: nothing is written where the options ask for nothing ------------------- */

/* Makes the folder of --evidence if it is not there. */
void driver_evidence_folder(const struct options *options);
/* Writes rank-R.stage-S.before-K.safetensors if --snapshots names this step. */
void driver_evidence_before_step(const struct run *run, int step);
/* Writes rank-R.stage-S.after-K.safetensors if --dump-gradients names this step. */
void driver_evidence_after_step(const struct run *run, int step);
/* Before the end of a step: records what the program made in it and still holds (LOG_HELD). */
void driver_evidence_held(void);
/* Notes what the process holds before the first step. */
void driver_evidence_before_training(void);
/* Records live and peak bytes of every kind of memory, and of the process (log_operations.h). */
void driver_evidence_memory(void);

/* ---- driver_memory.c: memory over time, for --log-memory ---------------------------------------- */

/* Right behind log_open: from now on allocations and releases by kind are in the log, at most
 * options->log_memory of a step. Beyond that, as many again for new peaks alone, each with the sum of
 * what was left out. */
void driver_memory_begin(const struct options *options);
/* Right before the begin, and before the end, of a step. */
void driver_memory_step(void);

/* ---- driver_progress.c ------------------------------------------------------------------------- */

struct progress {
    bool shown;
    bool terminal; /* one line, written again and again; otherwise a line now and then */
    int steps;     /* of the whole run */
    int batch_size;
    double began; /* driver_seconds() at the start of training */
    double told;  /* … when the line was last written */
    /* The same by the clock of whoever waits for the run, who is not on the simulated cluster. */
    double wait_began, wait_told;
    double wait_came; /* when this process began, whatever went before … */
    int first;        /* … with this step */
    int told_step;
};

double driver_seconds(void); /* of a clock that only goes forward */

/* shown: is this the rank that reports? */
struct progress driver_progress_begin(const struct options *options, int steps, bool shown);
/* It begins with step `first`, after so many seconds of training: says so, unless it is the very first. */
void driver_progress_goes_on(struct progress *progress, int first, double seconds);
void driver_progress_step(struct progress *progress, const struct curve_point *point);
void driver_progress_end(struct progress *progress);

/* ---- driver_device.c ----------------------------------------------------------------------------- */

/* The GPU that the options ask for; where they ask for none, nothing happens. All ranks call it. */
void driver_device_open(const struct options *options);
/* "on NVIDIA H100 80GB HBM3, shared by 2 ranks", "on emulated"; empty: the run uses no GPU. */
const char *driver_device_text(void);
/* Returns when a GPU has done what it was asked for. */
void driver_device_wait(void);

/* ---- driver_usage.c: how a rank spent the time of its training steps ---------------------------- */

struct usage {
    const char *step;       /* its name */
    bool timed;             /* somebody wants to know: a step ends when its GPU is done */
    int steps;              /* that are counted */
    uint64_t began, ended;  /* of the step: machine_clock() */
    uint64_t busy_before;   /* log_busy() at the begin of the step */
    double seconds;         /* sum over the counted steps */
    double busy;            /* of that, spent in computations */
    size_t activation_peak; /* bytes */
    size_t peak;            /* bytes: the sum over the device's kinds, each at its own peak */
    size_t host_peak;       /* bytes in the host's memory */
    uint64_t launches; /* of the GPU's kernels and products: in the last step; before it, so far */
};

/* Begins to count; peaks of memory are counted from here on. */
struct usage driver_usage_begin(const struct run *run);
void driver_usage_before_step(struct usage *usage);
void driver_usage_after_step(struct usage *usage);
void driver_usage_end(struct usage *usage);
/* All ranks call them, rank 0 prints: step time, bubble, utilisation and memory per rank … */
void driver_usage_report(const struct run *run, const struct usage *usage);
/* … and the same of two training steps side by side, with the speed-up of the first. */
void driver_usage_compare(const struct run *run, const struct usage *own,
                          const struct usage *other);

/* ---- driver_train.c ---------------------------------------------------------------------------- */

/* Trains from the beginning with run->step. curve: the file for it; empty: none. */
struct usage driver_train(struct run *run, const struct program *program, const char *curve);

#endif
