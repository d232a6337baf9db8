/*
 * Calibrating: how fast this computer does what the kit's programs do, written as a
 * platform of the simulated cluster.
 *
 *     main.c      the order of things, and what is printed
 *     measure.c   alone and together
 *     training.c  steps of the models: the rates of all work in them (kernels/work.h)
 *     others.c    kernels that no model calls
 *     messages.c  messages between two processes
 *     file.c      the platform file
 *
 * The program is an MPI program of one process for each core. Work is measured where it is
 * done, in training steps, because there the caches hold what they hold in training; once
 * while the other processes sleep, once while they do the same.
 */
#ifndef COMMON_PLATFORMS_CALIBRATE_CALIBRATE_H
#define COMMON_PLATFORMS_CALIBRATE_CALIBRATE_H

#include "common/kernels/work/rates.h"

#include <stddef.h>

/* What is shorter is shorter than the clock can tell, and takes this. */
#define CALIBRATE_LEAST_SECONDS 1e-9

/* ---- measure.c ---- */

/* What one process alone did while it was measured. */
struct calibrate_speed {
    double flops, seconds;
};

/* Does some work at least once and for at least so many seconds alone, and as often in all processes
 * together. Called by all processes with the same work. */
void calibrate_measure(double seconds, void (*work)(void *user), void *user,
                       struct calibrate_speed *speed);

/* ---- training.c, others.c ---- */

/* Measure for about so many seconds. Called by all processes. */
struct calibrate_speed calibrate_train(double seconds);
void calibrate_others(double seconds, struct calibrate_speed *speed);

/* ---- messages.c ---- */

enum { CALIBRATE_SIZES = 12 };

struct calibrate_messages {
    double bytes[CALIBRATE_SIZES], seconds[CALIBRATE_SIZES]; /* one way, from send to receive */
    double rendezvous; /* bytes from which on a send waits for its receive */
};

/* Between the first two processes, of which there must be as many; called by all. Meaningful on rank
 * 0. */
struct calibrate_messages calibrate_exchange(int rank);

/* ---- file.c ---- */

/* Writes the platform; fatal if that is not possible. `rates`: as work_size() has them. */
void calibrate_write(const char *path, int cores, struct calibrate_speed speed,
                     const struct calibrate_messages *messages);
/* The name of the processor, as /proc/cpuinfo has it. */
const char *calibrate_processor(void);

#endif
