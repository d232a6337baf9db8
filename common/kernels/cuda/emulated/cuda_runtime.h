/*
 * What of CUDA's runtime the kernels use, over the processor: the C++ compiler finds this file in place of
 * CUDA's own. Names and meanings are those of CUDA's documentation.
 *
 * Blocks run one after the other, in one thread of the processor, and so do the threads of a block: each from
 * its begin to its end, or, in a launch of threads that work together (LAUNCH_TOGETHER), from one barrier to the next.
 * In which order is chosen by EMULATED_ORDER: forward, reversed or shuffled. A kernel that is right gives the same
 * numbers in each.
 *
 * Kernels and copies are done as late as can be: when something waits for them. What forgets to wait so reads what
 * was there before. EMULATED_STREAMS chooses which of several streams goes on then: "first", that which is waited for,
 * and others only as far as it waits for them; "last", all others before it; or "at-once": there is nothing to wait for.
 *
 * Device memory can be read and written only while an emulated call runs: the host's own reads and writes
 * are a fault, which the kit names.
 *
 * EMULATED_FAULT lets calls fail as on a computer on which something is wrong: runtime.cpp has the names.
 */
#ifndef EMULATED_CUDA_RUNTIME_H
#define EMULATED_CUDA_RUNTIME_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tuple>

/* ---- what a kernel sees ------------------------------------------------------------------------------------ */

#define __global__
#define __device__
#define __host__
#define __shared__ static /* blocks run one after the other */
#define __restrict__
#define __launch_bounds__(threads)

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
/* Of the thread that runs now. */
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

void __syncthreads(void);
void __syncwarp(unsigned mask = 0xffffffffu);
/* What thread `lane` of the warp gives, of up to 8 bytes. All threads of the mask call it. */
uint64_t emulated_shuffle(unsigned mask, uint64_t value, int lane);
int emulated_lane(void); /* of this thread in its warp */

template <typename number>
static inline number emulated_shuffled(unsigned mask, number value, int lane)
{
    uint64_t bits = 0;
    static_assert(sizeof value <= sizeof bits, "a shuffle gives at most 8 bytes");
    memcpy(&bits, &value, sizeof value);
    bits = emulated_shuffle(mask, bits, lane);
    memcpy(&value, &bits, sizeof value);
    return value;
}
template <typename number> static inline number __shfl_sync(unsigned mask, number value, int lane)
{
    return emulated_shuffled(mask, value, lane);
}
template <typename number>
static inline number __shfl_xor_sync(unsigned mask, number value, int bits)
{
    return emulated_shuffled(mask, value, emulated_lane() ^ bits);
}
/* A thread without one so far above it gets its own. */
template <typename number>
static inline number __shfl_down_sync(unsigned mask, number value, int apart)
{
    const int lane = emulated_lane() + apart;
    return emulated_shuffled(mask, value, lane < 32 ? lane : emulated_lane());
}

static inline float rsqrtf(float x)
{
    return 1.0f / sqrtf(x);
}
static inline uint32_t __umulhi(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint64_t)a * b >> 32);
}

/* ---- errors --------------------------------------------------------------------------------------------------- */

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInitializationError = 3,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInsufficientDriver = 35,
    cudaErrorDevicesUnavailable = 46,
    cudaErrorNoDevice = 100,
    cudaErrorNoKernelImageForDevice = 209,
    cudaErrorUnsupportedPtxVersion = 222,
    cudaErrorNotReady = 600,
    cudaErrorIllegalAddress = 700,
    cudaErrorMisalignedAddress = 716,
    cudaErrorLaunchFailure = 719,
    cudaErrorSystemDriverMismatch = 803,
    cudaErrorCompatNotSupportedOnDevice = 804,
    cudaErrorUnknown = 999
};
const char *cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError(void);

/* ---- launches ------------------------------------------------------------------------------------------------- */

/* A launch with its arguments. */
struct emulated_call {
    virtual void thread() const = 0; /* runs the kernel, as the thread that threadIdx names */
    virtual ~emulated_call() = default;
};
template <typename body_type, typename... parameters> struct emulated_kernel : emulated_call {
    std::tuple<parameters...> arguments; /* as they were when it was launched */
    template <typename... given>
    explicit emulated_kernel(given &&...values) : arguments(static_cast<parameters>(values)...)
    {
    }
    void thread() const override { std::apply(body_type(), arguments); }
};
/* Takes the call over. */
cudaError_t emulated_launch(const char *kernel, bool together, dim3 blocks, dim3 threads,
                            struct emulated_stream *stream, struct emulated_call *call);

template <typename body_type, typename... parameters, typename... given>
static inline cudaError_t emulated_launch_kernel(const char *kernel, bool together, dim3 blocks,
                                                 dim3 threads, struct emulated_stream *stream,
                                                 void (*)(parameters...), body_type,
                                                 given &&...values)
{
    return emulated_launch(kernel, together, blocks, threads, stream,
                           new emulated_kernel<body_type, parameters...>(values...));
}
#define EMULATED_LAUNCH(kernel, together, blocks, threads, stream, ...)                            \
    emulated_launch_kernel(#kernel, together, blocks, threads, stream, kernel,                     \
                           [](auto... arguments) { kernel(arguments...); } __VA_OPT__(, )          \
                               __VA_ARGS__)

/* ---- the GPU, streams and events ------------------------------------------------------------------------------- */

struct cudaDeviceProp {
    char name[256];
    int major, minor;
    int pciDomainID, pciBusID, pciDeviceID;
    size_t totalGlobalMem;
};
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDevice(int *device);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device);
enum cudaDeviceAttr { cudaDevAttrComputeMode = 20 };
enum cudaComputeMode {
    cudaComputeModeDefault = 0,
    cudaComputeModeProhibited = 2,
    cudaComputeModeExclusiveProcess = 3
};
cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device);
cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaRuntimeGetVersion(int *version);

typedef struct emulated_stream *cudaStream_t;
typedef struct emulated_event *cudaEvent_t;
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2 };
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventQuery(cudaEvent_t event);

/* ---- memory ------------------------------------------------------------------------------------------------------ */

enum cudaMemcpyKind {
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3
};
enum { cudaHostAllocDefault = 0 };
cudaError_t cudaMalloc(void **block, size_t bytes);
cudaError_t cudaFree(void *block);
cudaError_t cudaMemGetInfo(size_t *nobodys, size_t *all);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void *to, int byte, size_t bytes, cudaStream_t stream);
cudaError_t cudaHostAlloc(void **block, size_t bytes, unsigned flags);
cudaError_t cudaFreeHost(void *block);

#endif
