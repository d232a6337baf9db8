/*
 * Judge "combination" (combination.c), and its parts.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_COMBINATION_COMBINATION_H
#define ASSIGNMENTS_MEMORY_JUDGES_COMBINATION_COMBINATION_H

#include "grader/evidence/evidence.h"

judge_function memory_judge_combination;

/* Where a rank is: rank = slice + slices * (replica + replicas * stage). */
struct combination_place {
    int slices, replicas;
};
static inline int memory_combination_replica(struct combination_place place, int rank)
{
    return rank / place.slices % place.replicas;
}

/* Is each step between two snapshots that of one process with the samples that all ranks had? Else false, and a failure.
 * (combination_numbers.c) */
bool memory_combination_numbers_are_right(const struct outcome *run, struct combination_place place,
                                          struct verdict *verdict);

#endif
