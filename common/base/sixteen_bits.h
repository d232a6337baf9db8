/*
 * Numbers of 16 bits, as they are stored and sent: bfloat16 (the upper half of a float32: 8 bits of
 * exponent, 7 of fraction) and float16 (IEEE 754 binary16: 5 and 10). One computes with them in float32.
 *
 * From float32 they are rounded to the nearest, to the even one of two that are equally near; what is too
 * large becomes infinite, what is very small a subnormal number or 0, a NaN a quiet NaN.
 */
#ifndef COMMON_BASE_SIXTEEN_BITS_H
#define COMMON_BASE_SIXTEEN_BITS_H

#include <stdint.h>

float bfloat16_to_float32(uint16_t number); /* exact */
uint16_t bfloat16_from_float32(float number);
float float16_to_float32(uint16_t number); /* exact */
uint16_t float16_from_float32(float number);

#endif
