/*
 * Products of numbers that bfloat16 holds (bfloat16.c).
 */
#ifndef COMMON_KERNELS_PRODUCTS_BFLOAT16_H
#define COMMON_KERNELS_PRODUCTS_BFLOAT16_H

#include "common/kernels/cpu.h"

/* As the arguments of kernels->bfloat16_product. */
struct bfloat16_product {
    bool transpose_a, transpose_b; /* not both */
    int rows, columns, depth;
    const float *a, *b;
    float *c;
    bool add; /* += */
};

/* False, and nothing is done, where the processor has no such instructions. */
bool cpu_bfloat16_product_by_pairs(const struct bfloat16_product *product);

#endif
