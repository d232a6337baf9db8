/*
 * cuBLAS over CBLAS (cublas_v2.h beside this file).
 */
#include "common/kernels/cuda/emulated/emulation.h"
#include <cublas_v2.h>

#include <cblas.h>
#include <vector>

const char *cublasGetStatusString(cublasStatus_t status)
{
    switch (status) {
    case CUBLAS_STATUS_SUCCESS:
        return "success";
    case CUBLAS_STATUS_NOT_INITIALIZED:
        return "the library was not initialized";
    case CUBLAS_STATUS_ALLOC_FAILED:
        return "the resource allocation failed";
    case CUBLAS_STATUS_INVALID_VALUE:
        return "an invalid value was used as an argument";
    case CUBLAS_STATUS_EXECUTION_FAILED:
        break;
    }
    return "the GPU program failed to execute";
}

/* There is one handle. */
static cublasMath_t math_mode = CUBLAS_DEFAULT_MATH;
static cudaStream_t its_stream;

cublasStatus_t cublasCreate(cublasHandle_t *handle)
{
    *handle = NULL;
    return emulated_fault("blas-start") ? CUBLAS_STATUS_ALLOC_FAILED : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t stream)
{
    its_stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t mode)
{
    math_mode = mode;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t, void *, size_t)
{
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- what a call may ask for ----------------------------------------------------------------------------------- */

/* Of a matrix that is read as (rows, columns). */
static bool fits(cublasOperation_t transpose, int rows, int columns, int leading)
{
    const int needed = transpose == CUBLAS_OP_N ? rows : columns;
    return rows >= 0 && columns >= 0 && leading >= (needed > 1 ? needed : 1);
}

struct matrix {
    cublasOperation_t transpose;
    const float *numbers;
    int leading;
};

/* As cuBLAS checks them; and that the matrices are the GPU's, which cuBLAS finds out by an illegal address. */
static cublasStatus_t refused(int m, int n, int k, const void *alpha, const struct matrix &a,
                              const struct matrix &b, const void *beta, const void *c,
                              int c_leading)
{
    if (emulated_fault("blas"))
        return CUBLAS_STATUS_EXECUTION_FAILED;
    if (!fits(a.transpose, m, k, a.leading) || !fits(b.transpose, k, n, b.leading) ||
        !fits(CUBLAS_OP_N, m, n, c_leading) || alpha == NULL || beta == NULL)
        return CUBLAS_STATUS_INVALID_VALUE;
    const bool reads = m > 0 && n > 0 && k > 0;
    if ((reads && (!emulated_is_device(a.numbers) || !emulated_is_device(b.numbers))) ||
        (m > 0 && n > 0 && !emulated_is_device(c)))
        return CUBLAS_STATUS_EXECUTION_FAILED;
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- the products -------------------------------------------------------------------------------------------------- */

static void multiply(int m, int n, int k, float alpha, const struct matrix &a,
                     const struct matrix &b, float beta, float *c, int c_leading)
{
    if (m <= 0 || n <= 0)
        return;
    cblas_sgemm(CblasColMajor, a.transpose == CUBLAS_OP_N ? CblasNoTrans : CblasTrans,
                b.transpose == CUBLAS_OP_N ? CblasNoTrans : CblasTrans, m, n, k, alpha, a.numbers,
                a.leading, b.numbers, b.leading, beta, c, c_leading);
    if (emulated_fault("wrong"))
        c[0] += 1;
}

/* How many numbers a stored matrix spans. */
static size_t span(const struct matrix &matrix, int rows, int columns)
{
    const int across = matrix.transpose == CUBLAS_OP_N ? rows : columns;
    const int along = matrix.transpose == CUBLAS_OP_N ? columns : rows;
    return along == 0 ? 0 : (size_t)matrix.leading * (size_t)(along - 1) + (size_t)across;
}

static float number_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* With 10 bits of fraction, to the nearest; NaN and infinity stay. */
static float to_tf32(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    if ((bits & 0x7f800000) == 0x7f800000)
        return number;
    return number_of((bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu);
}

static std::vector<float> tf32_of(const struct matrix &matrix, int rows, int columns)
{
    std::vector<float> rounded(span(matrix, rows, columns));
    for (size_t i = 0; i < rounded.size(); i++)
        rounded[i] = to_tf32(matrix.numbers[i]);
    return rounded;
}

static void multiply_tf32(int m, int n, int k, float alpha, const struct matrix &a,
                          const struct matrix &b, float beta, float *c, int c_leading)
{
    const std::vector<float> rounded_a = tf32_of(a, m, k), rounded_b = tf32_of(b, k, n);
    multiply(m, n, k, alpha, {a.transpose, rounded_a.data(), a.leading},
             {b.transpose, rounded_b.data(), b.leading}, beta, c, c_leading);
}

cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t, cublasOperation_t transpose_a,
                                         cublasOperation_t transpose_b, int m, int n, int k,
                                         const float *alpha, const float *a, int a_leading,
                                         long long a_stride, const float *b, int b_leading,
                                         long long b_stride, const float *beta, float *c,
                                         int c_leading, long long c_stride, int count)
{
    const cublasStatus_t status = refused(m, n, k, alpha, {transpose_a, a, a_leading},
                                          {transpose_b, b, b_leading}, beta, c, c_leading);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    const auto product = math_mode == CUBLAS_TF32_TENSOR_OP_MATH ? multiply_tf32 : multiply;
    const float alpha_now = *alpha, beta_now = *beta;
    emulated_do(its_stream, [=] {
        for (int i = 0; i < count; i++)
            product(m, n, k, alpha_now, {transpose_a, a + i * a_stride, a_leading},
                    {transpose_b, b + i * b_stride, b_leading}, beta_now, c + i * c_stride,
                    c_leading);
    });
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t transpose_a,
                           cublasOperation_t transpose_b, int m, int n, int k, const float *alpha,
                           const float *a, int a_leading, const float *b, int b_leading,
                           const float *beta, float *c, int c_leading)
{
    return cublasSgemmStridedBatched(handle, transpose_a, transpose_b, m, n, k, alpha, a, a_leading,
                                     0, b, b_leading, 0, beta, c, c_leading, 0, 1);
}

/* Where a fast mode has matrices of a list to begin, if the depth is a multiple of 4. */
static bool at_16_bytes(const void *matrix)
{
    return (uintptr_t)matrix % 16 == 0;
}

cublasStatus_t cublasSgemmBatched(cublasHandle_t, cublasOperation_t transpose_a,
                                  cublasOperation_t transpose_b, int m, int n, int k,
                                  const float *alpha, const float *const a[], int a_leading,
                                  const float *const b[], int b_leading, const float *beta,
                                  float *const c[], int c_leading, int count)
{
    /* The lists are the GPU's, too. */
    const cublasStatus_t status =
        refused(m, n, k, alpha, {transpose_a, (const float *)a, a_leading},
                {transpose_b, (const float *)b, b_leading}, beta, c, c_leading);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    const bool fast = math_mode == CUBLAS_TF32_TENSOR_OP_MATH;
    const auto product = fast ? multiply_tf32 : multiply;
    const float alpha_now = *alpha, beta_now = *beta;
    emulated_do(its_stream, [=] {
        for (int i = 0; i < count; i++) {
            if (fast && k % 4 == 0 &&
                !(at_16_bytes(a[i]) && at_16_bytes(b[i]) && at_16_bytes(c[i])))
                emulated_fail(cudaErrorMisalignedAddress);
            product(m, n, k, alpha_now, {transpose_a, a[i], a_leading},
                    {transpose_b, b[i], b_leading}, beta_now, c[i], c_leading);
        }
    });
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- bfloat16 -------------------------------------------------------------------------------------------------------- */

static std::vector<float> widened(const void *numbers, size_t count)
{
    std::vector<float> wide(count);
    for (size_t i = 0; i < count; i++)
        wide[i] = number_of((uint32_t)((const uint16_t *)numbers)[i] << 16);
    return wide;
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transpose_a,
                            cublasOperation_t transpose_b, int m, int n, int k, const void *alpha,
                            const void *a, cudaDataType a_type, int a_leading, const void *b,
                            cudaDataType b_type, int b_leading, const void *beta, void *c,
                            cudaDataType c_type, int c_leading, cublasComputeType_t,
                            cublasGemmAlgo_t)
{
    if (a_type == CUDA_R_32F && b_type == CUDA_R_32F && c_type == CUDA_R_32F)
        return cublasSgemm(handle, transpose_a, transpose_b, m, n, k, (const float *)alpha,
                           (const float *)a, a_leading, (const float *)b, b_leading,
                           (const float *)beta, (float *)c, c_leading);
    if (a_type != CUDA_R_16BF || b_type != CUDA_R_16BF || c_type != CUDA_R_32F)
        return CUBLAS_STATUS_INVALID_VALUE;
    const struct matrix narrow_a = {transpose_a, (const float *)a, a_leading};
    const struct matrix narrow_b = {transpose_b, (const float *)b, b_leading};
    const cublasStatus_t status = refused(m, n, k, alpha, narrow_a, narrow_b, beta, c, c_leading);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    const float alpha_now = *(const float *)alpha, beta_now = *(const float *)beta;
    emulated_do(its_stream, [=] {
        const std::vector<float> wide_a = widened(a, span(narrow_a, m, k));
        const std::vector<float> wide_b = widened(b, span(narrow_b, k, n));
        multiply(m, n, k, alpha_now, {transpose_a, wide_a.data(), a_leading},
                 {transpose_b, wide_b.data(), b_leading}, beta_now, (float *)c, c_leading);
    });
    return CUBLAS_STATUS_SUCCESS;
}
