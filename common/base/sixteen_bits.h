/*
 * Numbers of 16 bits, as they are stored and sent: bfloat16 (the upper half of a float32: 8 bits of
 * exponent, 7 of fraction) and float16 (IEEE 754 binary16: 5 and 10). One computes with them in float32.
 *
 * From float32 they are rounded to the nearest, to the even one of two that are equally near; what is too
 * large becomes infinite, what is very small a subnormal number or 0, a NaN a quiet NaN.
 *
 * To float32 they stand here and without a branch, so that a loop over many becomes one of vectors.
 */
#ifndef COMMON_BASE_SIXTEEN_BITS_H
#define COMMON_BASE_SIXTEEN_BITS_H

#include <stdint.h>
#include <string.h>

/* Exact. */
static inline float bfloat16_to_float32(uint16_t number)
{
    const uint32_t bits = (uint32_t)number << 16;
    float wide;
    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

/* Exact. float16's exponent has 5 bits and not 8: its bits in their new places are a float32 that is
 * 2^112 times too small, but for infinity and NaN, whose exponent is the highest there is. */
static inline float float16_to_float32(uint16_t number)
{
    const uint32_t rest = (uint32_t)(number & 0x7fff) << 13;
    const uint32_t bits = rest >= 0x0f800000 ? rest | 0x7f800000 : rest;
    float small;
    memcpy(&small, &bits, sizeof small);
    const float magnitude = rest >= 0x0f800000 ? small : small * 0x1p112f;
    return number & 0x8000 ? -magnitude : magnitude;
}

uint16_t bfloat16_from_float32(float number);
uint16_t float16_from_float32(float number);

#endif
