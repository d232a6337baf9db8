/*
 * Dropout: number i of a stream of Philox4x32-10 decides about element i, as on the processor (random.h), to the bit.
 * A block of Philox makes four numbers, so a thread has four elements.
 */
#include "common/kernels/cuda/cuda.h"

#include <math.h>

#define NUMBERS_OF_BLOCK 4

static __device__ void philox(uint64_t seed, uint64_t stream, uint64_t block, uint32_t word[4])
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    for (int round = 0; round < 10; round++) {
        const uint32_t high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        const uint32_t high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ key0;
        c1 = low1;
        c2 = high0 ^ c3 ^ key1;
        c3 = low0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    word[0] = c0;
    word[1] = c1;
    word[2] = c2;
    word[3] = c3;
}

/* `bound`: a number is (word >> 8) · 2^-24, and dropped is what is below the rate. */
static __global__ void dropout(uint64_t seed, uint64_t stream, uint32_t bound, float scale,
                               uint64_t first, size_t count, const float *x, float *y)
{
    const uint64_t next = first + count;
    const uint64_t block = first / NUMBERS_OF_BLOCK + thread_number();
    if (block * NUMBERS_OF_BLOCK >= next)
        return;
    uint32_t word[NUMBERS_OF_BLOCK];
    philox(seed, stream, block, word);
    for (int k = 0; k < NUMBERS_OF_BLOCK; k++) {
        const uint64_t number = block * NUMBERS_OF_BLOCK + (uint64_t)k;
        if (number >= first && number < next)
            y[number - first] = word[k] >> 8 < bound ? 0 : x[number - first] * scale;
    }
}

void cuda_dropout(const struct dropout_draw *draw, uint64_t first, size_t count, const float *x,
                  float *y)
{
    if (count == 0)
        return;
    const uint32_t bound = (uint32_t)ceilf(draw->rate * 0x1p24f);
    const float scale = 1.0f / (1.0f - draw->rate);
    const size_t blocks = (first + count - 1) / NUMBERS_OF_BLOCK - first / NUMBERS_OF_BLOCK + 1;
    LAUNCH(dropout, cuda_blocks(blocks), THREADS, draw->seed, draw->stream, bound, scale, first,
           count, x, y);
}
