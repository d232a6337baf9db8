/*
 * Numbers of 16 bits to float32 and back, with the results of common/base/sixteen_bits.h, to the bit. A thread for
 * each number.
 */
#include "common/kernels/cuda/cuda.h"
#include "common/kernels/rounded.h"

static __device__ float from_bfloat16(uint16_t number)
{
    return number_of((uint32_t)number << 16);
}

/* The exponent of a float16 has 5 bits and not 8: its bits in their new places are a float32 that is 2^112 times too
 * small, but for infinity and NaN, whose exponent is the highest there is. */
static __device__ float from_float16(uint16_t number)
{
    const uint32_t sign = (uint32_t)(number & 0x8000) << 16;
    const uint32_t rest = (uint32_t)(number & 0x7fff) << 13;
    const uint32_t magnitude =
        rest >= 0x0f800000 ? rest | 0x7f800000 : bits_of(number_of(rest) * 0x1p112f);
    return number_of(sign | magnitude);
}

/* ---- many ----------------------------------------------------------------------------------------------------------- */

static __global__ void widen_bfloat16(size_t count, const uint16_t *numbers, float *to)
{
    const size_t i = thread_number();
    if (i < count)
        to[i] = from_bfloat16(numbers[i]);
}

static __global__ void widen_float16(size_t count, const uint16_t *numbers, float *to)
{
    const size_t i = thread_number();
    if (i < count)
        to[i] = from_float16(numbers[i]);
}

static __global__ void narrow_to_bfloat16(size_t count, const float *numbers, uint16_t *to)
{
    const size_t i = thread_number();
    if (i < count)
        to[i] = to_bfloat16(numbers[i]);
}

static __global__ void narrow_to_float16(size_t count, const float *numbers, uint16_t *to)
{
    const size_t i = thread_number();
    if (i < count)
        to[i] = to_float16(numbers[i]);
}

void cuda_widen(enum dtype from, size_t count, const void *numbers, float *to)
{
    const uint16_t *narrow = (const uint16_t *)numbers;
    if (from == DTYPE_BFLOAT16)
        LAUNCH(widen_bfloat16, cuda_blocks(count), THREADS, count, narrow, to);
    else if (from == DTYPE_FLOAT16)
        LAUNCH(widen_float16, cuda_blocks(count), THREADS, count, narrow, to);
    else
        cuda_services->failed(CUDA_HERE, "widen", "these numbers are not of 16 bits");
}

void cuda_narrow(enum dtype to, size_t count, const float *numbers, void *narrowed)
{
    uint16_t *narrow = (uint16_t *)narrowed;
    if (to == DTYPE_BFLOAT16)
        LAUNCH(narrow_to_bfloat16, cuda_blocks(count), THREADS, count, numbers, narrow);
    else if (to == DTYPE_FLOAT16)
        LAUNCH(narrow_to_float16, cuda_blocks(count), THREADS, count, numbers, narrow);
    else
        cuda_services->failed(CUDA_HERE, "narrow", "what is asked for are not numbers of 16 bits");
}
