/*
 * Numbers of 16 bits to float32 and back, many at a time, with the results of sixteen_bits.h.
 *
 * The loops have no branch, so that the compiler makes vectors of them. Processors that turn float32 into
 * float16 themselves (all of x86 since 2013) do; the instructions for bfloat16 that newer ones have make
 * zeros of subnormal numbers and are left alone.
 */
#include "common/base/sixteen_bits.h"
#include "common/base/fatal.h"
#include "common/kernels/cpu.h"
#include "common/kernels/rounded.h"

#if defined(__F16C__)
#include <immintrin.h>
#endif

/* ---- many ---- */

static void widen_bfloat16(size_t count, const uint16_t *restrict numbers, float *restrict to)
{
#pragma omp parallel for simd schedule(static) if (parallel : (double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        to[i] = bfloat16_to_float32(numbers[i]);
}

static void widen_float16(size_t count, const uint16_t *restrict numbers, float *restrict to)
{
#pragma omp parallel for simd schedule(static) if (parallel : (double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        to[i] = float16_to_float32(numbers[i]);
}

static void narrow_to_bfloat16(size_t count, const float *restrict numbers, uint16_t *restrict to)
{
#pragma omp parallel for simd schedule(static) if (parallel : (double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        to[i] = to_bfloat16(numbers[i]);
}

static void narrow_to_float16(size_t count, const float *restrict numbers, uint16_t *restrict to)
{
    size_t by_processor = 0;
#if defined(__F16C__)
    enum { TOGETHER = 8 };
    by_processor = count / TOGETHER * TOGETHER;
#pragma omp parallel for schedule(static) if ((double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < by_processor; i += TOGETHER)
        _mm_storeu_si128((__m128i *)(to + i),
                         _mm256_cvtps_ph(_mm256_loadu_ps(numbers + i),
                                         _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#endif
#pragma omp parallel for simd schedule(static) if (parallel                                        \
                                                   : (double)(count - by_processor) >              \
                                                         PARALLEL_THRESHOLD)
    for (size_t i = by_processor; i < count; i++)
        to[i] = to_float16(numbers[i]);
}

/* ---- the kernels ---- */

void cpu_widen(enum dtype from, size_t count, const void *numbers, float *to)
{
    if (from == DTYPE_BFLOAT16)
        widen_bfloat16(count, numbers, to);
    else if (from == DTYPE_FLOAT16)
        widen_float16(count, numbers, to);
    else
        fatal("%s is not of 16 bits and can't be widened", dtype_name(from));
}

void cpu_narrow(enum dtype to, size_t count, const float *numbers, void *narrowed)
{
    if (to == DTYPE_BFLOAT16)
        narrow_to_bfloat16(count, numbers, narrowed);
    else if (to == DTYPE_FLOAT16)
        narrow_to_float16(count, numbers, narrowed);
    else
        fatal("%s is not of 16 bits: float32 can't be narrowed to it", dtype_name(to));
}
