/*
 * PyTorch in a process of its own: bench_pytorch.py, started with the interpreter that the environment
 * variable PYTHON names (python3). While it isn't asked for anything it waits and uses no processor.
 */
#ifndef BENCH_PYTORCH_H
#define BENCH_PYTORCH_H

#include "bench/timing.h"

#include <stdio.h>
#include <sys/types.h>

struct pytorch {
    FILE *ask, *answer; /* NULL: PyTorch can't be imported */
    pid_t process;
    char version[64];
};

struct pytorch pytorch_start(void);
void pytorch_end(struct pytorch *pytorch);

/* Adds the times of so many steps of a network or a layer, by its name in networks.py or layers.py. */
void pytorch_steps(struct pytorch *pytorch, const char *name, int batch, int threads, int steps,
                   struct times *times);

#endif
