/*
 * Batch norm's backward (batch_norm.cu). With n = (x - mean) / deviation, and means over a channel of a group:
 * dx = weight · (dy - mean(dy) - n · mean(dy · n)) / deviation.
 */
#include "common/kernels/cuda/batch_norm.h"

/* Sums over a part, or over a channel: of dy · (x - mean), later of dy · n; and of dy. */
struct gradients {
    double with_x, all;
};

static __device__ float inverse_deviation(float variance)
{
    return 1.0f / sqrtf(variance + EPSILON);
}

/* A team has a part. */
template <int lanes>
static __global__ void take_parts(struct batch_norm_sizes sizes, size_t count, const float *x,
                                  const float *statistics, const float *dy, struct gradients *part)
{
    const size_t number = team_number<lanes>();
    if (number >= count)
        return;
    const size_t channel = number / parts_of(sizes), end = end_of(sizes, number);
    const float mean = statistics[mean_at(sizes, channel)];
    float with_x = 0, all = 0;
    for (size_t i = first_of(sizes, number) + team_lane<lanes>(); i < end; i += lanes) {
        const size_t at = number_at(sizes, channel, i);
        with_x += dy[at] * (x[at] - mean);
        all += dy[at];
    }
    const double sum_with_x = team_sum<lanes>((double)with_x), sum = team_sum<lanes>((double)all);
    if (team_lane<lanes>() == 0)
        part[number] = {sum_with_x, sum};
}

/* A team has a channel of a group; sums as statistics: (groups, 2, channels). */
template <int lanes>
static __global__ void join_parts(struct batch_norm_sizes sizes, size_t channels,
                                  const struct gradients *part, const float *statistics,
                                  float *sums)
{
    const size_t channel = team_number<lanes>(), parts = parts_of(sizes);
    if (channel >= channels)
        return;
    double with_x = 0, all = 0;
    for (size_t i = team_lane<lanes>(); i < parts; i += lanes) {
        with_x += part[channel * parts + i].with_x;
        all += part[channel * parts + i].all;
    }
    with_x = team_sum<lanes>(with_x);
    all = team_sum<lanes>(all);
    if (team_lane<lanes>() > 0)
        return;
    const size_t at = mean_at(sizes, channel);
    sums[at] = (float)with_x * inverse_deviation(statistics[at + (size_t)sizes.channels]);
    sums[at + (size_t)sizes.channels] = (float)all;
}

static __global__ void differentiate(struct batch_norm_sizes sizes, size_t count, const float *x,
                                     const float *statistics, const float *sums,
                                     const float *weight, const float *dy, float *dx)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const unsigned channels = (unsigned)sizes.channels;
    const size_t plane = quotient(i, (unsigned)sizes.plane);
    const unsigned c = rest_of(plane, channels);
    const size_t group = quotient(plane, channels) / (unsigned)sizes.together;
    const size_t at = 2 * group * channels + c;
    const float numbers = (float)numbers_of(sizes);
    const float mean = statistics[at], inverse = inverse_deviation(statistics[at + channels]);
    const float shift = sums[at + channels] / numbers, slope = sums[at] * inverse / numbers;
    dx[i] = (dy[i] - shift - (x[i] - mean) * slope) * (weight[c] * inverse);
}

/* Those of each group; of several, `sums` gets the sums over them. */
static void backward(const struct batch_norm_sizes *sizes, const float *x, const float *statistics,
                     const float *weight, const float *dy, float *dx, float *sums)
{
    const size_t count = count_of(*sizes);
    const size_t channels = channels_of_groups(*sizes), parts = channels * parts_of(*sizes);
    const scratch<struct gradients> part(parts);
    LAUNCH_TEAMS(take_parts, has_few_numbers(*sizes), parts, *sizes, parts, x, statistics, dy,
                 part.data);
    LAUNCH_TEAMS(join_parts, has_few_numbers(*sizes), channels, *sizes, channels, part.data,
                 statistics, sums);
    if (dx != NULL)
        LAUNCH(differentiate, cuda_blocks(count), THREADS, *sizes, count, x, statistics, sums,
               weight, dy, dx);
}

void cuda_batch_norm_backward(const struct batch_norm_sizes *sizes, const float *x,
                              const float *statistics, const float *weight, const float *dy,
                              float *dx, float *sums)
{
    const size_t of_group = 2 * (size_t)sizes->channels;
    const int groups = sizes->samples / sizes->together;
    if (groups == 1 && count_of(*sizes) > 0) {
        backward(sizes, x, statistics, weight, dy, dx, sums);
        return;
    }
    CUDA_CHECK(cudaMemsetAsync(sums, 0, of_group * sizeof *sums, cuda_stream));
    if (count_of(*sizes) == 0)
        return;
    const scratch<float> of_groups((size_t)groups * of_group);
    backward(sizes, x, statistics, weight, dy, dx, of_groups.data);
    cuda_add_column_sums(groups, (int)of_group, of_groups.data, sums);
}
