/*
 * Matrix products, by cuBLAS.
 *
 * cuBLAS stores matrices column by column. A row-major matrix read that way is its transpose, so c = a · b is asked for
 * as cᵀ = bᵀ · aᵀ: the factors change places, and nothing is copied.
 *
 * A linear layer fills its rows with the bias and then adds the product (beta 1): the same reads and writes of memory
 * as a product and an addition of the bias behind it, so the two are not made one here.
 */
#include "common/kernels/cuda/cuda.h"

/* What both kinds of product ask for. */
struct product {
    cublasOperation_t turn_a, turn_b;
    int a_row,
        b_row; /* elements from one row to the next, as they are stored; cuBLAS wants 1 at least */
};

static int at_least_one(int length)
{
    return length < 1 ? 1 : length;
}

static struct product product_of(bool transpose_a, bool transpose_b, int rows, int columns,
                                 int depth)
{
    return {transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
            at_least_one(transpose_a ? rows : depth), at_least_one(transpose_b ? depth : columns)};
}

/* Is it done without multiplying? */
static bool is_trivial(int rows, int columns, int depth, float beta, float *c)
{
    const size_t count = (size_t)rows * (size_t)columns;
    if (count == 0)
        return true;
    if (depth > 0)
        return false;
    if (beta == 0) /* whatever was there, NaN too */
        CUDA_CHECK(cudaMemsetAsync(c, 0, count * sizeof *c, cuda_stream));
    else if (beta != 1)
        cuda_scale(count, beta, c);
    return true;
}

void cuda_use_tf32(void)
{
    cuda_math = CUBLAS_TF32_TENSOR_OP_MATH;
    CUBLAS_CHECK(cublasSetMathMode(cuda_blas, cuda_math));
}

/* In the precision that the handle was set to when the GPU was opened: float32, or TF32 where that was asked for. */
void cuda_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                         const float *a, const float *b, float beta, float *c)
{
    if (is_trivial(rows, columns, depth, beta, c))
        return;
    const struct product p = product_of(transpose_a, transpose_b, rows, columns, depth);
    const float one = 1;
    CUBLAS_LAUNCH(cublasSgemm(cuda_blas, p.turn_b, p.turn_a, columns, rows, depth, &one, b, p.b_row,
                              a, p.a_row, &beta, c, columns));
}

void cuda_bfloat16_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                           const float *a, const float *b, float beta, float *c)
{
    if (is_trivial(rows, columns, depth, beta, c))
        return;
    const struct product p = product_of(transpose_a, transpose_b, rows, columns, depth);
    const size_t a_count = (size_t)rows * (size_t)depth, b_count = (size_t)depth * (size_t)columns;
    const scratch<uint16_t> narrow_a(a_count), narrow_b(b_count);
    const float one = 1;
    cuda_narrow(DTYPE_BFLOAT16, a_count, a, narrow_a.data);
    cuda_narrow(DTYPE_BFLOAT16, b_count, b, narrow_b.data);
    /* Sums in float32. The pedantic mode, in which float32 is multiplied, would leave the tensor cores aside. */
    CUBLAS_CHECK(cublasSetMathMode(cuda_blas, CUBLAS_DEFAULT_MATH));
    CUBLAS_LAUNCH(cublasGemmEx(cuda_blas, p.turn_b, p.turn_a, columns, rows, depth, &one,
                               narrow_b.data, CUDA_R_16BF, p.b_row, narrow_a.data, CUDA_R_16BF,
                               p.a_row, &beta, c, CUDA_R_32F, columns, CUBLAS_COMPUTE_32F,
                               CUBLAS_GEMM_DEFAULT));
    CUBLAS_CHECK(cublasSetMathMode(cuda_blas, cuda_math));
}
