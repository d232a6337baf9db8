/*
 * Which GPU, and whether it can be used (device_back_end.h: refused).
 */
#include "common/kernels/cuda/back_end.h"

#include <stdarg.h>
#include <stdio.h>

cudaStream_t cuda_stream, cuda_copies;
cublasHandle_t cuda_blas;
cublasMath_t cuda_math = CUBLAS_PEDANTIC_MATH;

static struct cudaDeviceProp properties; /* of the one that was taken */

uint64_t cuda_place(void)
{
    return (uint64_t)properties.pciDomainID << 32 | (uint64_t)properties.pciBusID << 16 |
           (uint64_t)properties.pciDeviceID;
}

const char *cuda_name(void)
{
    return properties.name;
}

__attribute__((format(printf, 1, 2))) static const char *refuse(const char *format, ...)
{
    static char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return text;
}

/* Any call's error, in words that name a cure where it has a usual one. */
static const char *refuse_for(cudaError_t error, const char *doing)
{
    int mode = cudaComputeModeDefault, gpu = 0;
    switch (error) {
    case cudaErrorDevicesUnavailable:
        (void)cudaGetDevice(&gpu);
        (void)cudaDeviceGetAttribute(&mode, cudaDevAttrComputeMode, gpu);
        if (mode == cudaComputeModeExclusiveProcess)
            return refuse("the GPU %s is in the mode EXCLUSIVE_PROCESS, and another process has "
                          "it. Ranks share a GPU in the "
                          "mode DEFAULT (as root: nvidia-smi -c DEFAULT), or under MPS "
                          "(nvidia-cuda-mps-control -d); or take "
                          "one rank for each GPU",
                          properties.name);
        return refuse("the GPU %s is busy or was taken away: nvidia-smi shows which processes have "
                      "it. Wait for them, "
                      "or name another in CUDA_VISIBLE_DEVICES",
                      properties.name);
    case cudaErrorMemoryAllocation:
        return refuse(
            "the memory of the GPU %s is full before anything was computed: each rank needs some "
            "hundred MiB "
            "to start. nvidia-smi shows who has it; wait for them, or start fewer ranks on it",
            properties.name);
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
        return refuse("the kit's kernels were compiled for other GPUs than this one, %s (sm_%d%d): "
                      "make devices "
                      "CUDA_ARCHITECTURES=sm_%d%d compiles them for it, where nvcc knows it (nvcc "
                      "--list-gpu-code)",
                      properties.name, properties.major, properties.minor, properties.major,
                      properties.minor);
    default:
        return refuse(
            "the GPU can't be used: %s failed: %s. Does nvidia-smi show a GPU that is well?", doing,
            cudaGetErrorString(error));
    }
}

/* ---- the driver, and which GPU ------------------------------------------------------------------------------------ */

static const char *refuse_driver(cudaError_t error)
{
    int driver = 0, runtime = 0;
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    if (driver == 0)
        return refuse("this computer has no NVIDIA driver, or this process can't see it: on a "
                      "computer with an NVIDIA "
                      "GPU install the driver (Debian: the package nvidia-driver), start a "
                      "container with --gpus all, "
                      "and on a cluster take a node with a GPU (Slurm: --gres=gpu:1). --device "
                      "emulated runs the same "
                      "kernels without a GPU");
    if (error == cudaErrorInsufficientDriver)
        return refuse("the NVIDIA driver is too old: it supports CUDA %d.%d, and the kit was built "
                      "with CUDA %d.%d. "
                      "Bring the driver up to date, or build with a toolkit that is not newer than "
                      "the driver: make "
                      "devices NVCC=/usr/local/cuda-%d.%d/bin/nvcc",
                      driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10,
                      driver / 1000, driver % 1000 / 10);
    return refuse("the NVIDIA driver's library and its part in the kernel are not of one version "
                  "(%s): after an update "
                  "of the driver the computer has to be started anew",
                  cudaGetErrorString(error));
}

static const char *take_gpu(int rank_on_host)
{
    int mode = cudaComputeModeDefault, gpus = 0;
    cudaError_t error = cudaGetDeviceCount(&gpus);
    if (error == cudaErrorInsufficientDriver || error == cudaErrorSystemDriverMismatch ||
        error == cudaErrorCompatNotSupportedOnDevice)
        return refuse_driver(error);
    if (error == cudaErrorNoDevice || (error == cudaSuccess && gpus == 0))
        return refuse("the NVIDIA driver is here, but no GPU can be seen: nvidia-smi -L lists "
                      "them. CUDA_VISIBLE_DEVICES "
                      "may hide them; on a cluster a job has to ask for one (Slurm: --gres=gpu:1)");
    if (error != cudaSuccess)
        return refuse_for(error, "cudaGetDeviceCount");
    const int gpu = rank_on_host % gpus;
    error = cudaGetDeviceProperties(&properties, gpu);
    if (error != cudaSuccess)
        return refuse_for(error, "cudaGetDeviceProperties");
    if (cudaDeviceGetAttribute(&mode, cudaDevAttrComputeMode, gpu) == cudaSuccess &&
        mode == cudaComputeModeProhibited)
        return refuse("the GPU %s is in the mode PROHIBITED: no program may use it (as root: "
                      "nvidia-smi -c DEFAULT)",
                      properties.name);
    error = cudaSetDevice(gpu);
    return error == cudaSuccess ? NULL : refuse_for(error, "cudaSetDevice");
}

/* ---- what everything runs on ---------------------------------------------------------------------------------------- */

/* Does the library have code for this GPU at all? */
static __global__ void try_it(int *number)
{
    *number = 1;
}

static const char *try_kernel(void)
{
    int *number = NULL;
    cudaError_t error = cudaMalloc((void **)&number, sizeof *number);
    if (error != cudaSuccess)
        return refuse_for(error, "cudaMalloc");
#ifdef __CUDACC__
    try_it<<<1, 1, 0, cuda_stream>>>(number);
    error = cudaGetLastError();
#else
    error = EMULATED_LAUNCH(try_it, false, 1, 1, cuda_stream, number);
#endif
    if (error == cudaSuccess)
        error = cudaStreamSynchronize(cuda_stream);
    if (error != cudaSuccess)
        return refuse_for(error, "a first kernel");
    error = cudaFree(number);
    return error == cudaSuccess ? NULL : refuse_for(error, "cudaFree");
}

static const char *make_streams(void)
{
    cudaError_t error = cudaStreamCreateWithFlags(&cuda_stream, cudaStreamNonBlocking);
    if (error == cudaSuccess)
        error = cudaStreamCreateWithFlags(&cuda_copies, cudaStreamNonBlocking);
    return error == cudaSuccess ? NULL : refuse_for(error, "cudaStreamCreate");
}

/* With a workspace of its own, and one stream, cuBLAS gives the same bits every time. */
static const char *make_blas(void)
{
    static const size_t workspace_bytes = (size_t)32 << 20;
    void *workspace = NULL;
    cublasStatus_t status = cublasCreate(&cuda_blas);
    if (status == CUBLAS_STATUS_ALLOC_FAILED || status == CUBLAS_STATUS_NOT_INITIALIZED)
        return refuse("cuBLAS can't start on the GPU %s (%s): its memory is full, most of the "
                      "time. nvidia-smi shows "
                      "who has it; wait for them, or start fewer ranks on it",
                      properties.name, cublasGetStatusString(status));
    const cudaError_t error = cudaMalloc(&workspace, workspace_bytes);
    if (error != cudaSuccess)
        return refuse_for(error, "cudaMalloc");
    if (status == CUBLAS_STATUS_SUCCESS)
        status = cublasSetStream(cuda_blas, cuda_stream);
    if (status == CUBLAS_STATUS_SUCCESS)
        status = cublasSetWorkspace(cuda_blas, workspace, workspace_bytes);
    if (status == CUBLAS_STATUS_SUCCESS)
        status = cublasSetMathMode(cuda_blas, cuda_math);
    return status == CUBLAS_STATUS_SUCCESS ? NULL
                                           : refuse("cuBLAS can't start on the GPU %s: %s",
                                                    properties.name, cublasGetStatusString(status));
}

const char *cuda_open(int rank_on_host)
{
    const char *refused = take_gpu(rank_on_host);
    if (refused == NULL)
        refused = make_streams();
    if (refused == NULL)
        refused = try_kernel();
    return refused != NULL ? refused : make_blas();
}
