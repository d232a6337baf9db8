/*
 * Dropout (kernels.h): Philox as in random.h, for many blocks at a time.
 *
 * A block of Philox makes four numbers. Sixteen blocks are drawn together, so that a vector holds
 * the same word of each; their 64 numbers are a group, which a thread has to itself.
 */
#include "common/kernels/cpu.h"

#include <math.h>

#define GROUP (4 * LANES)

/* The words of blocks first … first + LANES - 1, in the order of their numbers. */
static void draw_group(const struct dropout_draw *draw, uint64_t first, uint32_t word[GROUP])
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t key0 = (uint32_t)draw->seed, key1 = (uint32_t)(draw->seed >> 32);
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
        c0[i] = (uint32_t)first + (uint32_t)i; /* first is a multiple of LANES: no carry */
        c1[i] = (uint32_t)(first >> 32);
        c2[i] = (uint32_t)draw->stream;
        c3[i] = (uint32_t)(draw->stream >> 32);
    }
    for (int round = 0; round < 10; round++) {
#pragma omp simd
        for (int i = 0; i < LANES; i++) {
            const uint64_t product0 = (uint64_t)0xD2511F53 * c0[i];
            const uint64_t product1 = (uint64_t)0xCD9E8D57 * c2[i];
            c0[i] = (uint32_t)(product1 >> 32) ^ c1[i] ^ key0;
            c1[i] = (uint32_t)product1;
            c2[i] = (uint32_t)(product0 >> 32) ^ c3[i] ^ key1;
            c3[i] = (uint32_t)product0;
        }
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
        word[4 * i] = c0[i];
        word[4 * i + 1] = c1[i];
        word[4 * i + 2] = c2[i];
        word[4 * i + 3] = c3[i];
    }
}

static inline __attribute__((always_inline)) void
drop(int count, const uint32_t *word, uint32_t bound, float scale, const float *x, float *y)
{
#pragma omp simd
    for (int i = 0; i < count; i++)
        y[i] = word[i] >> 8 < bound ? 0 : x[i] * scale;
}

void cpu_dropout(const struct dropout_draw *draw, uint64_t first, size_t count, const float *x,
                 float *y)
{
    /* A number is (word >> 8) · 2^-24. */
    const uint32_t bound = (uint32_t)ceilf(draw->rate * 0x1p24f);
    const float scale = 1.0f / (1.0f - draw->rate);
    const uint64_t next = first + count;
#pragma omp parallel for schedule(static) if ((double)count * 4 > PARALLEL_THRESHOLD)
    for (uint64_t group = first / GROUP; group < (next + GROUP - 1) / GROUP; group++) {
        uint32_t word[GROUP];
        draw_group(draw, group * LANES, word);
        const uint64_t begin = group * GROUP < first ? first : group * GROUP;
        const uint64_t end = (group + 1) * GROUP > next ? next : (group + 1) * GROUP;
        const float *from = x + (begin - first);
        float *to = y + (begin - first);
        if (end - begin == GROUP)
            drop(GROUP, word, bound, scale, from, to);
        else
            drop((int)(end - begin), word + begin % GROUP, bound, scale, from, to);
    }
}
