/*
 * Work from inside: for the files of this folder.
 */
#ifndef COMMON_KERNELS_WORK_PARTS_H
#define COMMON_KERNELS_WORK_PARTS_H

#include "common/kernels/work/work.h"

/* Pieces within pieces: a residual within a residual, and so on. */
enum { WORK_MOST_OPEN = 64 };

/* Of the same kind and size? And a number that is the same for those that are. */
bool work_same(const struct work *a, const struct work *b);
size_t work_hash(const struct work *work);
/* Bytes that this process goes through in a step: parameters, gradients, and the most activations that
 * there were at once. */
double work_resident(void);

/* measured.c */
bool work_is_measured(void);
void work_measure_begin(struct work work);
void work_measure_end(void);

/* timed.c: a table whose functions are pieces of work and call those of `table`. There is only one:
 * it calls those of the table that was asked for last. */
const struct kernels *timed_table(const struct kernels *table);

#endif
