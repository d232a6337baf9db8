/*
 * Batch norm over (samples, channels, plane): y = (x - mean) / deviation · weight + bias, where mean and variance are
 * a channel's, over its planes in the samples of one group; deviation = sqrt(variance + 1e-5), and the variance divides
 * by their number, as in PyTorch.
 *
 * A channel of a group may have more numbers than a warp adds up in good time, and there may be few channels: its
 * numbers are cut into parts. A warp takes the sums of each part, another one adds up those of a channel, in double
 * precision; then a thread for each number writes the result. Where a channel has few numbers (batch_norm.h), one
 * thread stands in for a warp.
 */
#include "common/kernels/cuda/batch_norm.h"

/* ---- mean and variance --------------------------------------------------------------------------------------------- */

/* What a part's numbers have: their mean, and the sum of (x - mean)². */
struct spread {
    double mean, squares;
};

/* The parts of a channel stand side by side. */
template <int lanes>
static __global__ void take_parts(struct batch_norm_sizes sizes, size_t count, const float *x,
                                  struct spread *part)
{
    const size_t number = team_number<lanes>();
    if (number >= count)
        return;
    const size_t channel = number / parts_of(sizes), first = first_of(sizes, number);
    const size_t end = end_of(sizes, number);
    float sum = 0, squares = 0;
    for (size_t i = first + team_lane<lanes>(); i < end; i += lanes)
        sum += x[number_at(sizes, channel, i)];
    const double mean = team_sum<lanes>((double)sum) / (double)(end - first);
    for (size_t i = first + team_lane<lanes>(); i < end; i += lanes) {
        const float difference = x[number_at(sizes, channel, i)] - (float)mean;
        squares += difference * difference;
    }
    const double all_squares = team_sum<lanes>((double)squares);
    if (team_lane<lanes>() == 0)
        part[number] = {mean, all_squares};
}

/* A team has a channel. The squares about the mean of all: those about a part's own, and that one's distance from it
 * as often as the part has numbers. */
template <int lanes>
static __global__ void join_parts(struct batch_norm_sizes sizes, size_t channels,
                                  const struct spread *part, float *statistics)
{
    const size_t channel = team_number<lanes>(), parts = parts_of(sizes),
                 numbers = numbers_of(sizes);
    if (channel >= channels)
        return;
    const struct spread *own = part + channel * parts;
    const size_t of_last = numbers - (parts - 1) * NUMBERS_OF_PART;
    double sum = 0, squares = 0;
    for (size_t i = team_lane<lanes>(); i < parts; i += lanes)
        sum += own[i].mean * (double)(i + 1 < parts ? NUMBERS_OF_PART : of_last);
    const double mean = team_sum<lanes>(sum) / (double)numbers;
    for (size_t i = team_lane<lanes>(); i < parts; i += lanes) {
        const double apart = own[i].mean - mean;
        squares +=
            own[i].squares + apart * apart * (double)(i + 1 < parts ? NUMBERS_OF_PART : of_last);
    }
    squares = team_sum<lanes>(squares);
    if (team_lane<lanes>() > 0)
        return;
    float *to = statistics + mean_at(sizes, channel);
    to[0] = (float)mean;
    to[sizes.channels] = (float)(squares / (double)numbers);
}

/* same: the statistics are those of one group, and all groups' */
static __global__ void normalise(struct batch_norm_sizes sizes, size_t count, bool same,
                                 const float *x, const float *statistics, const float *weight,
                                 const float *bias, float *y)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const unsigned channels = (unsigned)sizes.channels;
    const size_t plane = quotient(i, (unsigned)sizes.plane);
    const unsigned c = rest_of(plane, channels);
    const size_t sample = quotient(plane, channels);
    const size_t group = same ? 0 : quotient(sample, (unsigned)sizes.together);
    const float *mean = statistics + 2 * group * channels + c;
    const float slope = weight[c] / sqrtf(mean[channels] + EPSILON);
    y[i] = (x[i] - *mean) * slope + bias[c];
}

void cuda_batch_norm(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                     const float *bias, float *y, float *statistics)
{
    const size_t count = count_of(*sizes);
    if (count == 0)
        return;
    const size_t channels = channels_of_groups(*sizes), parts = channels * parts_of(*sizes);
    const scratch<struct spread> part(parts);
    LAUNCH_TEAMS(take_parts, has_few_numbers(*sizes), parts, *sizes, parts, x, part.data);
    LAUNCH_TEAMS(join_parts, has_few_numbers(*sizes), channels, *sizes, channels, part.data,
                 statistics);
    LAUNCH(normalise, cuda_blocks(count), THREADS, *sizes, count, false, x, statistics, weight,
           bias, y);
}

void cuda_batch_norm_with(const struct batch_norm_sizes *sizes, const float *x,
                          const float *statistics, const float *weight, const float *bias, float *y)
{
    const size_t count = count_of(*sizes);
    LAUNCH(normalise, cuda_blocks(count), THREADS, *sizes, count, true, x, statistics, weight, bias,
           y);
}
