/*
 * Batch norm over (samples, channels, plane): y = (x - mean) / deviation · weight + bias, where
 * mean and variance are a channel's, over its planes in the samples of one group;
 * deviation = sqrt(variance + 1e-5), and the variance divides by their number, as in PyTorch
 * (Ioffe and Szegedy 2015, arXiv:1502.03167).
 *
 * Each thread has channels of its own, of which it reads everything in one order: the results do not
 * depend on the number of threads. Sums are collected in vectors over one plane and in double
 * precision over planes. Planes of one number are batch_norm_rows.c's.
 */
#include "common/kernels/cpu.h"

#include <math.h>

static const float epsilon = 1e-5f;

/* Vectors that a sum over a plane is collected in: additions need not wait for one another. */
#define CHAINS 4

typedef double wide_vector __attribute__((vector_size(8 * LANES)));
typedef int32_t mask_vector __attribute__((vector_size(4 * LANES)));

/* A sum over many planes: lane by lane, and what is left of planes smaller than a vector. */
struct sum {
    wide_vector lane;
    double rest;
};

static inline void add_plane(struct sum *sum, const vector chain[CHAINS])
{
    sum->lane +=
        __builtin_convertvector((chain[0] + chain[1]) + (chain[2] + chain[3]), wide_vector);
}

static double total(const struct sum *sum)
{
    double all = sum->rest;
    for (int lane = 0; lane < LANES; lane++)
        all += sum->lane[lane];
    return all;
}

static inline vector load(const float *x)
{
    return *(const vector *)x;
}

/* The last numbers of a plane are loaded together with some that were counted already: those lanes
 * become zero. */
static inline vector without_counted(vector value, int plane)
{
    static const mask_vector number = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return (vector)((mask_vector)value & (number >= LANES - plane % LANES));
}

static void sum_plane(struct sum *sum, const float *x, int plane)
{
    vector chain[CHAINS] = {{0}};
    int i = 0;
    for (; i + CHAINS * LANES <= plane; i += CHAINS * LANES)
        for (int c = 0; c < CHAINS; c++)
            chain[c] += load(x + i + c * LANES);
    for (; i + LANES <= plane; i += LANES)
        chain[0] += load(x + i);
    if (i > 0 && i < plane)
        chain[1] += without_counted(load(x + plane - LANES), plane);
    else
        for (; i < plane; i++)
            sum->rest += (double)x[i];
    add_plane(sum, chain);
}

/* (x - mean)² */
static void sum_squares(struct sum *sum, const float *x, int plane, float mean)
{
    vector chain[CHAINS] = {{0}};
    int i = 0;
    for (; i + CHAINS * LANES <= plane; i += CHAINS * LANES)
        for (int c = 0; c < CHAINS; c++) {
            const vector difference = load(x + i + c * LANES) - mean;
            chain[c] += difference * difference;
        }
    for (; i + LANES <= plane; i += LANES) {
        const vector difference = load(x + i) - mean;
        chain[0] += difference * difference;
    }
    if (i > 0 && i < plane) {
        const vector difference = without_counted(load(x + plane - LANES) - mean, plane);
        chain[1] += difference * difference;
    } else
        for (; i < plane; i++)
            sum->rest += (double)((x[i] - mean) * (x[i] - mean));
    add_plane(sum, chain);
}

/* dy, and dy · (x - mean) */
static void sum_gradients(struct sum *sum, struct sum *product, const float *x, const float *dy,
                          int plane, float mean)
{
    vector chain[CHAINS] = {{0}}, product_chain[CHAINS] = {{0}};
    int i = 0;
    for (; i + CHAINS * LANES <= plane; i += CHAINS * LANES)
        for (int c = 0; c < CHAINS; c++) {
            const vector gradient = load(dy + i + c * LANES);
            chain[c] += gradient;
            product_chain[c] += gradient * (load(x + i + c * LANES) - mean);
        }
    for (; i + LANES <= plane; i += LANES) {
        chain[0] += load(dy + i);
        product_chain[0] += load(dy + i) * (load(x + i) - mean);
    }
    if (i > 0 && i < plane) {
        const vector gradient = without_counted(load(dy + plane - LANES), plane);
        chain[1] += gradient;
        product_chain[1] += gradient * (load(x + plane - LANES) - mean);
    } else
        for (; i < plane; i++) {
            sum->rest += (double)dy[i];
            product->rest += (double)(dy[i] * (x[i] - mean));
        }
    add_plane(sum, chain);
    add_plane(product, product_chain);
}

/* A channel in the samples of one group. */
struct channel {
    const struct batch_norm_sizes *sizes;
    int number;
    int first, end; /* samples */
    double count;   /* of its numbers */
};

static struct channel channel_of(const struct batch_norm_sizes *sizes, int number, int first)
{
    return (struct channel){.sizes = sizes,
                            .number = number,
                            .first = first,
                            .end = first + sizes->together,
                            .count = (double)sizes->together * sizes->plane};
}

/* Where its plane in a sample begins. */
static size_t plane_at(const struct channel *channel, int sample)
{
    const size_t planes = (size_t)sample * (size_t)channel->sizes->channels;
    return (planes + (size_t)channel->number) * (size_t)channel->sizes->plane;
}

/* Where its mean stands; its variance is as many places behind as there are channels. */
static size_t mean_at(const struct channel *channel)
{
    const int group = channel->first / channel->sizes->together;
    return 2 * (size_t)group * (size_t)channel->sizes->channels + (size_t)channel->number;
}

static bool worth_threads(const struct batch_norm_sizes *sizes)
{
    return (double)sizes->samples * sizes->channels * sizes->plane * 4 > PARALLEL_THRESHOLD;
}

static void take_statistics(const struct channel *channel, const float *x, float *mean,
                            float *variance)
{
    const int plane = channel->sizes->plane;
    struct sum sum = {.rest = 0}, squares = {.rest = 0};
    for (int sample = channel->first; sample < channel->end; sample++)
        sum_plane(&sum, x + plane_at(channel, sample), plane);
    *mean = (float)(total(&sum) / channel->count);
    for (int sample = channel->first; sample < channel->end; sample++)
        sum_squares(&squares, x + plane_at(channel, sample), plane, *mean);
    *variance = (float)(total(&squares) / channel->count);
}

static void normalise(const struct channel *channel, const float *x, float mean, float variance,
                      float weight, float bias, float *y)
{
    const int plane = channel->sizes->plane;
    const float slope = weight / sqrtf(variance + epsilon);
    for (int sample = channel->first; sample < channel->end; sample++) {
        const float *in = x + plane_at(channel, sample);
        float *out = y + plane_at(channel, sample);
#pragma omp simd
        for (int i = 0; i < plane; i++)
            out[i] = (in[i] - mean) * slope + bias;
    }
}

void cpu_batch_norm(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                    const float *bias, float *y, float *statistics)
{
    if (sizes->plane == 1) {
        cpu_batch_norm_rows(sizes, x, weight, bias, y, statistics);
        return;
    }
#pragma omp parallel for schedule(static) if (worth_threads(sizes))
    for (int c = 0; c < sizes->channels; c++)
        for (int first = 0; first < sizes->samples; first += sizes->together) {
            const struct channel channel = channel_of(sizes, c, first);
            float *mean = statistics + mean_at(&channel), *variance = mean + sizes->channels;
            take_statistics(&channel, x, mean, variance);
            normalise(&channel, x, *mean, *variance, weight[c], bias[c], y);
        }
}

void cpu_batch_norm_with(const struct batch_norm_sizes *sizes, const float *x,
                         const float *statistics, const float *weight, const float *bias, float *y)
{
    if (sizes->plane == 1) {
        cpu_batch_norm_rows_with(sizes, x, statistics, weight, bias, y);
        return;
    }
    const float *variance = statistics + sizes->channels;
#pragma omp parallel for schedule(static) if (worth_threads(sizes))
    for (int c = 0; c < sizes->channels; c++)
        for (int first = 0; first < sizes->samples; first += sizes->together) {
            const struct channel channel = channel_of(sizes, c, first);
            normalise(&channel, x, statistics[c], variance[c], weight[c], bias[c], y);
        }
}

/* With n = (x - mean) / deviation: dx = weight · (dy - mean(dy) - n · mean(dy · n)) / deviation.
 * Adds the sums of dy · n and dy. */
static void differentiate(const struct channel *channel, const float *x, float mean, float variance,
                          float weight, const float *dy, float *dx, float *weight_sum,
                          float *bias_sum)
{
    const int plane = channel->sizes->plane;
    const float inverse = 1.0f / sqrtf(variance + epsilon);
    struct sum sum = {.rest = 0}, product = {.rest = 0};
    for (int sample = channel->first; sample < channel->end; sample++) {
        const size_t at = plane_at(channel, sample);
        sum_gradients(&sum, &product, x + at, dy + at, plane, mean);
    }
    const float all = (float)total(&sum), with_x = (float)total(&product) * inverse;
    *weight_sum += with_x;
    *bias_sum += all;
    const float shift = all / (float)channel->count, scale = weight * inverse;
    const float slope = with_x * inverse / (float)channel->count;
    for (int sample = channel->first; sample < channel->end && dx != NULL; sample++) {
        const size_t at = plane_at(channel, sample);
        const float *in = x + at, *gradient = dy + at;
        float *out = dx + at;
#pragma omp simd
        for (int i = 0; i < plane; i++)
            out[i] = (gradient[i] - shift - (in[i] - mean) * slope) * scale;
    }
}

void cpu_follow(size_t count, float momentum, float factor, const float *own, float *running)
{
    for (size_t i = 0; i < count; i++)
        running[i] = (1 - momentum) * running[i] + momentum * (factor * own[i]);
}

void cpu_batch_norm_backward(const struct batch_norm_sizes *sizes, const float *x,
                             const float *statistics, const float *weight, const float *dy,
                             float *dx, float *sums)
{
    if (sizes->plane == 1) {
        cpu_batch_norm_rows_backward(sizes, x, statistics, weight, dy, dx, sums);
        return;
    }
#pragma omp parallel for schedule(static) if (worth_threads(sizes))
    for (int c = 0; c < sizes->channels; c++) {
        float *weight_sum = sums + c, *bias_sum = sums + sizes->channels + c;
        *weight_sum = *bias_sum = 0;
        for (int first = 0; first < sizes->samples; first += sizes->together) {
            const struct channel channel = channel_of(sizes, c, first);
            const float *mean = statistics + mean_at(&channel);
            differentiate(&channel, x, *mean, mean[sizes->channels], weight[c], dy, dx, weight_sum,
                          bias_sum);
        }
    }
}
