/*
 * When a program is told of a layer before it runs, and what is computed between two of these moments: for who judges what is
 * fetched ahead of its layer.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_LAYER_MOMENTS_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_LAYER_MOMENTS_H

#include "common/log/log_reader.h"

/* Is the program told of a layer before its forward, or its backward? */
bool memory_zero_is_before_layer(const struct log_record *record);
/* Of the same micro-batch, in the same direction? */
bool memory_zero_same_pass(const struct log_record *a, const struct log_record *b);
/* How long is computed between two records, the optimizer's steps aside? Nanoseconds. */
double memory_zero_computed(const struct log_file *log, size_t from, size_t until);

#endif
