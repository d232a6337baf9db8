/*
 * Batch norm where every channel of a sample is one number, x (samples, channels): as batch_norm.c,
 * with channels side by side in a vector instead of a plane.
 */
#include "common/kernels/cpu.h"

#include <math.h>
#include <string.h>

static const float epsilon = 1e-5f;

/* Up to LANES numbers, from anywhere; zeros beyond. */
static inline vector load(const float *x, int lanes)
{
    vector value = {0};
    if (lanes == LANES)
        return *(const vector *)x;
    memcpy(&value, x, (size_t)lanes * sizeof *x);
    return value;
}

static inline void store(float *y, vector value, int lanes)
{
    memcpy(y, &value, (size_t)lanes * sizeof *y);
}

static inline vector inverse_deviation(vector variance)
{
    vector inverse = variance + epsilon;
    for (int lane = 0; lane < LANES; lane++)
        inverse[lane] = 1.0f / sqrtf(inverse[lane]);
    return inverse;
}

SPECIALISED void apply_strip(int samples, int channels, int lanes, const float *x, vector mean,
                             vector slope, vector bias, float *y)
{
    for (int i = 0; i < samples; i++) {
        const size_t at = (size_t)i * (size_t)channels;
        store(y + at, (load(x + at, lanes) - mean) * slope + bias, lanes);
    }
}

/* Of one strip of channels in the samples of one group; x and y: its first numbers. */
SPECIALISED void normalise_strip(int samples, int channels, int lanes, const float *x,
                                 vector weight, vector bias, float *y, float *statistics)
{
    vector sum[2] = {{0}}, squares[2] = {{0}};
    for (int i = 0; i < samples; i++)
        sum[i & 1] += load(x + (size_t)i * (size_t)channels, lanes);
    const vector mean = (sum[0] + sum[1]) / (float)samples;
    for (int i = 0; i < samples; i++) {
        const vector difference = load(x + (size_t)i * (size_t)channels, lanes) - mean;
        squares[i & 1] += difference * difference;
    }
    const vector variance = (squares[0] + squares[1]) / (float)samples;
    apply_strip(samples, channels, lanes, x, mean, inverse_deviation(variance) * weight, bias, y);
    store(statistics, mean, lanes);
    store(statistics + channels, variance, lanes);
}

SPECIALISED void differentiate_strip(int samples, int channels, int lanes, const float *x,
                                     const float *statistics, vector weight, const float *dy,
                                     float *dx, float *sums)
{
    const vector mean = load(statistics, lanes);
    const vector inverse = inverse_deviation(load(statistics + channels, lanes));
    vector sum[2] = {{0}}, product[2] = {{0}};
    for (int i = 0; i < samples; i++) {
        const size_t at = (size_t)i * (size_t)channels;
        const vector gradient = load(dy + at, lanes);
        sum[i & 1] += gradient;
        product[i & 1] += gradient * (load(x + at, lanes) - mean);
    }
    const vector all = sum[0] + sum[1], with_x = (product[0] + product[1]) * inverse;
    store(sums, load(sums, lanes) + with_x, lanes);
    store(sums + channels, load(sums + channels, lanes) + all, lanes);
    if (dx == NULL)
        return;
    const vector shift = all / (float)samples, slope = with_x * inverse / (float)samples;
    const vector scale = weight * inverse;
    for (int i = 0; i < samples; i++) {
        const size_t at = (size_t)i * (size_t)channels;
        const vector x_centred = load(x + at, lanes) - mean;
        store(dx + at, (load(dy + at, lanes) - shift - x_centred * slope) * scale, lanes);
    }
}

static bool worth_threads(const struct batch_norm_sizes *sizes)
{
    return (double)sizes->samples * sizes->channels * 4 > PARALLEL_THRESHOLD;
}

static int lanes_at(int channel, int channels)
{
    return channels - channel < LANES ? channels - channel : LANES;
}

void cpu_batch_norm_rows(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                         const float *bias, float *y, float *statistics)
{
    const int channels = sizes->channels, together = sizes->together;
#pragma omp parallel for schedule(static) if (worth_threads(sizes))
    for (int channel = 0; channel < channels; channel += LANES) {
        const int lanes = lanes_at(channel, channels);
        const vector gain = load(weight + channel, lanes), shift = load(bias + channel, lanes);
        for (int first = 0; first < sizes->samples; first += together) {
            const size_t at = (size_t)first * (size_t)channels + (size_t)channel;
            float *own = statistics + (size_t)(first / together) * 2 * (size_t)channels + channel;
            if (lanes == LANES)
                normalise_strip(together, channels, LANES, x + at, gain, shift, y + at, own);
            else
                normalise_strip(together, channels, lanes, x + at, gain, shift, y + at, own);
        }
    }
}

void cpu_batch_norm_rows_with(const struct batch_norm_sizes *sizes, const float *x,
                              const float *statistics, const float *weight, const float *bias,
                              float *y)
{
    const int channels = sizes->channels;
#pragma omp parallel for schedule(static) if (worth_threads(sizes))
    for (int channel = 0; channel < channels; channel += LANES) {
        const int lanes = lanes_at(channel, channels);
        const vector mean = load(statistics + channel, lanes);
        const vector inverse = inverse_deviation(load(statistics + channels + channel, lanes));
        apply_strip(sizes->samples, channels, lanes, x + channel, mean,
                    inverse * load(weight + channel, lanes), load(bias + channel, lanes),
                    y + channel);
    }
}

void cpu_batch_norm_rows_backward(const struct batch_norm_sizes *sizes, const float *x,
                                  const float *statistics, const float *weight, const float *dy,
                                  float *dx, float *sums)
{
    const int channels = sizes->channels, together = sizes->together;
    memset(sums, 0, 2 * (size_t)channels * sizeof *sums);
#pragma omp parallel for schedule(static) if (worth_threads(sizes))
    for (int channel = 0; channel < channels; channel += LANES) {
        const int lanes = lanes_at(channel, channels);
        const vector gain = load(weight + channel, lanes);
        for (int first = 0; first < sizes->samples; first += together) {
            const size_t at = (size_t)first * (size_t)channels + (size_t)channel;
            const float *own =
                statistics + (size_t)(first / together) * 2 * (size_t)channels + channel;
            float *out = dx == NULL ? NULL : dx + at;
            if (lanes == LANES)
                differentiate_strip(together, channels, LANES, x + at, own, gain, dy + at, out,
                                    sums + channel);
            else
                differentiate_strip(together, channels, lanes, x + at, own, gain, dy + at, out,
                                    sums + channel);
        }
    }
}
