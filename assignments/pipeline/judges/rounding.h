/*
 * Was a tensor rounded on its way?
 *
 * Fingerprints say that two tensors differ and not by what. But one of the two can be computed: who
 * has the numbers that left a stage makes the copies that a program may make of them (in bfloat16, in
 * float16, in whole numbers …) and looks whether one of them has the fingerprint of what arrived. Equal
 * fingerprints are the same bytes, so this proves it.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_ROUNDING_H
#define ASSIGNMENTS_PIPELINE_JUDGES_ROUNDING_H

#include "common/base/tensor.h"

/* "rounded to bfloat16" and the like, if a copy of the tensor (float32) that is changed in this way has
 * this fingerprint; NULL: none that is known. The string lives on. */
const char *rounding_find(const struct tensor *tensor, uint64_t fingerprint);

#endif
