/*
 * The matrices of attention's heads: what the two files of attention share.
 *
 * A head of a sample has its queries, keys and values within the rows of qkv, and is not so far from the next head as
 * the last head of a sample is from the first one of the next. So products of all heads in one call are
 * given a list of where each matrix begins.
 */
#ifndef COMMON_KERNELS_CUDA_ATTENTION_H
#define COMMON_KERNELS_CUDA_ATTENTION_H

#include "common/kernels/cuda/cuda.h"

/* One matrix of each head: where that of sample 0 and head 0 begins, and how far others are from it. */
struct head_matrices {
    const float *first;
    size_t sample_step, head_step;
};

/* In qkv or its gradient: part 0 of a row is the query, 1 the key, 2 the value. */
struct head_matrices cuda_heads_in_qkv(const struct attention_sizes *sizes, const float *qkv,
                                       int part);
/* In y or its gradient; and in what is as large as the probabilities. */
struct head_matrices cuda_heads_in_y(const struct attention_sizes *sizes, const float *y);
struct head_matrices cuda_heads_in_probabilities(const struct attention_sizes *sizes,
                                                 const float *probabilities);

#define MOST_HEAD_MATRICES 9
struct all_head_matrices {
    struct head_matrices of[MOST_HEAD_MATRICES];
};

/* begins (count, heads of all samples) of `count` kinds of matrices. */
void cuda_list_heads(const struct attention_sizes *sizes, int count, struct all_head_matrices all,
                     float **begins);

/* As long as it lives, products of these matrices may be in TF32 only if each begins at a multiple of 16 bytes, as
 * cuBLAS asks of matrices in a list (its documentation, cublas<t>gemmBatched); else they are in full float32. */
struct head_math {
    head_math(int count, const struct all_head_matrices &all);
    ~head_math();
    head_math(const head_math &) = delete;
    head_math &operator=(const head_math &) = delete;
    bool changed;
};

/* The matrices of one kind: where they begin, and how many numbers their rows, as they are stored, are apart. */
struct head_factor {
    float *const *begins;
    int row;
};

/* Of each of `heads` heads: c (rows, columns) = factor · a' · b', where a' is (rows, depth) and b' is (depth, columns),
 * and transposed ones are stored the other way round. */
void cuda_head_products(int heads, bool transpose_a, bool transpose_b, int rows, int columns,
                        int depth, float factor, struct head_factor a, struct head_factor b,
                        struct head_factor c);

#endif
