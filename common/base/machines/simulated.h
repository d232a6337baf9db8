/*
 * What the simulated machine offers to the parts of the kit that are made for it alone.
 */
#ifndef COMMON_BASE_MACHINES_SIMULATED_H
#define COMMON_BASE_MACHINES_SIMULATED_H

#include <stddef.h>

/* Each piece has one user. */
enum simulated_memory { SIMULATED_MEETINGS, SIMULATED_AGREEMENTS, SIMULATED_MEMORIES };

/* Memory that all ranks share, at first all zero. It stays until the program ends. */
void *simulated_shared_memory(enum simulated_memory which, size_t bytes);

#endif
