/*
 * The CPU's kernels, one file per group (kernels.h says what each does), and
 * what they share: the vector type, and when threads are worth their while.
 */
#ifndef COMMON_KERNELS_CPU_H
#define COMMON_KERNELS_CPU_H

#include "common/kernels/kernels.h"

/* The tables. */
extern const struct kernels cpu_kernels, meta_kernels;

/* Sixteen floats: one AVX-512 register, or as many smaller ones as the machine needs.
 * Aligned like a float, so that it can be loaded from anywhere. */
#define LANES 16
typedef float vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* The next multiple of LANES. */
static inline int round_up_to_lanes(int count)
{
    return (count + LANES - 1) / LANES * LANES;
}

/* Before a function whose constant arguments say how often its loops run: it is compiled anew for
 * each call of it, so that the loops disappear and its vectors stay in registers. With sanitizers,
 * which would take minutes for that, it is compiled once. */
#if defined(__SANITIZE_ADDRESS__)
#define SPECIALISED static __attribute__((noipa))
#else
#define SPECIALISED static inline __attribute__((always_inline))
#endif

/* Work of fewer float operations than this is done sooner than a second thread wakes up. A region
 * that an `if` clause leaves to one thread costs 0.3 µs; it must not call OpenBLAS, which would
 * start threads of its own in it (matrix_products.c). */
#define PARALLEL_THRESHOLD 40000.0

/* matrix_products.c */
void cpu_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                        const float *a, const float *b, float beta, float *c);
/* products/bfloat16.c */
void cpu_bfloat16_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                          const float *a, const float *b, float beta, float *c);
void cpu_fill_rows(int rows, int columns, const float *row, float *y);
void cpu_add_column_sums(int rows, int columns, const float *y, float *sums);
/* Makes OpenBLAS use this machine's vector instructions; cpu.c calls it before the first product. */
void cpu_prepare_matrix_products(void);

/* elementwise.c */
void cpu_add(size_t count, const float *x, float *y);
void cpu_multiply(size_t count, const float *a, const float *b, float *y);
void cpu_relu(size_t count, const float *x, float *y);
void cpu_relu_backward(size_t count, const float *y, const float *dy, float *dx);
void cpu_gelu(size_t count, const float *x, float *y, float *derivative);
void cpu_exponential(size_t count, const float *x, float *y);
void cpu_logarithm(size_t count, const float *x, float *y);

/* dropout.c */
void cpu_dropout(const struct dropout_draw *draw, uint64_t first, size_t count, const float *x,
                 float *y);
/* sixteen_bits.c */
void cpu_widen(enum dtype from, size_t count, const void *numbers, float *to);
void cpu_narrow(enum dtype to, size_t count, const float *numbers, void *narrowed);

/* rows_and_columns.c */
void cpu_add_to_columns(int rows, int columns, const float *values, float *y);
void cpu_multiply_columns(int rows, int columns, const float *factors, float *y);
void cpu_add_to_rows(int rows, int columns, const float *values, float *y);
void cpu_multiply_rows(int rows, int columns, const float *factors, float *y);
void cpu_row_sums(int rows, int columns, const float *x, float *sums);
void cpu_row_maxima(int rows, int columns, const float *x, float *maxima);
void cpu_pick(int rows, int columns, int first, const int32_t *index, const float *x,
              float *values);
void cpu_add_to_picked(int rows, int columns, int first, const int32_t *index, float value,
                       float *y);
double cpu_sum(size_t count, const float *x);
void cpu_scale(size_t count, float factor, float *y);
void cpu_inverse_square_root(size_t count, float epsilon, float *y);
void cpu_copy_blocks(size_t blocks, size_t length, const float *from, size_t from_step, float *to,
                     size_t to_step);

/* layer_norm.c */
void cpu_layer_norm(int rows, int columns, const float *x, const float *weight, const float *bias,
                    float *y, float *statistics);
void cpu_layer_norm_backward_input(int rows, int columns, const float *x, const float *statistics,
                                   const float *weight, const float *dy, float *dx);
void cpu_layer_norm_backward_weight(int rows, int columns, const float *x, const float *statistics,
                                    const float *dy, float *weight_gradient, float *bias_gradient);

/* batch_norm.c */
void cpu_batch_norm(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                    const float *bias, float *y, float *statistics);
void cpu_batch_norm_with(const struct batch_norm_sizes *sizes, const float *x,
                         const float *statistics, const float *weight, const float *bias, float *y);
void cpu_batch_norm_backward(const struct batch_norm_sizes *sizes, const float *x,
                             const float *statistics, const float *weight, const float *dy,
                             float *dx, float *sums);
void cpu_follow(size_t count, float momentum, float factor, const float *own, float *running);
/* batch_norm_rows.c: the same where the plane is one number */
void cpu_batch_norm_rows(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                         const float *bias, float *y, float *statistics);
void cpu_batch_norm_rows_with(const struct batch_norm_sizes *sizes, const float *x,
                              const float *statistics, const float *weight, const float *bias,
                              float *y);
void cpu_batch_norm_rows_backward(const struct batch_norm_sizes *sizes, const float *x,
                                  const float *statistics, const float *weight, const float *dy,
                                  float *dx, float *sums);

/* convolution.c chooses among the kernels of convolution_*.c */
void cpu_convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                     const float *bias, float *y);
void cpu_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                    const float *dy, float *dx);
void cpu_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                     const float *dy, float *weight_gradient, float *bias_gradient);

/* Bytes of scratch space that the convolutions take while they run. */
size_t cpu_convolution_scratch(const struct convolution_sizes *sizes);
size_t cpu_convolution_backward_input_scratch(const struct convolution_sizes *sizes);
size_t cpu_convolution_backward_weight_scratch(const struct convolution_sizes *sizes);

/* pooling.c, average_pooling.c */
void cpu_max_pool(const struct pooling_sizes *sizes, const float *x, float *y, int32_t *place);
void cpu_max_pool_backward(const struct pooling_sizes *sizes, const int32_t *place, const float *dy,
                           float *dx);
void cpu_average_pool(const struct pooling_sizes *sizes, const float *x, float *y);
void cpu_average_pool_backward(const struct pooling_sizes *sizes, const float *dy, float *dx);
/* Bytes of scratch space that they and their backwards take while they run. */
size_t cpu_max_pool_scratch(const struct pooling_sizes *sizes);
size_t cpu_average_pool_scratch(const struct pooling_sizes *sizes);
void cpu_plane_means(int planes, int count, const float *x, float *y);
void cpu_plane_means_backward(int planes, int count, const float *dy, float *dx);

/* attention.c, attention_backward.c */
void cpu_attention(const struct attention_sizes *sizes, const float *qkv, float *y,
                   float *probabilities);
void cpu_attention_backward(const struct attention_sizes *sizes, const float *qkv,
                            const float *probabilities, const float *dy, float *dqkv);
/* Bytes of scratch space that the two take while they run. */
size_t cpu_attention_scratch(const struct attention_sizes *sizes);
size_t cpu_attention_backward_scratch(const struct attention_sizes *sizes);

/* embedding.c */
void cpu_embedding(const struct embedding_sizes *sizes, const int32_t *token, const float *table,
                   const float *position, float *y);
void cpu_embedding_backward(const struct embedding_sizes *sizes, const int32_t *token,
                            const float *dy, float *table_gradient);

/* tokens.c */
void cpu_mean_tokens(int samples, int tokens, int width, const float *x, float *y);
void cpu_mean_tokens_backward(int samples, int tokens, int width, const float *dy, float *dx);
void cpu_cut_patches(const struct patch_sizes *sizes, const float *images, float *patches);
void cpu_paste_patches(const struct patch_sizes *sizes, const float *patches, float *images);

/* cross_entropy.c */
double cpu_cross_entropy(int rows, int classes, const float *x, const int32_t *labels, int *right);
void cpu_cross_entropy_backward(int rows, int classes, const float *x, const int32_t *labels,
                                float scale, float *dx);

/* optimizer.c */
void cpu_sgd_step(size_t count, float *restrict parameter, float *restrict buffer,
                  const float *restrict gradient, float rate, float momentum);
void cpu_adamw_step(size_t count, float *restrict parameter, float *restrict average,
                    float *restrict square, const float *restrict gradient,
                    struct adamw_factors factors);

#endif
