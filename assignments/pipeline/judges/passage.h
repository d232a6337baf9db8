/*
 * What passes between two stages for one micro-batch: how large it is, and how a
 * tensor looks that nothing was put into.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_PASSAGE_H
#define ASSIGNMENTS_PIPELINE_JUDGES_PASSAGE_H

#include "common/base/tensor.h"

#include <stdint.h>

/* Every element of a tensor that a program has not written to, where the driver spoils memory
 * (common/base/memory.h). */
#define PASSAGE_UNFILLED UINT32_MAX

/* Bytes of one micro-batch of so many samples, each of that shape. */
uint64_t passage_bytes(struct shape sample, int samples);

/* The fingerprint of so many bytes in which every four are this element. */
uint64_t passage_fingerprint_of_all(uint32_t element, uint64_t bytes);

#endif
