/*
 * What numbers of 16 bits are for: memory and messages of half the size. For ZeRO 0 and 1, where each rank has all
 * parameters and all gradients.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_MEMORY_H
#define ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_MEMORY_H

#include "assignments/memory/judges/mixed/mixed_snapshot.h"

/* The dtype of the run's gradients: float32 where room was made for float32, else the precision. With ZeRO 2 and 3 only
 * --log-memory tells. */
enum dtype mixed_dtype_of_gradients(const struct outcome *run, const struct mixed_truth *truth);

/* (--log-memory) Are the bytes of parameters, gradients and of the optimizer (masters included) on each rank those by formula, to the byte,
 * and does what ranks send have 16 bits, too? The shards are as the snapshot says. */
bool mixed_memory_is_right(const struct outcome *run, const struct mixed_truth *truth,
                           const struct mixed_snapshot *snapshot, struct verdict *verdict);

#endif
