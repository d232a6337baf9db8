/*
 * Matrix products by loops of our own: OpenBLAS first copies both matrices into a layout of its own,
 * which costs more than the product where one of them is used for a few rows only, and a tenth of it
 * where the weights are small. matrix_products.c chooses by shape who multiplies.
 *
 * All matrices are row-major; the distances from one row to the next are in elements. None of these
 * reads or writes beyond its arrays, whatever the sizes. The order in which the terms of a sum are
 * added depends on the sizes only.
 */
#ifndef COMMON_KERNELS_PRODUCTS_FEW_H
#define COMMON_KERNELS_PRODUCTS_FEW_H

#include "common/kernels/cpu.h"

/* The compiler would rather load a vector anew for each multiplication. */
#ifdef __AVX512F__
#define CPU_KEEP_IN_REGISTER(vector) __asm__("" : "+v"(vector))
#else
#define CPU_KEEP_IN_REGISTER(vector) (void)(vector)
#endif

/* Where part i of `parts` about equal ones of `size` begins. */
static inline int cpu_part_begin(int i, int parts, int size)
{
    return (int)((long)i * size / parts);
}

/* c (rows, columns) = a (rows, depth) · b (depth, columns), or += if `add`. Element (i, k) of a is
 * a[i · a_row + k · a_column], so a may be stored transposed. At least LANES columns. */
struct streamed_product {
    int rows, columns, depth;
    int a_row, a_column, b_row, c_row;
    const float *a, *b;
    float *c;
    bool add;
};

/* short.c: for a small depth and any number of columns. */
void cpu_short_product(const struct streamed_product *product);
/* streamed.c: b's rows go by as vectors and are used for several rows of c at a time. */
void cpu_streamed_product(const struct streamed_product *product);

/* c (rows, columns) = a (rows, depth) · bᵀ, b being (columns, depth); or += if `add`. */
struct dot_product {
    int rows, columns, depth;
    int a_row, b_row, c_row;
    const float *a, *b;
    float *c;
    bool add;
};

/* dot.c: each element of c is the scalar product of a row of a and a row of b. */
void cpu_dot_product(const struct dot_product *product);
/* turned.c: the same for many rows, with b turned beforehand. At least LANES columns. */
void cpu_turned_product(const struct dot_product *product);

#endif
