/*
 * PyTorch in a process of its own: a script of this folder, started with the interpreter that the environment
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

/* argument: the script's, or NULL. */
struct pytorch pytorch_start(const char *script, const char *argument);
void pytorch_end(struct pytorch *pytorch);

/* Adds the times of so many steps of a network or a layer, by its name in networks.py or layers.py. */
void pytorch_steps(struct pytorch *pytorch, const char *name, int batch, int threads, int steps,
                   struct times *times);

/* Of bench_pytorch_gpu.py: the milliseconds of one step, of so many in a row. 0 where PyTorch could not take them, which
 * is then said on standard error. */
double pytorch_row(struct pytorch *pytorch, const char *name, int batch, int steps);

#endif
