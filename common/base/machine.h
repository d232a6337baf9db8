/*
 * The machine that the program runs on. One back end is linked:
 *
 *     machines/real.c        this computer: time is the wall clock's
 *     machines/simulated.c   a simulated cluster (SimGrid's SMPI): all ranks are
 *                            in one process, and time goes on only for what is
 *                            charged and sent, so that it is exact and the same
 *                            in every run
 *
 * Nobody else asks which of them it is.
 */
#ifndef COMMON_BASE_MACHINE_H
#define COMMON_BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "real" or "simulated". */
const char *machine_name(void);

/* Can there be GPUs in it? */
bool machine_may_have_gpus(void);

/* Nanoseconds of a clock that only goes forward. */
uint64_t machine_clock(void);

/* Lets that many floating-point operations take their time. On a real machine they took it
 * already. Called once per operation (see flops_spend), not once per kernel. */
void machine_compute(double flops);
/* How long a computation takes: while no other rank computes, and while as many do as there are
 * cores. (They share caches, memory and the processor's power.) */
struct duration {
    double alone, together; /* seconds */
};
/* Lets a computation of a known duration take its time: on a simulated cluster that is one computer
 * of `cores` cores (a property), with what other ranks compute meanwhile. */
void machine_compute_for(struct duration duration);
/* A property of a simulated cluster, as its platform file has it; NULL: there is none, or it is a real
 * machine. */
const char *machine_property(const char *name);
/* Floating-point operations per second by which machine_compute goes; infinite on a real machine. */
double machine_speed(void);

/* ---- the host: the computer that a rank's device is in, with memory of its own ------------------- */

enum machine_direction { MACHINE_TO_DEVICE, MACHINE_TO_HOST };
/* When a copy moves, in seconds of the machine's clock. On a real machine it has moved already. */
struct machine_transfer {
    double begins, ends;
};
/* Begins a copy over the rank's own link, and comes back at once. It takes latency + bytes / bandwidth
 * (properties host_latency and host_bandwidth); copies of one direction queue one behind the other, and the
 * two directions do not disturb each other. */
struct machine_transfer machine_transfer_begin(enum machine_direction direction, size_t bytes);
/* Lets time go on until then. */
void machine_wait_until(double seconds);
/* Lets a computation on the host's processor take its time: flops / host_speed, or bytes /
 * host_memory_bandwidth, whichever is longer. */
void machine_compute_on_host(double flops, double bytes);

/* The rank that runs now: `own` where each has a process of its own; where one process holds all of them,
 * the one whose turn it is, or -1 outside of all. */
int machine_rank_running(int own);

/* Before MPI_Init: is this the process that should speak for all of them? */
bool machine_is_first_process(void);

/* Ends all ranks at once with this exit status, if they are all in one process. Elsewhere it does
 * nothing: there it is MPI_Abort that ends the others. */
void machine_abort(int status);

/* The file of the running program, for questions about its source; empty if it is not known. */
const char *machine_program(void);

/* Bytes that the system holds in memory for this rank's process. All 0 where it has none of its
 * own, or the system does not say. */
struct resident_memory {
    size_t now, peak;
};
struct resident_memory machine_resident_memory(void);

/* Memory for data that nobody looks at, at least that many bytes and readable and writable: all
 * ranks and all callers get the same few pages again and again, and messages from and to it
 * carry nothing. It stays valid until the program ends. Fatal if there is none. */
void *machine_folded_memory(size_t bytes);
/* Does a buffer begin in it? Then there is nothing to see in it. */
bool machine_is_folded(const void *buffer);

/* An unsuccessful test or probe. On a simulated cluster time goes on until another rank does
 * something, but not for long; one on which every rank only polls ends the run with a message. */
void machine_polled(void);
/* What others may have polled for: this rank is about to begin an MPI call that is no poll … */
void machine_calls(void);
/* … and what ends a series of polls, too: a request that completed, or computation. */
void machine_progressed(void);

#endif
