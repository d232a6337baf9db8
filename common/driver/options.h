/*
 * The command line of every assignment's program (argp: --help lists it).
 *
 * The judge reads a run's options with the same parser as the program did. What
 * only one assignment has it adds itself, as struct own_options, in a file
 * without MPI that both sides link.
 */
#ifndef COMMON_DRIVER_OPTIONS_H
#define COMMON_DRIVER_OPTIONS_H

#include "common/mpi/staged_way.h"
#include "common/training/loss.h"
#include "common/training/optimizer.h"

#include <argp.h>
#include <limits.h>
#include <stddef.h>

#define OPTIONS_MAX_STEPS          16
#define OPTIONS_MOST_SAMPLES       1000000 /* of a batch */
#define OPTIONS_MOST_MICRO_BATCHES 65536

#define OPTIONS_LOG_MEMORY    20000     /* of --log-memory without a number */
#define OPTIONS_MOST_LOG_DATA (1 << 24) /* bytes: three times that in the log */

#define OPTIONS_OWN_BYTES 128 /* room for the values of an assignment's own options */

struct options {
    const struct own_options *assignment; /* whose program it is; NULL: it adds nothing */
    char step[32];                        /* which of its training steps; empty: its only one */
    char model[64];                       /* --model */
    char dataset[96];                     /* --data */
    enum loss_kind loss;                  /* --loss cross-entropy|mean */
    int batch_size;                       /* --batch */
    int micro_batches;                    /* --micro-batches: see options_micro_batches */
    enum device device;                   /* --device cpu|meta|cuda|emulated */
    char back_end[16];                  /* of DEVICE_CUDA: "cuda" or "emulated"; empty for others */
    bool tf32;                          /* --tf32: products on the GPU are of numbers of 10 bits */
    enum staged_way messages;           /* --messages staged|direct: of tensors on a GPU */
    bool reverse_ranks;                 /* --reverse-ranks: see options_rank_of_process */
    int steps;                          /* --steps; 0: as many as the epochs have (with
                                             --compare and no --steps: 1) */
    int epochs;                         /* --epochs */
    struct optimizer_options optimizer; /* --optimizer sgd|adamw, --learning-rate, --momentum */
    uint64_t seed;                      /* --seed */
    bool compare;                       /* --compare: compare the first step with the baseline */
    char probe[32];          /* --probe: run one of the assignment's probes instead of training */
    char evidence[PATH_MAX]; /* --evidence: folder for log and tensors; empty: none */
    char curve[PATH_MAX];    /* --curve: file for the learning curve; empty: none */
    int snapshots;           /* --snapshots 0,100: before these steps, store parameters and state */
    int snapshot[OPTIONS_MAX_STEPS];
    int gradient_dumps; /* --dump-gradients 0,1: after these steps, store gradients, outputs */
    int gradient_dump[OPTIONS_MAX_STEPS];
    int checkpoint; /* --checkpoint: after so many steps, again and again, store what it takes to go on;
                       0: never */
    bool resume;                      /* --resume: go on from the last checkpoint */
    char checkpoint_folder[PATH_MAX]; /* --checkpoint-folder: where they are; empty: nowhere */
    int log_data; /* --log-data: collectives' payloads of up to that many bytes go into the log */
    char against[32]; /* --against: a second training step, to show beside the first; empty: none */
    int log_memory; /* --log-memory[=N]: log allocations, at most so many records a step; 0: none */
    bool report;    /* --report: step time, bubble, utilisation and memory at the end */
    bool quiet;     /* --quiet: no progress line */
    unsigned char own[OPTIONS_OWN_BYTES]; /* the assignment's own, for it alone to read and write */
};

/* Takes one option of the assignment's, "--colour", and its value. */
typedef void options_say(void *user, const char *option, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What an assignment adds to the command line of its program. */
struct own_options {
    /* What it calls its training steps, if it has several: "schedule" makes the option --schedule
     * NAME. NULL: there is one, and no such option. */
    const char *step_word;
    /* Its further options, a child of the program's parser (glibc's manual, "Argp Children"): the
     * input is a struct parsing (options_parts.h), keys begin with OPTIONS_OWN_KEYS. */
    const struct argp *argp;
    /* Fills in the defaults of `step` and `own`. */
    void (*defaults)(struct options *options);
    /* Into how many micro-batches its training step `options->step` cuts a batch; NULL: as many as
     * --micro-batches says. */
    int (*micro_batches)(const struct options *options);
    /* Says those of its further options that decide what a run computes, given or not, in the words of one
     * spelling: a run goes on from a checkpoint of one that says the same. One that means nothing beside the
     * others is not said. Wherever there is `argp`. */
    void (*meaning)(const struct options *options, options_say *say, void *user);
};

enum { OPTIONS_OWN_KEYS = 4096 };

#define OPTIONS_ERROR_SIZE 512

/* own: the assignment's, which must stay as they are; NULL: it has none. */
struct options options_defaults(const struct own_options *own);
/* The program's own parsing: on an error, prints it and exits with status 2; --help prints the
 * options and `description` and exits with status 0. Under mpirun rank 0 alone prints. */
void options_parse(struct options *options, const struct own_options *own, const char *description,
                   int argc, char **argv);
/* For the judge: false and an error instead of an exit. argv[0] is the program's name. */
bool options_read(struct options *options, const struct own_options *own, int argc, char **argv,
                  char error[OPTIONS_ERROR_SIZE]);

/* Into how many micro-batches a batch is cut: 1 where the training step takes it as a whole. */
int options_micro_batches(const struct options *options);

/* The rank that a process has in the run's communicator, of which everybody speaks (log, evidence,
 * report). It is that in MPI_COMM_WORLD or, with --reverse-ranks, counted from the other end: a
 * program that mixes the two up must not go unnoticed. */
int options_rank_of_process(const struct options *options, int world_rank, int ranks);

#endif
