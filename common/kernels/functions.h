/*
 * Functions of one float, written so that the compiler can vectorise a loop
 * that calls them: no branches, no calls. Accurate to a few units in the last
 * place of a float.
 */
#ifndef COMMON_KERNELS_FUNCTIONS_H
#define COMMON_KERNELS_FUNCTIONS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* e^x. Below -87, where floats become denormal, it stays at e^-87; above 88 at e^88. NaN stays. */
static inline __attribute__((always_inline)) float exponential(float x)
{
    /* x = n · ln 2 + rest, |rest| <= ln 2 / 2; the polynomial is that of Cephes' expf. */
    float n = rintf(x * 1.44269504f);
    float rest = fmaf(n, -0.693359375f, x);
    rest = fmaf(n, 2.12194440e-4f, rest);
    float sum = 1.9875691500e-4f;
    sum = fmaf(sum, rest, 1.3981999507e-3f);
    sum = fmaf(sum, rest, 8.3334519073e-3f);
    sum = fmaf(sum, rest, 4.1665795894e-2f);
    sum = fmaf(sum, rest, 1.6666665459e-1f);
    sum = fmaf(sum, rest, 5.0000001201e-1f);
    sum = fmaf(sum, rest * rest, rest) + 1.0f;
    /* 2^n, by writing n into the exponent's bits. */
    uint32_t bits = ((uint32_t)(int32_t)n + 127u) << 23; /* not used where n is too large */
    float power;
    memcpy(&power, &bits, sizeof power);
    float result = sum * power;
    /* Chosen at the end, where it is one instruction; before, compilers carry both through the sum. */
    result = x < -87.0f ? 0x1.666d0ep-126f : result;
    return x > 88.0f ? 0x1.f1056ep+126f : result;
}

/* The standard normal distribution at x: density φ(x) and distribution Φ(x). */
static inline __attribute__((always_inline)) void normal_distribution(float x, float *density,
                                                                      float *distribution)
{
    /* Φ(-|x|) = e^(-x²/2) · t · P(t) with t = 1 / (1 + 0.3 |x|), the form of Abramowitz and
     * Stegun 7.1.26. P was fitted to a relative error of 1.3e-7 for |x| up to 13.5. */
    float t = 1.0f / fmaf(0.3f, fabsf(x), 1.0f);
    float sum = 0.035932199f;
    sum = fmaf(sum, t, -0.15827782f);
    sum = fmaf(sum, t, 0.20820952f);
    sum = fmaf(sum, t, -0.055396329f);
    sum = fmaf(sum, t, 0.12947041f);
    sum = fmaf(sum, t, 0.099637159f);
    sum = fmaf(sum, t, 0.12079841f);
    sum = fmaf(sum, t, 0.11962639f);
    float bell = exponential(-0.5f * x * x);
    float tail = bell * t * sum;
    *density = 0.39894228f * bell;
    *distribution = x > 0 ? 1.0f - tail : tail;
}

#endif
