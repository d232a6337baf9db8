/*
 * What the simulated machine offers to the parts of the kit that are made for it alone.
 */
#ifndef COMMON_BASE_MACHINES_SIMULATED_H
#define COMMON_BASE_MACHINES_SIMULATED_H

#include "common/base/machine.h"

#include <stddef.h>

/* Each piece has one user. */
enum simulated_memory {
    SIMULATED_MEETINGS,
    SIMULATED_AGREEMENTS,
    SIMULATED_COMPUTATIONS,
    SIMULATED_MERGED,
    SIMULATED_MEMORIES
};

/* Memory that all ranks share, at first all zero. It stays until the program ends. */
void *simulated_shared_memory(enum simulated_memory which, size_t bytes);

/* computations.c: machine_compute_for, as far as time is concerned. */
void simulated_compute_together(struct duration duration);

/* simulated.c: lets so many seconds pass in which this rank has something to do. */
void simulated_be_busy_for(double seconds);

#endif
