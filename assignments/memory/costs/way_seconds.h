/* The time of a way to train; see costs.h. */
#ifndef ASSIGNMENTS_MEMORY_COSTS_WAY_SECONDS_H
#define ASSIGNMENTS_MEMORY_COSTS_WAY_SECONDS_H

#include "assignments/memory/costs/costs.h"

/* Fills in the times of *costs. */
void way_seconds_put(const struct job *job, const struct way *way, struct way_costs *costs);

#endif
