/*
 * Convolution, backward for the weight:
 *
 *     gradient[o][i][ky][kx] += sum over samples and positions p of
 *                               dy[o][p] · x[i][p + ky · width + kx]
 *
 * dy is laid out in rows as wide as those of x, with zeros in between
 * (narrow.h). For one i and ky, the sums of a few output channels times a
 * few kx stay in registers while p goes by, sixteen partial sums each. Every
 * thread adds up its own samples and the threads' sums are then added in order,
 * so that the result depends on their number but not on who was first.
 */
#include "common/kernels/convolution/narrow.h"

#include "common/base/memory.h"

#include <omp.h>
#include <string.h>

/* Samples are laid out together, so that sums stay in registers for long, but only as many as
 * stay in the nearest cache. */
#define CACHE_BYTES           (40 * 1024)
#define MOST_SAMPLES_TOGETHER 8
#define MOST_CHANNELS         4
#define MOST_TAPS             5

/* A thread's own memory. */
struct workplace {
    float *x, *dy;     /* a few samples, x with room behind it */
    float *weight_sum; /* LANES partial sums for each weight */
    float *bias_sum;
};

struct shapes {
    int rows, columns, plane, positions;
    size_t x_count, dy_count; /* of one sample, laid out */
    size_t weight_count;
};

/* sum[o · sum_stride + kx] += the products at all positions of all samples laid out; each sum has
 * LANES parts. */
SPECIALISED void add_products(const struct shapes *shapes, int samples, const float *x,
                              const float *dy, float *sum, size_t sum_stride, const int channels,
                              const int taps)
{
    vector total[MOST_CHANNELS][MOST_TAPS];
#pragma GCC unroll 8
    for (int o = 0; o < channels; o++)
#pragma GCC unroll 8
        for (int t = 0; t < taps; t++)
            total[o][t] = *(const vector *)(sum + (o * sum_stride + t) * LANES);
    for (int n = 0; n < samples; n++) {
        const float *in = x + n * shapes->x_count;
        const float *gradient = dy + n * shapes->dy_count;
        for (int p = 0; p < shapes->positions; p += LANES) {
            vector at[MOST_CHANNELS];
#pragma GCC unroll 8
            for (int o = 0; o < channels; o++)
                at[o] = *(const vector *)(gradient + (size_t)o * shapes->positions + p);
#pragma GCC unroll 8
            for (int t = 0; t < taps; t++) {
                vector pixel = *(const vector *)(in + p + t);
                KEEP_IN_REGISTER(pixel);
#pragma GCC unroll 8
                for (int o = 0; o < channels; o++)
                    total[o][t] += at[o] * pixel;
            }
        }
    }
#pragma GCC unroll 8
    for (int o = 0; o < channels; o++)
#pragma GCC unroll 8
        for (int t = 0; t < taps; t++)
            *(vector *)(sum + (o * sum_stride + t) * LANES) = total[o][t];
}

/* A whole row of the window (all kx) for `channels` output channels. */
SPECIALISED void add_window_row(const struct shapes *shapes, int samples, const float *x,
                                const float *dy, float *sum, size_t sum_stride, int kernel,
                                const int channels)
{
    int kx = 0;
    for (; kx + 5 <= kernel; kx += 5)
        add_products(shapes, samples, x + kx, dy, sum + kx * LANES, sum_stride, channels, 5);
    for (; kx + 3 <= kernel; kx += 3)
        add_products(shapes, samples, x + kx, dy, sum + kx * LANES, sum_stride, channels, 3);
    for (; kx < kernel; kx++)
        add_products(shapes, samples, x + kx, dy, sum + kx * LANES, sum_stride, channels, 1);
}

static void add_samples(const struct convolution_sizes *sizes, const struct shapes *shapes,
                        int samples, const struct workplace *place)
{
    int kernel = sizes->kernel;
    size_t sum_stride = (size_t)sizes->inputs * kernel * kernel;
    for (int i = 0; i < sizes->inputs; i++)
        for (int ky = 0; ky < kernel; ky++) {
            const float *x = place->x + (size_t)i * shapes->plane + ky * sizes->width;
            for (int o = 0; o < sizes->outputs;) {
                const float *dy = place->dy + (size_t)o * shapes->positions;
                float *sum = place->weight_sum +
                             (o * sum_stride + (size_t)((i * kernel + ky) * kernel)) * LANES;
                int left = sizes->outputs - o;
                if (left == 3 || left == 6) {
                    add_window_row(shapes, samples, x, dy, sum, sum_stride, kernel, 3);
                    o += 3;
                } else if (left >= 4) {
                    add_window_row(shapes, samples, x, dy, sum, sum_stride, kernel, 4);
                    o += 4;
                } else {
                    add_window_row(shapes, samples, x, dy, sum, sum_stride, kernel, 1);
                    o += 1;
                }
            }
        }
}

static void lay_out(const struct convolution_sizes *sizes, const struct shapes *shapes, int samples,
                    const float *x, const float *dy, const struct workplace *place)
{
    for (int n = 0; n < samples; n++) {
        size_t x_sample = (size_t)sizes->inputs * shapes->plane;
        size_t dy_plane = (size_t)shapes->rows * shapes->columns;
        memcpy(place->x + n * shapes->x_count, x + n * x_sample, sizeof *x * x_sample);
        const float *gradient = dy + n * (sizes->outputs * dy_plane);
        cpu_copy_planes(sizes->outputs, shapes->rows, shapes->columns,
                        dense(gradient, shapes->rows, shapes->columns),
                        (struct planes){place->dy + n * shapes->dy_count, (size_t)sizes->width,
                                        (size_t)shapes->positions});
        for (int o = 0; o < sizes->outputs; o++) {
            float sum = 0;
#pragma omp simd reduction(+ : sum)
            for (size_t p = 0; p < dy_plane; p++)
                sum += gradient[o * dy_plane + p];
            place->bias_sum[o] += sum;
        }
    }
}

/* Adds one thread's sums, LANES parts for each weight and then the bias's, to the gradients. */
static void add_sums(const struct shapes *shapes, int outputs, const float *sum,
                     float *weight_gradient, float *bias_gradient)
{
    for (size_t i = 0; i < shapes->weight_count; i++, sum += LANES) {
        float total = 0;
#pragma omp simd reduction(+ : total)
        for (int lane = 0; lane < LANES; lane++)
            total += sum[lane];
        weight_gradient[i] += total;
    }
    if (bias_gradient != NULL)
        for (int o = 0; o < outputs; o++)
            bias_gradient[o] += sum[o];
}

/* Who works on how much: the sizes, the threads and the floats that each of them needs. */
struct plan {
    struct shapes shapes;
    size_t together; /* samples at a time */
    size_t x_room, dy_room, thread_count;
    int threads;
};

static struct plan plan_for(const struct convolution_sizes *sizes)
{
    struct plan plan = {.shapes = {.rows = output_height(sizes),
                                   .columns = output_width(sizes),
                                   .plane = sizes->height * sizes->width,
                                   .positions = round_up_to_lanes(window_positions(sizes))}};
    struct shapes *shapes = &plan.shapes;
    shapes->x_count = (size_t)sizes->inputs * shapes->plane + LANES;
    shapes->dy_count = (size_t)sizes->outputs * shapes->positions;
    shapes->weight_count = (size_t)sizes->outputs * sizes->inputs * sizes->kernel * sizes->kernel;

    size_t fitting = CACHE_BYTES / (sizeof(float) * (shapes->x_count + shapes->dy_count));
    plan.together = fitting < 1 ? 1 : fitting;
    if (plan.together > MOST_SAMPLES_TOGETHER)
        plan.together = MOST_SAMPLES_TOGETHER;

    plan.x_room = plan.together * shapes->x_count;
    plan.dy_room = plan.together * shapes->dy_count;
    plan.thread_count =
        plan.x_room + plan.dy_room + LANES * shapes->weight_count + (size_t)sizes->outputs;
    plan.thread_count = (plan.thread_count + LANES - 1) / LANES * LANES; /* whole cache lines */
    plan.threads = samples_are_worth_threads(sizes) ? omp_get_max_threads() : 1;
    return plan;
}

static size_t plan_bytes(const struct plan *plan)
{
    return sizeof(float) * plan->thread_count * (size_t)plan->threads;
}

size_t cpu_narrow_convolution_backward_weight_scratch(const struct convolution_sizes *sizes)
{
    struct plan plan = plan_for(sizes);
    return plan_bytes(&plan);
}

void cpu_narrow_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                            const float *dy, float *weight_gradient,
                                            float *bias_gradient)
{
    struct plan plan = plan_for(sizes);
    struct shapes shapes = plan.shapes;
    size_t together = plan.together, x_room = plan.x_room, dy_room = plan.dy_room;
    size_t thread_count = plan.thread_count, bytes = plan_bytes(&plan);
    int threads = plan.threads;
    float *scratch = memory_allocate(MEMORY_WORKSPACE, bytes);
    memset(scratch, 0, bytes);

#pragma omp parallel for schedule(static) num_threads(threads)
    for (int part = 0; part < threads; part++) {
        float *own = scratch + thread_count * (size_t)part;
        struct workplace place = {own, own + x_room, own + x_room + dy_room,
                                  own + x_room + dy_room + LANES * shapes.weight_count};
        int end = (int)((long)sizes->samples * (part + 1) / threads);
        for (int n = (int)((long)sizes->samples * part / threads); n < end; n += (int)together) {
            int samples = end - n < (int)together ? end - n : (int)together;
            lay_out(sizes, &shapes, samples, x + (size_t)n * sizes->inputs * shapes.plane,
                    dy + (size_t)n * sizes->outputs * shapes.rows * shapes.columns, &place);
            add_samples(sizes, &shapes, samples, &place);
        }
    }
    for (int part = 0; part < threads; part++)
        add_sums(&shapes, sizes->outputs, scratch + thread_count * (size_t)part + x_room + dy_room,
                 weight_gradient, bias_gradient);
    memory_release(MEMORY_WORKSPACE, scratch, bytes);
}
