/*
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * Number i of a stream is a function of (seed, stream, i) and of nothing else.
 * There is no state to share, to save or to get out of step, so a rank that
 * owns one layer, or one slice of one, draws the same parameters for it as a
 * process that owns the whole model.
 */
#ifndef COMMON_BASE_RANDOM_H
#define COMMON_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for: parameters of one tensor, the order of an epoch, synthetic data, tests, what
 * a dropout drops in a step. */
enum random_purpose {
    RANDOM_PARAMETER = 1,
    RANDOM_SHUFFLE,
    RANDOM_SYNTHETIC,
    RANDOM_TEST,
    RANDOM_DROPOUT
};

/* The stream with numbers a and b (for RANDOM_PARAMETER: layer and tensor) of a purpose. */
uint64_t random_stream(enum random_purpose purpose, uint32_t a, uint32_t b);

void random_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]);

/* Numbers first … first+count-1 of a stream. */
void random_uniform(float *out, size_t count, uint64_t seed, uint64_t stream, uint64_t first,
                    float low, float high);
void random_normal(float *out, size_t count, uint64_t seed, uint64_t stream, uint64_t first,
                   float mean, float deviation);
/* An unbiased whole number in 0 … bound-1 (bound > 0): number i of the stream. */
uint32_t random_below(uint64_t seed, uint64_t stream, uint64_t i, uint32_t bound);
/* order[0 … count-1] becomes a permutation of 0 … count-1 (Fisher-Yates). */
void random_permutation(int *order, int count, uint64_t seed, uint64_t stream);

#endif
