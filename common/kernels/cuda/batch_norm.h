/*
 * What batch norm's forward and backward share: channels, and the parts that their numbers are cut into (batch_norm.cu).
 */
#ifndef COMMON_KERNELS_CUDA_BATCH_NORM_H
#define COMMON_KERNELS_CUDA_BATCH_NORM_H

#include "common/kernels/cuda/cuda.h"

#define EPSILON         1e-5f
#define NUMBERS_OF_PART (64 * WARP)

/* Numbers of one channel in one group, and parts that they are cut into. */
static inline __host__ __device__ size_t numbers_of(const struct batch_norm_sizes &sizes)
{
    return (size_t)sizes.together * (size_t)sizes.plane;
}

static inline __host__ __device__ size_t parts_of(const struct batch_norm_sizes &sizes)
{
    return (numbers_of(sizes) + NUMBERS_OF_PART - 1) / NUMBERS_OF_PART;
}

/* The numbers of part `number` of all parts; those of a channel stand side by side: from which on, and up to which. */
static inline __device__ size_t first_of(const struct batch_norm_sizes &sizes, size_t number)
{
    return number % parts_of(sizes) * NUMBERS_OF_PART;
}

static inline __device__ size_t end_of(const struct batch_norm_sizes &sizes, size_t number)
{
    const size_t end = first_of(sizes, number) + NUMBERS_OF_PART, all = numbers_of(sizes);
    return end < all ? end : all;
}

/* Channels of all groups. */
static inline size_t channels_of_groups(const struct batch_norm_sizes &sizes)
{
    return (size_t)(sizes.samples / sizes.together) * (size_t)sizes.channels;
}

static inline size_t count_of(const struct batch_norm_sizes &sizes)
{
    return (size_t)sizes.samples * (size_t)sizes.channels * (size_t)sizes.plane;
}

/* Number `channel` of those of all groups, which stand one group after the other: where its mean stands in statistics
 * (groups, 2, channels). Its variance is as many places behind as there are channels. */
static inline __device__ size_t mean_at(const struct batch_norm_sizes &sizes, size_t channel)
{
    return channel + quotient(channel, (unsigned)sizes.channels) * (size_t)sizes.channels;
}

/* Where number i of that channel stands in x. */
static inline __device__ size_t number_at(const struct batch_norm_sizes &sizes, size_t channel,
                                          size_t i)
{
    const unsigned channels = (unsigned)sizes.channels, plane = (unsigned)sizes.plane;
    const size_t sample = quotient(channel, channels) * (size_t)sizes.together + quotient(i, plane);
    return (sample * channels + rest_of(channel, channels)) * plane + rest_of(i, plane);
}

/* Who takes a part's sums, or a channel's: a warp or, where a channel has so few numbers that most of a warp would have
 * none (as those of a perceptron have), one thread. */
#define FEW_NUMBERS 64

static inline bool has_few_numbers(const struct batch_norm_sizes &sizes)
{
    return numbers_of(sizes) <= FEW_NUMBERS;
}

template <int lanes> static inline __device__ size_t team_number(void)
{
    return lanes == 1 ? thread_number() : warp_number();
}

template <int lanes> static inline __device__ size_t team_lane(void)
{
    return lanes == 1 ? 0 : (size_t)lane_number();
}

template <int lanes> static inline __device__ double team_sum(double value)
{
    if constexpr (lanes == 1)
        return value;
    else
        return warp_sum(value);
}

/* Launches a kernel with a team for each of `count`. */
#define LAUNCH_TEAMS(kernel, few, count, ...)                                                      \
    do {                                                                                           \
        if (few)                                                                                   \
            LAUNCH(kernel<1>, cuda_blocks(count), THREADS, __VA_ARGS__);                           \
        else                                                                                       \
            LAUNCH_TOGETHER(kernel<WARP>, cuda_blocks(count, WARPS), WARPS *WARP, __VA_ARGS__);    \
    } while (0)

#endif
