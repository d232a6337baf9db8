/*
 * The command line of every assignment's program (argp: --help lists it).
 *
 * The judge reads a run's options with the same parser as the program did.
 */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include "common/loss.h"
#include "common/optimizer.h"

#include <limits.h>

#define OPTIONS_MAX_STEPS 16

struct options {
    char schedule[32];                  /* --schedule: which of the assignment's training steps */
    char model[64];                     /* --model */
    char dataset[96];                   /* --data */
    enum loss_kind loss;                /* --loss cross-entropy|mean */
    int batch_size;                     /* --batch */
    int micro_batches;                  /* --micro-batches */
    int chunks;                         /* --chunks: stages per rank (interleaved schedules) */
    enum device device;                 /* --device cpu|meta */
    int steps;                          /* --steps; 0: as many as the epochs have (with
                                           --compare and no --steps: 1) */
    int epochs;                         /* --epochs */
    struct optimizer_options optimizer; /* --optimizer sgd|adamw, --learning-rate, --momentum */
    uint64_t seed;                      /* --seed */
    bool uneven;      /* --uneven: stages of different numbers of layers are wanted */
    bool compare;     /* --compare: compare the first step with the baseline */
    char corrupt[64]; /* --corrupt outputs|gradients:LAYER: spoil one number before comparing */
    char probe[32];   /* --probe: run one of the assignment's probes instead of training */
    char evidence[PATH_MAX]; /* --evidence: folder for log and tensors; empty: none */
    char curve[PATH_MAX];    /* --curve: file for the learning curve; empty: none */
    int snapshots;           /* --snapshots 0,100: before these steps, store parameters and state */
    int snapshot[OPTIONS_MAX_STEPS];
    int gradient_dumps; /* --dump-gradients 0,1: after these steps, store gradients, outputs */
    int gradient_dump[OPTIONS_MAX_STEPS];
    char against[32]; /* --against: a second schedule, to show beside the first; empty: none */
    bool report;      /* --report: step time, bubble, utilisation and memory at the end */
    bool quiet;       /* --quiet: no progress line */
};

#define OPTIONS_ERROR_SIZE 512

struct options options_defaults(void);
/* The program's own parsing: on an error, prints it and exits with status 2; --help exits with
 * status 0. Under mpirun rank 0 alone prints. */
void options_parse(struct options *options, int argc, char **argv);
/* Text that --help prints behind the options; it must stay valid. */
void options_describe(const char *text);
/* For the judge: false and an error instead of an exit. argv[0] is the program's name. */
bool options_read(struct options *options, int argc, char **argv, char error[OPTIONS_ERROR_SIZE]);

#endif
