/*
 * The emulated GPU itself: there is one, and it has no time of its own (cuda_runtime.h).
 */
#include "common/kernels/cuda/emulated/emulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

unsigned long emulated_launches;

static cudaError_t last_error = cudaSuccess;

cudaError_t emulated_noted(cudaError_t error)
{
    if (error != cudaSuccess)
        last_error = error;
    return error;
}

cudaError_t cudaGetLastError(void)
{
    const cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

const char *cudaGetErrorString(cudaError_t error)
{
    switch (error) {
    case cudaSuccess:
        return "no error";
    case cudaErrorInvalidValue:
        return "invalid argument";
    case cudaErrorMemoryAllocation:
        return "out of memory";
    case cudaErrorInitializationError:
        return "initialization error";
    case cudaErrorInvalidConfiguration:
        return "invalid configuration argument";
    case cudaErrorInsufficientDriver:
        return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorDevicesUnavailable:
        return "CUDA-capable device(s) is/are busy or unavailable";
    case cudaErrorNoDevice:
        return "no CUDA-capable device is detected";
    case cudaErrorNoKernelImageForDevice:
        return "no kernel image is available for execution on the device";
    case cudaErrorUnsupportedPtxVersion:
        return "the provided PTX was compiled with an unsupported toolchain.";
    case cudaErrorNotReady:
        return "device not ready";
    case cudaErrorIllegalAddress:
        return "an illegal memory access was encountered";
    case cudaErrorMisalignedAddress:
        return "misaligned address";
    case cudaErrorLaunchFailure:
        return "unspecified launch failure";
    case cudaErrorSystemDriverMismatch:
        return "system has unsupported display driver / cuda driver combination";
    case cudaErrorCompatNotSupportedOnDevice:
        return "forward compatibility was attempted on non supported HW";
    case cudaErrorUnknown:
        break;
    }
    return "unknown error";
}

/* ---- what the environment asks for -------------------------------------------------------------------------------- */

int emulated_choice(const char *variable, const char *const *words)
{
    const char *wanted = getenv(variable);
    if (wanted == NULL || wanted[0] == '\0')
        return 0;
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], wanted) == 0)
            return i;
    fprintf(stderr, "%s=%s: must be one of", variable, wanted);
    for (int i = 0; words[i] != NULL; i++)
        fprintf(stderr, " %s", words[i]);
    fprintf(stderr, "\n");
    exit(2);
}

/* no-driver, old-driver, old-kernel-driver: of the driver. no-gpu, prohibited: none that can be used. busy, exclusive,
 * full: another process has it, or its memory. architecture: the kernels are for other GPUs. memory:BYTES: it has only
 * so much. launch: a kernel fails. blas, blas-start: cuBLAS does. wrong: its products are. pinned:BYTES: of
 * the host's memory only so much can be pinned. */
static const char *const faults[] = {"",       "no-driver",    "old-driver", "old-kernel-driver",
                                     "no-gpu", "prohibited",   "busy",       "exclusive",
                                     "full",   "architecture", "memory",     "launch",
                                     "blas",   "blas-start",   "wrong",      "pinned",
                                     NULL};

bool emulated_fault(const char *name, size_t *value)
{
    const char *wanted = getenv("EMULATED_FAULT");
    if (wanted == NULL)
        return false;
    const char *colon = strchr(wanted, ':');
    const size_t length = colon == NULL ? strlen(wanted) : (size_t)(colon - wanted);
    bool known = false;
    for (int i = 0; faults[i] != NULL; i++)
        known = known || (strlen(faults[i]) == length && strncmp(faults[i], wanted, length) == 0);
    if (!known) {
        fprintf(stderr, "EMULATED_FAULT=%s: emulated/runtime.cpp has the names\n", wanted);
        exit(2);
    }
    const bool is_wanted = strlen(name) == length && strncmp(name, wanted, length) == 0;
    if (is_wanted && value != NULL && colon != NULL)
        *value = strtoull(colon + 1, NULL, 10);
    return is_wanted;
}

/* ---- which GPU ------------------------------------------------------------------------------------------------------ */

static cudaError_t error_of_driver(void)
{
    if (emulated_fault("no-driver") || emulated_fault("old-driver"))
        return cudaErrorInsufficientDriver;
    return emulated_fault("old-kernel-driver") ? cudaErrorSystemDriverMismatch : cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    *count = 0;
    if (error_of_driver() != cudaSuccess)
        return error_of_driver();
    if (emulated_fault("no-gpu"))
        return cudaErrorNoDevice;
    *count = 1;
    return cudaSuccess;
}

static pid_t owner; /* the process that took it */

cudaError_t emulated_owned(void)
{
    return owner == getpid() ? cudaSuccess : cudaErrorInitializationError;
}

cudaError_t cudaSetDevice(int device)
{
    owner = getpid();
    return device == 0 ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaGetDevice(int *device)
{
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int)
{
    size_t nobodys;
    *properties = {};
    snprintf(properties->name, sizeof properties->name, "emulated");
    properties->major = 7;
    return cudaMemGetInfo(&nobodys, &properties->totalGlobalMem);
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr, int)
{
    *value = emulated_fault("exclusive")    ? cudaComputeModeExclusiveProcess
             : emulated_fault("prohibited") ? cudaComputeModeProhibited
                                            : cudaComputeModeDefault;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = emulated_fault("no-driver") ? 0 : emulated_fault("old-driver") ? 12020 : 13000;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = 13000;
    return cudaSuccess;
}
