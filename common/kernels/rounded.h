/*
 * A float32 rounded to 16 bits, with the results of common/base/sixteen_bits.h, and without a branch: so that a
 * loop over many becomes one of vectors, and the threads of a warp stay together. The processor's kernels and the GPU's
 * have it from here.
 */
#ifndef COMMON_KERNELS_ROUNDED_H
#define COMMON_KERNELS_ROUNDED_H

#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define ROUNDED static inline __host__ __device__
#else
#define ROUNDED static inline
#endif

ROUNDED uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

ROUNDED float number_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

ROUNDED uint16_t to_bfloat16(float number)
{
    const uint32_t bits = bits_of(number), is_odd = bits >> 16 & 1;
    const uint32_t rounded = (bits + 0x7fff + is_odd) >> 16, nan = bits >> 16 | 0x40;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? nan : rounded);
}

/* A subnormal one is rounded by an addition: beside 0.5 the last place of a float32 is the smallest float16. */
ROUNDED uint16_t to_float16(float number)
{
    const uint32_t bits = bits_of(number), magnitude = bits & 0x7fffffff;
    const uint32_t is_odd = magnitude >> 13 & 1;
    const uint32_t normal = (magnitude - (112u << 23) + 0xfff + is_odd) >> 13;
    const uint32_t subnormal = bits_of(number_of(magnitude) + 0.5f) - 0x3f000000;
    const uint32_t nan = 0x7e00 | (magnitude >> 13 & 0x3ff);
    uint32_t result = magnitude < 113u << 23 ? subnormal : normal;
    result =
        magnitude >= 0x477ff000 ? 0x7c00 : result; /* half a step beyond the largest, or infinite */
    result = magnitude > 0x7f800000 ? nan : result;
    return (uint16_t)(result | (bits >> 16 & 0x8000));
}

#endif
