/*
 * The time of whoever waits for a run. On a real machine it is the machine's own (machine_clock), and needs no
 * name; on the simulated cluster they differ, and what is said of the cluster's time has to say so.
 */
#ifndef COMMON_BASE_MACHINE_TIME_H
#define COMMON_BASE_MACHINE_TIME_H

#include <stdint.h>

/* Nanoseconds of a clock of this computer that only goes forward. */
uint64_t machine_waiting_clock(void);

/* What the machine's own time is called beside it: "simulated", or "" where it is the same. */
const char *machine_time_name(void);

#endif
