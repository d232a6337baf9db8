/*
 * The back end (device_back_end.h): the GPU's memory, copies, and errors.
 */
#include "common/kernels/cuda/back_end.h"

#include <stdio.h>
#include <string.h>

const struct device_services *cuda_services;

static uint64_t launches, waits; /* so far */

/* ---- errors ------------------------------------------------------------------------------------------------ */

/* What to do about an error that comes while the program runs. */
static const char *cure(cudaError_t error)
{
    switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
        return ". A kernel before this call read or wrote memory that is no tensor's: "
               "compute-sanitizer PROGRAM … names "
               "it, and --device emulated with SANITIZE=1 does, too";
    case cudaErrorMisalignedAddress:
        return ". A kernel before this call read or wrote a number at an address that is no "
               "multiple of its size: "
               "compute-sanitizer PROGRAM … names it";
    case cudaErrorMemoryAllocation:
        return ". Other processes may have the GPU's memory: nvidia-smi shows them";
    case cudaErrorInvalidConfiguration:
        return ". A launch has so many blocks or threads as no GPU has";
    default:
        return "";
    }
}

void cuda_check(cudaError_t error, const char *what, const char *where)
{
    char why[512];
    if (error == cudaSuccess)
        return;
    snprintf(why, sizeof why, "%s%s", cudaGetErrorString(error), cure(error));
    cuda_services->failed(where, what, why);
}

void cuda_launched(cudaError_t error, const char *kernel, const char *where)
{
    launches++;
    cuda_check(error, kernel, where);
}

void cublas_check(cublasStatus_t status, const char *what, const char *where)
{
    if (status == CUBLAS_STATUS_SUCCESS)
        return;
    /* A kernel before it may have failed: CUDA knows why, and cuBLAS only that nothing can be done any more. */
    cuda_check(cudaStreamSynchronize(cuda_stream), what, where);
    cuda_services->failed(where, what, cublasGetStatusString(status));
}

void cublas_launched(cublasStatus_t status, const char *product, const char *where)
{
    launches++;
    cublas_check(status, product, where);
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

static void *block_new(size_t bytes)
{
    void *block = NULL;
    const cudaError_t error = cudaMalloc(&block, bytes);
    if (error == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();
        return NULL;
    }
    CUDA_CHECK(error);
    return block;
}

/* What was asked for may still use it: cudaFree only "may" wait for that. (The stream of copies is waited for by this
 * one.) */
static void block_free(void *block)
{
    CUDA_CHECK(cudaStreamSynchronize(cuda_stream));
    CUDA_CHECK(cudaFree(block));
}

static void memory(size_t *all, size_t *nobodys)
{
    CUDA_CHECK(cudaMemGetInfo(nobodys, all));
}

/* ---- copies, in the order of the kernels -------------------------------------------------------------------- */

static void wait(void)
{
    waits++;
    CUDA_CHECK(cudaStreamSynchronize(cuda_stream));
}

static void copy_out(void *to_host, const void *from_device, size_t bytes)
{
    CUDA_CHECK(cudaMemcpyAsync(to_host, from_device, bytes, cudaMemcpyDeviceToHost, cuda_stream));
    wait();
}

void cuda_read(void *to_host, const void *from_device, size_t bytes)
{
    copy_out(to_host, from_device, bytes);
}

/* CUDA's own copy may not overlap: one that does goes through other memory. */
static void copy_within(void *to, const void *from, size_t bytes)
{
    const uintptr_t first = (uintptr_t)to, second = (uintptr_t)from;
    if (first == second)
        return;
    if ((first < second ? second - first : first - second) < bytes) {
        const scratch<char> between(bytes);
        copy_within(between.data, from, bytes);
        copy_within(to, between.data, bytes);
        return;
    }
    CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, cuda_stream));
}

static void fill(void *to, int byte, size_t bytes)
{
    CUDA_CHECK(cudaMemsetAsync(to, byte, bytes, cuda_stream));
}

/* To staging memory the copy goes by itself, and comes back all the same when it is there. */
static void fetch(void *to_staging, const void *from_device, size_t bytes)
{
    copy_out(to_staging, from_device, bytes);
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

static uint64_t launches_so_far(void)
{
    return launches;
}

static uint64_t waits_so_far(void)
{
    return waits;
}

extern "C" DEVICE_BACK_END_EXPORTED const struct device_back_end *
device_back_end_open(const struct device_services *services, int rank_on_host)
{
    static struct device_back_end back_end = {.name = NULL,
                                              .place = 0,
                                              .refused = NULL,
                                              .kernels = &cuda_kernels,
                                              .use_tf32 = cuda_use_tf32,
                                              .block_new = block_new,
                                              .block_free = block_free,
                                              .memory = memory,
                                              .copy_in = cuda_copy_in,
                                              .copy_out = copy_out,
                                              .copy_within = copy_within,
                                              .fill = fill,
                                              .wait = wait,
                                              .now = cuda_now,
                                              .staging_new = cuda_staging_new,
                                              .staging_free = cuda_staging_free,
                                              .fetch = fetch,
                                              .bring = cuda_bring,
                                              .launches = launches_so_far,
                                              .waits = waits_so_far};
    cuda_services = services;
    back_end.refused = cuda_open(rank_on_host);
    back_end.name = cuda_name();
    back_end.place = cuda_place();
    return &back_end;
}
