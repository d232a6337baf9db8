/*
 * Counter-based random numbers (random.h).
 *
 * The key is the seed. The counter's upper half is the stream, its lower half
 * the number of a block of four 32-bit words.
 */
#include "common/base/random.h"
#include "common/base/fatal.h"

#include <math.h>

uint64_t random_stream(enum random_purpose purpose, uint32_t a, uint32_t b)
{
    if (a >= 1u << 24)
        fatal("number %u: a stream's first number is below %u", a, 1u << 24);
    return (uint64_t)purpose << 56 | (uint64_t)a << 32 | b;
}

void random_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
    uint32_t key0 = key[0], key1 = key[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)0xD2511F53 * c0;
        uint64_t product1 = (uint64_t)0xCD9E8D57 * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)product0;
        key0 += 0x9E3779B9; /* Weyl sequences: golden ratio, square root of 3 less 1 */
        key1 += 0xBB67AE85;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static void block_of_four(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4])
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                                 (uint32_t)(stream >> 32)};
    random_philox(key, counter, out);
}

void random_uniform(float *out, size_t count, uint64_t seed, uint64_t stream, uint64_t first,
                    float low, float high)
{
    size_t i = 0;
    while (i < count) {
        uint32_t word[4];
        uint64_t number = first + i;
        block_of_four(seed, stream, number / 4, word);
        for (size_t k = number % 4; k < 4 && i < count; k++, i++) {
            float unit = (float)(word[k] >> 8) * 0x1p-24f; /* 0 … 1, without 1 */
            float value = low + (high - low) * unit;
            out[i] = value < high ? value : low; /* rounding can reach high */
        }
    }
}

void random_normal(float *out, size_t count, uint64_t seed, uint64_t stream, uint64_t first,
                   float mean, float deviation)
{
    const double two_pi = 6.283185307179586476925;
    uint32_t word[4];
    for (size_t i = 0; i < count; i++) {
        uint64_t number = first + i;
        if (i == 0 || number % 4 == 0)
            block_of_four(seed, stream, number / 4, word);
        /* Box and Muller: a pair of words makes a pair of numbers. */
        size_t pair = number % 4 / 2 * 2;
        double radius = sqrt(-2.0 * log(((double)word[pair] + 1.0) * 0x1p-32));
        double angle = two_pi * 0x1p-32 * (double)word[pair + 1];
        double unit = number % 2 == 0 ? radius * cos(angle) : radius * sin(angle);
        out[i] = (float)(mean + deviation * unit);
    }
}

uint32_t random_below(uint64_t seed, uint64_t stream, uint64_t i, uint32_t bound)
{
    if (bound == 0)
        fatal("no whole number is below 0");
    /* Lemire, "Fast random integer generation in an interval" (2019): the low
     * half of the product tells the few draws that would make some numbers
     * likelier than others. They are drawn again: what came out goes in. */
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint64_t unfair = -(uint64_t)bound % bound;
    uint32_t word[4];
    block_of_four(seed, stream, i, word);
    for (;;) {
        uint64_t draw = (uint64_t)word[1] << 32 | word[0];
        unsigned __int128 product = (unsigned __int128)draw * bound;
        if ((uint64_t)product >= unfair)
            return (uint32_t)(product >> 64);
        random_philox(key, word, word);
    }
}

void random_permutation(int *order, int count, uint64_t seed, uint64_t stream)
{
    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int i = count - 1; i > 0; i--) {
        uint32_t j = random_below(seed, stream, (uint64_t)i, (uint32_t)i + 1);
        int swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}
