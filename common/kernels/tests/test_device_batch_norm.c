/*
 * The GPU's batch norm, on the emulated GPU: against its formulas in double precision.
 */
#include "tests/support/device_arrays.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#define COUNT(array)  (int)(sizeof(array) / sizeof *(array))
#define FLOATS(count) ((size_t)(count) * sizeof(float))

static const double epsilon = 1e-5;

static double *doubles(size_t count)
{
    double *numbers = calloc(count + 1, sizeof *numbers);
    ck_assert_ptr_nonnull(numbers);
    return numbers;
}

struct batch {
    struct batch_norm_sizes sizes;
    size_t count, groups, channels;
    float *x, *weight, *bias, *dy;
    double *y, *statistics, *dx, *sums; /* the truth */
};

static size_t batch_at(const struct batch *b, size_t group, size_t channel, size_t i)
{
    const size_t plane = (size_t)b->sizes.plane;
    const size_t sample = group * (size_t)b->sizes.together + i / plane;
    return (sample * b->channels + channel) * plane + i % plane;
}

static void channel_truth(struct batch *b, size_t group, size_t channel)
{
    const size_t numbers = (size_t)b->sizes.together * (size_t)b->sizes.plane;
    const double count = (double)numbers;
    double mean = 0, variance = 0, sum = 0, with_n = 0;
    for (size_t i = 0; i < numbers; i++)
        mean += (double)b->x[batch_at(b, group, channel, i)] / count;
    for (size_t i = 0; i < numbers; i++) {
        const double apart = (double)b->x[batch_at(b, group, channel, i)] - mean;
        variance += apart * apart / count;
    }
    const double inverse = 1 / sqrt(variance + epsilon), weight = (double)b->weight[channel];
    for (size_t i = 0; i < numbers; i++) {
        const size_t at = batch_at(b, group, channel, i);
        const double n = ((double)b->x[at] - mean) * inverse;
        b->y[at] = n * weight + (double)b->bias[channel];
        sum += (double)b->dy[at];
        with_n += (double)b->dy[at] * n;
    }
    for (size_t i = 0; i < numbers; i++) {
        const size_t at = batch_at(b, group, channel, i);
        const double n = ((double)b->x[at] - mean) * inverse;
        b->dx[at] = weight * inverse * ((double)b->dy[at] - sum / count - n * with_n / count);
    }
    b->statistics[2 * group * b->channels + channel] = mean;
    b->statistics[(2 * group + 1) * b->channels + channel] = variance;
    b->sums[channel] += with_n;
    b->sums[b->channels + channel] += sum;
}

static struct batch batch_new(struct batch_norm_sizes sizes)
{
    struct batch b = {.sizes = sizes,
                      .channels = (size_t)sizes.channels,
                      .groups = (size_t)(sizes.samples / sizes.together)};
    b.count = (size_t)sizes.samples * b.channels * (size_t)sizes.plane;
    b.x = numbers_between(1, 3, b.count, 1);
    b.weight = numbers_between(-1, 1, b.channels, 2);
    b.bias = numbers_between(-1, 1, b.channels, 3);
    b.dy = numbers_between(-1, 1, b.count, 4);
    b.y = doubles(b.count);
    b.dx = doubles(b.count);
    b.statistics = doubles(2 * b.groups * b.channels);
    b.sums = doubles(2 * b.channels);
    for (size_t group = 0; group < b.groups; group++)
        for (size_t channel = 0; channel < b.channels; channel++)
            channel_truth(&b, group, channel);
    return b;
}

static void batch_free(struct batch *b)
{
    free(b->x);
    free(b->weight);
    free(b->bias);
    free(b->dy);
    free(b->y);
    free(b->dx);
    free(b->statistics);
    free(b->sums);
}

static void compare(float *taken, const double *truth, size_t count, double tolerance,
                    const struct batch *b, const char *what)
{
    float *got = malloc(FLOATS(count + 1));
    device_array_take(taken, got, FLOATS(count));
    expect_near(got, truth, NULL, count, tolerance, "%s of (%d, %d, %d) in groups of %d", what,
                b->sizes.samples, b->sizes.channels, b->sizes.plane, b->sizes.together);
    free(got);
}

/* The statistics of the first group, for all. */
static void check_batch_with(const struct kernels *gpu, const struct batch *b)
{
    const size_t channels = b->channels, bytes = FLOATS(b->count), plane = (size_t)b->sizes.plane;
    float *given = calloc(2 * channels + 1, sizeof *given);
    double *truth = doubles(b->count);
    for (size_t i = 0; i < 2 * channels && b->groups > 0; i++)
        given[i] = (float)b->statistics[i];
    for (size_t i = 0; i < b->count; i++) {
        const size_t channel = i / plane % channels;
        truth[i] = ((double)b->x[i] - (double)given[channel]) * (double)b->weight[channel] /
                       sqrt((double)given[channels + channel] + epsilon) +
                   (double)b->bias[channel];
    }
    float *x = device_array(b->x, bytes), *y = device_array(b->dy, bytes);
    float *statistics = device_array(given, FLOATS(2 * channels));
    float *weight = device_array(b->weight, FLOATS(channels));
    float *bias = device_array(b->bias, FLOATS(channels));
    gpu->batch_norm_with(&b->sizes, x, statistics, weight, bias, y);
    compare(y, truth, b->count, 1e-5, b, "y with");
    device_array_free(x, bytes);
    device_array_free(statistics, FLOATS(2 * channels));
    device_array_free(weight, FLOATS(channels));
    device_array_free(bias, FLOATS(channels));
    free(truth);
    free(given);
}

static void check_batch(const struct kernels *gpu, struct batch_norm_sizes sizes)
{
    struct batch b = batch_new(sizes);
    const size_t bytes = FLOATS(b.count), of_channels = FLOATS(b.channels);
    const size_t of_statistics = 2 * b.groups * b.channels;
    float *none = calloc(of_statistics + 2 * b.channels + 1, sizeof *none);
    float *x = device_array(b.x, bytes), *dy = device_array(b.dy, bytes);
    float *y = device_array(b.x, bytes);
    float *weight = device_array(b.weight, of_channels), *bias = device_array(b.bias, of_channels);
    float *statistics = device_array(none, FLOATS(of_statistics));
    float *sums = device_array(none, 2 * of_channels), *again = device_array(none, 2 * of_channels);
    gpu->batch_norm(&b.sizes, x, weight, bias, y, statistics);
    gpu->batch_norm_backward(&b.sizes, x, statistics, weight, dy, NULL, again);
    gpu->batch_norm_backward(&b.sizes, x, statistics, weight, dy, dy, sums); /* in place */
    compare(y, b.y, b.count, 2e-5, &b, "y");
    compare(statistics, b.statistics, of_statistics, 1e-6, &b, "statistics");
    /* Of one number, which is its own mean, what is left are last bits times 1 / deviation. */
    const double tolerance = sizes.together * sizes.plane == 1 ? 2e-4 : 2e-5;
    compare(dy, b.dx, b.count, tolerance, &b, "dx");
    compare(sums, b.sums, 2 * b.channels, 1e-4, &b, "sums");
    compare(again, b.sums, 2 * b.channels, 1e-4, &b, "sums without dx");
    device_array_free(x, bytes);
    device_array_free(weight, of_channels);
    device_array_free(bias, of_channels);
    free(none);
    check_batch_with(gpu, &b);
    batch_free(&b);
}

static void batch_norms(const struct kernels *gpu)
{
    static const struct batch_norm_sizes sizes[] = {
        {1, 1, 1, 1},   {2, 3, 1, 2},    {12, 33, 1, 4}, {130, 5, 1, 65},
        {3, 1, 31, 3},  {4, 3, 49, 2},   {6, 31, 9, 1},  {8, 2, 28 * 28, 4},
        {5, 257, 2, 5}, {9, 3, 4099, 3}, {0, 3, 4, 1},
    };
    for (int i = 0; i < COUNT(sizes); i++)
        check_batch(gpu, sizes[i]);
}

DEVICE_TEST(test_batch_norm, batch_norms)

Suite *test_suite(void)
{
    Suite *suite = suite_create("the GPU's batch norm");
    TCase *cases = tcase_create("emulated, in all orders");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_batch_norm);
    suite_add_tcase(suite, cases);
    return suite;
}
