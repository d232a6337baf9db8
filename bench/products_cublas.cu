/*
 * What the products of a gpt's linear layers take cuBLAS alone, in bfloat16 with sums in float32, whose operands are
 * there: one number, milliseconds of one step.
 *
 *     products_cublas ROWS DEPTH WIDTH VOCABULARY      ROWS: tokens of all samples
 *
 * Each shape runs by itself, 10 times before it counts; the median of 7 rows of 10. Random operands: of zeros, GPUs
 * are faster.
 */
#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

static void check(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "products_cublas: %s failed: %s\n", what,
            cudaGetErrorString(cudaGetLastError()));
    exit(EXIT_FAILURE);
}
#define CHECK_CUDA(call)   check((call) == cudaSuccess, #call)
#define CHECK_CUBLAS(call) check((call) == CUBLAS_STATUS_SUCCESS, #call)

/* Numbers between -1 and 1 that repeat themselves late. */
static __global__ void fill(size_t count, __nv_bfloat16 *numbers)
{
    const size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count)
        return;
    unsigned word = (unsigned)i * 2654435761u + 12345u;
    word = (word ^ (word >> 15)) * 2246822519u;
    word ^= word >> 13;
    numbers[i] = __float2bfloat16((float)word * (2.0f / 4294967296.0f) - 1.0f);
}

static __nv_bfloat16 *operand_new(size_t count)
{
    __nv_bfloat16 *numbers;
    CHECK_CUDA(cudaMalloc(&numbers, count * sizeof *numbers));
    fill<<<(unsigned)((count + 255) / 256), 256>>>(count, numbers);
    CHECK_CUDA(cudaGetLastError());
    return numbers;
}

/* One of the three of a linear layer: y = x·Wᵀ, dx = dy·W, dW = dyᵀ·x, as cuBLAS, which counts by columns, sees them. */
struct product {
    cublasOperation_t a, b;
    int m, n, k;
};

static float milliseconds(cublasHandle_t blas, const struct product &p)
{
    __nv_bfloat16 *a = operand_new((size_t)p.m * p.k), *b = operand_new((size_t)p.k * p.n);
    __nv_bfloat16 *c = operand_new((size_t)p.m * p.n);
    const float one = 1, zero = 0;
    cudaEvent_t begin, end;
    std::vector<float> rows;
    CHECK_CUDA(cudaEventCreate(&begin));
    CHECK_CUDA(cudaEventCreate(&end));
    for (int row = -1; row < 7; row++) { /* the first one does not count */
        CHECK_CUDA(cudaEventRecord(begin));
        for (int i = 0; i < 10; i++)
            CHECK_CUBLAS(cublasGemmEx(blas, p.a, p.b, p.m, p.n, p.k, &one, a, CUDA_R_16BF,
                                      p.a == CUBLAS_OP_N ? p.m : p.k, b, CUDA_R_16BF,
                                      p.b == CUBLAS_OP_N ? p.k : p.n, &zero, c, CUDA_R_16BF, p.m,
                                      CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
        CHECK_CUDA(cudaEventRecord(end));
        CHECK_CUDA(cudaEventSynchronize(end));
        float time;
        CHECK_CUDA(cudaEventElapsedTime(&time, begin, end));
        if (row >= 0)
            rows.push_back(time / 10);
    }
    std::sort(rows.begin(), rows.end());
    CHECK_CUDA(cudaEventDestroy(begin));
    CHECK_CUDA(cudaEventDestroy(end));
    CHECK_CUDA(cudaFree(a));
    CHECK_CUDA(cudaFree(b));
    CHECK_CUDA(cudaFree(c));
    return rows[rows.size() / 2];
}

/* Forward and both halves of backward. */
static float linear(cublasHandle_t blas, int rows, int inputs, int outputs)
{
    return milliseconds(blas, {CUBLAS_OP_T, CUBLAS_OP_N, outputs, rows, inputs}) +
           milliseconds(blas, {CUBLAS_OP_N, CUBLAS_OP_N, inputs, rows, outputs}) +
           milliseconds(blas, {CUBLAS_OP_N, CUBLAS_OP_T, inputs, outputs, rows});
}

int main(int count, char **argument)
{
    if (count != 5) {
        fprintf(stderr, "usage: products_cublas ROWS DEPTH WIDTH VOCABULARY\n");
        return 2;
    }
    const int rows = atoi(argument[1]), depth = atoi(argument[2]), width = atoi(argument[3]),
              vocabulary = atoi(argument[4]);
    cublasHandle_t blas;
    CHECK_CUBLAS(cublasCreate(&blas));
    const float block = linear(blas, rows, width, 3 * width) + linear(blas, rows, width, width) +
                        linear(blas, rows, width, 4 * width) + linear(blas, rows, 4 * width, width);
    const float sum = (float)depth * block + linear(blas, rows, width, vocabulary);
    CHECK_CUBLAS(cublasDestroy(blas));
    printf("%.6f\n", sum);
    return EXIT_SUCCESS;
}
