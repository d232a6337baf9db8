/*
 * The GPU's kernels, one file per group (kernels.h says what each does), and what they share.
 *
 * These files are C-like CUDA. They are compiled twice: by nvcc for a GPU, and by the C++ compiler for the
 * processor, where emulated/ stands in for the few parts of CUDA that they use. What the two can't both read is
 * how a kernel is launched: that goes through a macro.
 *
 *     LAUNCH(kernel, blocks, threads, arguments…);          threads that do not wait for each other
 *     LAUNCH_TOGETHER(kernel, blocks, threads, arguments…); threads with __syncthreads or shuffles in them
 *
 * `blocks` and `threads` are numbers, or dim3 (blocks only); with 0 blocks nothing happens.
 *
 * Everything runs on one stream, in the order in which it was launched. Nothing here waits for the GPU, but
 * what returns a number to the host.
 *
 * The same sizes give the same bits every time: no atomics, and sums in an order that sizes alone decide. (In products,
 * cuBLAS may choose by where a matrix begins within 16 bytes, too.)
 */
#ifndef COMMON_KERNELS_CUDA_CUDA_H
#define COMMON_KERNELS_CUDA_CUDA_H

#include <cublas_v2.h>
#include <cuda_runtime.h>

extern "C" {
#include "common/base/device_back_end.h"
#include "common/kernels/kernels.h"
}

extern const struct kernels cuda_kernels;

/* The kit's services, the stream that everything runs on, and cuBLAS's handle for it: back_end.cu. */
extern const struct device_services *cuda_services;
extern cudaStream_t cuda_stream;
extern cublasHandle_t cuda_blas;
/* How cuBLAS multiplies float32: pedantically, or in TF32 where that was asked for. The handle is set to it. */
extern cublasMath_t cuda_math;
void cuda_use_tf32(void); /* products.cu */

/* ---- errors --------------------------------------------------------------------------------------------- */

#define CUDA_TEXT_OF(line) #line
#define CUDA_TEXT(line)    CUDA_TEXT_OF(line)
#define CUDA_HERE          __FILE__ ":" CUDA_TEXT(__LINE__)
/* Every call of the runtime and of cuBLAS stands in one of these: an error ends the program, with the reason. */
#define CUDA_CHECK(call)   cuda_check(call, #call, CUDA_HERE)
#define CUBLAS_CHECK(call) cublas_check(call, #call, CUDA_HERE)
void cuda_check(cudaError_t error, const char *what, const char *where);
void cublas_check(cublasStatus_t status, const char *what, const char *where);
/* The same of a kernel, and of a product of cuBLAS: they are counted. */
#define CUBLAS_LAUNCH(call) cublas_launched(call, #call, CUDA_HERE)
void cuda_launched(cudaError_t error, const char *kernel, const char *where);
void cublas_launched(cublasStatus_t status, const char *product, const char *where);

/* ---- launches --------------------------------------------------------------------------------------------- */

static inline bool cuda_any(dim3 blocks)
{
    return blocks.x > 0 && blocks.y > 0 && blocks.z > 0;
}

#ifdef __CUDACC__
#define LAUNCH(kernel, blocks, threads, ...)                                                       \
    do {                                                                                           \
        if (cuda_any(blocks)) {                                                                    \
            kernel<<<(blocks), (threads), 0, cuda_stream>>>(__VA_ARGS__);                          \
            cuda_launched(cudaGetLastError(), #kernel, CUDA_HERE);                                 \
        }                                                                                          \
    } while (0)
#define LAUNCH_TOGETHER LAUNCH
#else
#define LAUNCH(kernel, blocks, threads, ...)                                                       \
    cuda_launched(EMULATED_LAUNCH(kernel, false, blocks, threads, cuda_stream, __VA_ARGS__),       \
                  #kernel, CUDA_HERE)
#define LAUNCH_TOGETHER(kernel, blocks, threads, ...)                                              \
    cuda_launched(EMULATED_LAUNCH(kernel, true, blocks, threads, cuda_stream, __VA_ARGS__),        \
                  #kernel, CUDA_HERE)
#endif

/* Threads of a block where each does one element, and where they add up together; and of a warp. */
#define THREADS 256
#define WARP    32
/* Warps of a block where each has a row to itself: blocks of WARPS * WARP threads, cuda_blocks(rows, WARPS) of them. */
#define WARPS 4

/* So many blocks that there is a thread for each element. */
static inline unsigned cuda_blocks(size_t elements, unsigned threads = THREADS)
{
    return (unsigned)((elements + threads - 1) / threads);
}

/* The number of this thread among all of a launch: what an element by element kernel works on. */
static inline __device__ size_t thread_number(void)
{
    return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

/* The same where each warp has a row: which one, and which of its 32 threads this is. */
static inline __device__ size_t warp_number(void)
{
    return (size_t)blockIdx.x * WARPS + threadIdx.x / WARP;
}

static inline __device__ int lane_number(void)
{
    return (int)(threadIdx.x % WARP);
}

/* i / by and its rest. A GPU divides numbers of 32 bits several times as fast as those of 64. */
static inline __device__ size_t quotient(size_t i, unsigned by)
{
    return i <= 0xffffffffu ? (unsigned)i / by : i / by;
}

static inline __device__ unsigned rest_of(size_t i, unsigned by)
{
    return i <= 0xffffffffu ? (unsigned)i % by : (unsigned)(i % by);
}

/* ---- sums of a warp's and of a block's threads, in an order that is always the same ------------------------- */

/* Every thread of the warp gets the sum, or the largest, of what its 32 threads have. */
template <typename number> static inline __device__ number warp_sum(number value)
{
    for (int apart = WARP / 2; apart > 0; apart /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, apart);
    return value;
}

/* NaN where one has it. */
static inline __device__ float larger(float a, float b)
{
    return a > b || a != a ? a : b;
}

static inline __device__ float warp_largest(float value)
{
    for (int apart = WARP / 2; apart > 0; apart /= 2)
        value = larger(value, __shfl_xor_sync(0xffffffffu, value, apart));
    return value;
}

/* The same of a block of THREADS threads; all of them call it. */
template <typename number> static inline __device__ number block_sum(number value)
{
    __shared__ number part[THREADS / WARP];
    value = warp_sum(value);
    if (threadIdx.x % WARP == 0)
        part[threadIdx.x / WARP] = value;
    __syncthreads();
    number sum = 0;
    for (int i = 0; i < THREADS / WARP; i++)
        sum += part[i];
    __syncthreads(); /* the next sum writes there */
    return sum;
}

/* ---- scratch space ------------------------------------------------------------------------------------------- */

/* Accounted as workspace. Given back when it goes out of scope: what was launched may still use it, and who gets it
 * next comes later on the same stream. */
template <typename number> struct scratch {
    number *data;
    size_t bytes;
    explicit scratch(size_t count) : bytes(count * sizeof(number))
    {
        data = (number *)cuda_services->scratch_new(bytes);
    }
    ~scratch() { cuda_services->scratch_free(data, bytes); }
    scratch(const scratch &) = delete;
    scratch &operator=(const scratch &) = delete;
};

/* Where scratch space grows with the number of samples, it is taken for some of them at a time: 32 MiB, which is read
 * again while it is still in the cache of a large GPU (40 to 50 MB). */
#define SCRATCH_NUMBERS ((size_t)8 << 20)

/* A number that a kernel has computed, for the host: waits for it. */
void cuda_read(void *to_host, const void *from_device, size_t bytes);

/* ---- the table's functions ------------------------------------------------------------------------------------ */

/* elementwise.cu */
void cuda_add(size_t count, const float *x, float *y);
void cuda_multiply(size_t count, const float *a, const float *b, float *y);
void cuda_relu(size_t count, const float *x, float *y);
void cuda_relu_backward(size_t count, const float *y, const float *dy, float *dx);
void cuda_gelu(size_t count, const float *x, float *y, float *derivative);
void cuda_exponential(size_t count, const float *x, float *y);
void cuda_logarithm(size_t count, const float *x, float *y);
void cuda_follow(size_t count, float momentum, float factor, const float *own, float *running);

/* products.cu, sums.cu, rows_and_columns.cu */
void cuda_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                         const float *a, const float *b, float beta, float *c);
void cuda_bfloat16_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                           const float *a, const float *b, float beta, float *c);
void cuda_fill_rows(int rows, int columns, const float *row, float *y);
void cuda_add_column_sums(int rows, int columns, const float *y, float *sums);

/* dropout.cu */
void cuda_dropout(const struct dropout_draw *draw, uint64_t first, size_t count, const float *x,
                  float *y);
/* sixteen_bits.cu */
void cuda_widen(enum dtype from, size_t count, const void *numbers, float *to);
void cuda_narrow(enum dtype to, size_t count, const float *numbers, void *narrowed);

/* rows_and_columns.cu, sums.cu */
void cuda_add_to_columns(int rows, int columns, const float *values, float *y);
void cuda_multiply_columns(int rows, int columns, const float *factors, float *y);
void cuda_add_to_rows(int rows, int columns, const float *values, float *y);
void cuda_multiply_rows(int rows, int columns, const float *factors, float *y);
void cuda_row_sums(int rows, int columns, const float *x, float *sums);
void cuda_row_maxima(int rows, int columns, const float *x, float *maxima);
void cuda_pick(int rows, int columns, int first, const int32_t *index, const float *x,
               float *values);
void cuda_add_to_picked(int rows, int columns, int first, const int32_t *index, float value,
                        float *y);
double cuda_sum(size_t count, const float *x);
void cuda_scale(size_t count, float factor, float *y);
void cuda_inverse_square_root(size_t count, float epsilon, float *y);
void cuda_copy_blocks(size_t blocks, size_t length, const float *from, size_t from_step, float *to,
                      size_t to_step);

/* layer_norm.cu */
void cuda_layer_norm(int rows, int columns, const float *x, const float *weight, const float *bias,
                     float *y, float *statistics);
void cuda_layer_norm_backward_input(int rows, int columns, const float *x, const float *statistics,
                                    const float *weight, const float *dy, float *dx);
void cuda_layer_norm_backward_weight(int rows, int columns, const float *x, const float *statistics,
                                     const float *dy, float *weight_gradient, float *bias_gradient);

/* batch_norm.cu, batch_norm_backward.cu */
void cuda_batch_norm(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                     const float *bias, float *y, float *statistics);
void cuda_batch_norm_with(const struct batch_norm_sizes *sizes, const float *x,
                          const float *statistics, const float *weight, const float *bias,
                          float *y);
void cuda_batch_norm_backward(const struct batch_norm_sizes *sizes, const float *x,
                              const float *statistics, const float *weight, const float *dy,
                              float *dx, float *sums);

/* convolution.cu */
void cuda_convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                      const float *bias, float *y);
void cuda_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                     const float *dy, float *dx);
void cuda_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                      const float *dy, float *weight_gradient,
                                      float *bias_gradient);
/* Of several groups: grouped_convolution.cu, which convolution.cu calls. */
void cuda_grouped_convolution(const struct convolution_sizes *sizes, const float *x,
                              const float *weight, const float *bias, float *y);
void cuda_grouped_convolution_backward_input(const struct convolution_sizes *sizes,
                                             const float *weight, const float *dy, float *dx);
void cuda_grouped_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                              const float *dy, float *weight_gradient,
                                              float *bias_gradient);

/* pooling.cu, average_pooling.cu */
void cuda_max_pool(const struct pooling_sizes *sizes, const float *x, float *y, int32_t *place);
void cuda_max_pool_backward(const struct pooling_sizes *sizes, const int32_t *place,
                            const float *dy, float *dx);
void cuda_average_pool(const struct pooling_sizes *sizes, const float *x, float *y);
void cuda_average_pool_backward(const struct pooling_sizes *sizes, const float *dy, float *dx);
void cuda_plane_means(int planes, int count, const float *x, float *y);
void cuda_plane_means_backward(int planes, int count, const float *dy, float *dx);

/* attention.cu, attention_backward.cu */
void cuda_attention(const struct attention_sizes *sizes, const float *qkv, float *y,
                    float *probabilities);
void cuda_attention_backward(const struct attention_sizes *sizes, const float *qkv,
                             const float *probabilities, const float *dy, float *dqkv);

/* embedding.cu */
void cuda_embedding(const struct embedding_sizes *sizes, const int32_t *token, const float *table,
                    const float *position, float *y);
void cuda_embedding_backward(const struct embedding_sizes *sizes, const int32_t *token,
                             const float *dy, float *table_gradient);

/* tokens.cu */
void cuda_mean_tokens(int samples, int tokens, int width, const float *x, float *y);
void cuda_mean_tokens_backward(int samples, int tokens, int width, const float *dy, float *dx);
void cuda_cut_patches(const struct patch_sizes *sizes, const float *images, float *patches);
void cuda_paste_patches(const struct patch_sizes *sizes, const float *patches, float *images);

/* cross_entropy.cu */
double cuda_cross_entropy(int rows, int classes, const float *x, const int32_t *labels, int *right);
void cuda_cross_entropy_backward(int rows, int classes, const float *x, const int32_t *labels,
                                 float scale, float *dx);

/* optimizer.cu */
void cuda_sgd_step(size_t count, float *parameter, float *buffer, const float *gradient, float rate,
                   float momentum);
void cuda_adamw_step(size_t count, float *parameter, float *average, float *square,
                     const float *gradient, struct adamw_factors factors);

#endif
