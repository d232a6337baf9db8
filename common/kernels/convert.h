/*
 * Tensors of 16 bits from float32 and back (sixteen_bits.h says how numbers are rounded). On the meta device
 * they have their sizes and no numbers.
 */
#ifndef COMMON_KERNELS_CONVERT_H
#define COMMON_KERNELS_CONVERT_H

#include "common/base/tensor.h"

/* Copies the elements: between float32, bfloat16 and float16, or within one dtype. As many of them, on one
 * device; fatal otherwise, and for int32. */
void tensor_convert(struct tensor *to, const struct tensor *from);

/* A new float32 tensor of a tensor of 16 bits. */
struct tensor *tensor_widened(const struct tensor *tensor, enum memory_kind kind);
/* A new tensor of 16 bits of a float32 one. */
struct tensor *tensor_narrowed(const struct tensor *tensor, enum dtype dtype,
                               enum memory_kind kind);

#endif
