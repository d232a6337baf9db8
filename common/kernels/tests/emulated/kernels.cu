/*
 * Kernels that are right, and kernels with each mistake that the emulation has to show: for test_emulation.c, which
 * calls the functions by name.
 */
#include "common/kernels/cuda/cuda.h"

#define FOR_TESTS extern "C" DEVICE_BACK_END_EXPORTED

/* Each thread gets what the one behind it has. */
template <bool waits> static __global__ void turn(const int *x, int *y)
{
    __shared__ int shared[64];
    shared[threadIdx.x] = x[threadIdx.x];
    if (waits)
        __syncthreads();
    y[threadIdx.x] = shared[(threadIdx.x + 1) % 64];
}

FOR_TESTS void test_turn(const int *x, int *y)
{
    LAUNCH_TOGETHER(turn<true>, 1, 64, x, y);
}

FOR_TESTS void test_turn_without_barrier(const int *x, int *y)
{
    LAUNCH_TOGETHER(turn<false>, 1, 64, x, y);
}

static __global__ void half_wait(int *y)
{
    if (threadIdx.x < 32)
        __syncthreads();
    y[threadIdx.x] = 1;
}

FOR_TESTS void test_half_wait(int *y)
{
    LAUNCH_TOGETHER(half_wait, 1, 64, y);
}

/* A thread that has ended reaches no barrier. */
static __global__ void leave_early(int count, int *y)
{
    if ((int)threadIdx.x >= count)
        return;
    __syncthreads();
    y[threadIdx.x] = 1;
}

FOR_TESTS void test_leave_early(int *y)
{
    LAUNCH_TOGETHER(leave_early, 1, 64, 60, y);
}

static __global__ void barrier_alone(int *y)
{
    __syncthreads();
    y[threadIdx.x] = 1;
}

FOR_TESTS void test_barrier_in_plain_launch(int *y)
{
    LAUNCH(barrier_alone, 1, 64, y);
}

static __global__ void shuffle(int from, const int *x, int *y)
{
    const int value = x[threadIdx.x];
    y[threadIdx.x] = __shfl_sync(0xffffffffu, value, from);
    y[blockDim.x + threadIdx.x] = __shfl_xor_sync(0xffffffffu, value, 1);
    y[2 * blockDim.x + threadIdx.x] = __shfl_down_sync(0xffffffffu, value, 3);
}

FOR_TESTS void test_shuffle(int from, int threads, const int *x, int *y)
{
    LAUNCH_TOGETHER(shuffle, 1, threads, from, x, y);
}

static __global__ void sums(const double *x, double *y)
{
    y[blockIdx.x * blockDim.x + threadIdx.x] = block_sum(x[blockIdx.x * blockDim.x + threadIdx.x]);
}

FOR_TESTS void test_sums(int blocks, const double *x, double *y)
{
    LAUNCH_TOGETHER(sums, blocks, THREADS, x, y);
}

/* Where each thread of a launch of three dimensions is: once in `seen`. */
static __global__ void count_places(dim3 size, int *seen)
{
    const unsigned x = blockIdx.x * blockDim.x + threadIdx.x;
    const unsigned y = blockIdx.y * blockDim.y + threadIdx.y;
    const unsigned z = blockIdx.z * blockDim.z + threadIdx.z;
    seen[(z * size.y + y) * size.x + x] += 1;
}

FOR_TESTS void test_count_places(int *seen)
{
    const dim3 size(3 * 4, 5 * 2, 2 * 3);
    LAUNCH(count_places, dim3(3, 5, 2), dim3(4, 2, 3), size, seen);
}

FOR_TESTS void test_launch(int blocks, int threads, int *seen)
{
    LAUNCH(count_places, blocks, threads, dim3(1, 1, 1), seen);
}

static __global__ void add_to(int value, int *y)
{
    *y += value;
}

/* Arguments are what they were when it was launched. */
FOR_TESTS void test_change_argument(int *y)
{
    int value = 1;
    LAUNCH(add_to, 1, 1, value, y);
    value = 100;
    LAUNCH(add_to, 1, 1, value, y);
    value = 10000;
}

/* A second stream writes, and the first reads: with and without waiting. */
FOR_TESTS void test_two_streams(bool waits, int *x, int *y)
{
    static cudaStream_t other;
    static cudaEvent_t written;
    if (other == NULL) {
        CUDA_CHECK(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
        CUDA_CHECK(cudaEventCreateWithFlags(&written, cudaEventDisableTiming));
    }
    CUDA_CHECK(cudaMemsetAsync(x, 1, sizeof *x, other));
    CUDA_CHECK(cudaEventRecord(written, other));
    if (waits)
        CUDA_CHECK(cudaStreamWaitEvent(cuda_stream, written, 0));
    CUDA_CHECK(cudaMemcpyAsync(y, x, sizeof *y, cudaMemcpyDeviceToDevice, cuda_stream));
}

/* The first stream reads, and a second overwrites: with and without waiting. */
FOR_TESTS void test_overwrite(bool waits, int *x, int *y)
{
    static cudaStream_t other;
    static cudaEvent_t read;
    if (other == NULL) {
        CUDA_CHECK(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
        CUDA_CHECK(cudaEventCreateWithFlags(&read, cudaEventDisableTiming));
    }
    CUDA_CHECK(cudaMemcpyAsync(y, x, sizeof *y, cudaMemcpyDeviceToDevice, cuda_stream));
    CUDA_CHECK(cudaEventRecord(read, cuda_stream));
    if (waits)
        CUDA_CHECK(cudaStreamWaitEvent(other, read, 0));
    CUDA_CHECK(cudaMemsetAsync(x, 1, sizeof *x, other));
}

static __global__ void write_at(int place, int *y)
{
    y[place] = 1;
}

FOR_TESTS void test_write_at(int place, int *y)
{
    LAUNCH(write_at, 1, 1, place, y);
}
