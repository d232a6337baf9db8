/*
 * Convolution, forward and backward for the input: one direct kernel for both.
 *
 * The gradient of the input is the convolution of dy, with zeros around it,
 * with the flipped window; so both are
 *
 *     to[o][p] = start[o] + sum over i, t of weight[o][i][t] · from[i][p + offset[t]]
 *
 * over positions p (convolution_narrow.h). A block of output channels times BLOCK
 * vectors of positions is kept in registers while i and t go by: each loaded
 * vector is used by all channels, each weight by all vectors.
 */
#include "common/kernels/convolution_narrow.h"

#include "common/base/memory.h"

#include <omp.h>
#include <string.h>

struct correlation {
    int outputs, inputs;
    int taps;          /* window places: kernel² */
    const int *offset; /* of each */
    const float *weight;
    const float *start; /* per output channel; NULL: 0 */
    const float *from;
    int from_stride; /* between planes */
    float *to;
    int to_stride;
    int positions; /* a multiple of BLOCK_LANES */
};

#define MOST_CHANNELS 8

/* `channels` output channels from `first` on. Inlined with a constant, so that sum[][] is in
 * registers. */
static inline __attribute__((always_inline)) void correlate_channels(const struct correlation *work,
                                                                     int first, const int channels)
{
    size_t weight_stride = (size_t)work->inputs * work->taps;
    for (int p = 0; p < work->positions; p += BLOCK_LANES) {
        vector sum[MOST_CHANNELS][BLOCK];
        for (int o = 0; o < channels; o++)
            for (int v = 0; v < BLOCK; v++)
                sum[o][v] = (vector){0} + (work->start ? work->start[first + o] : 0.0f);
        const float *weight = work->weight + first * weight_stride;
        for (int i = 0; i < work->inputs; i++) {
            const float *plane = work->from + (size_t)i * work->from_stride + p;
            for (int t = 0; t < work->taps; t++, weight++) {
                const float *at = plane + work->offset[t];
                vector in[BLOCK];
                for (int v = 0; v < BLOCK; v++)
                    in[v] = *(const vector *)(at + v * LANES);
#pragma GCC unroll 8
                for (int o = 0; o < channels; o++)
                    for (int v = 0; v < BLOCK; v++)
                        sum[o][v] += weight[o * weight_stride] * in[v];
            }
        }
        for (int o = 0; o < channels; o++)
            for (int v = 0; v < BLOCK; v++)
                *(vector *)(work->to + (size_t)(first + o) * work->to_stride + p + v * LANES) =
                    sum[o][v];
    }
}

static void correlate(const struct correlation *work)
{
    int o = 0;
    for (; o + 8 <= work->outputs; o += 8)
        correlate_channels(work, o, 8);
    if (o + 6 <= work->outputs) {
        correlate_channels(work, o, 6);
        o += 6;
    }
    for (; o + 4 <= work->outputs; o += 4)
        correlate_channels(work, o, 4);
    for (; o < work->outputs; o++)
        correlate_channels(work, o, 1);
}

static double flops(const struct convolution_sizes *sizes)
{
    return 2.0 * sizes->samples * sizes->outputs * output_height(sizes) * output_width(sizes) *
           sizes->inputs * sizes->kernel * sizes->kernel;
}

static void window_offsets(const struct convolution_sizes *sizes, int *offset)
{
    for (int ky = 0; ky < sizes->kernel; ky++)
        for (int kx = 0; kx < sizes->kernel; kx++)
            *offset++ = ky * sizes->width + kx;
}

/* Counts of floats; each thread has `in`, then `wide`, of its own. */
struct scratch {
    int positions;
    size_t in, thread, shared;
};

/* One sample with room behind it, and its wide rows of y. */
static struct scratch forward_scratch(const struct convolution_sizes *sizes)
{
    int positions = round_up_to_blocks(window_positions(sizes));
    size_t in = (size_t)sizes->inputs * (sizes->height * sizes->width) + positions;
    return (struct scratch){positions, in, in + (size_t)sizes->outputs * positions, 0};
}

/* Rows and columns of zeros around dy. */
static int border_of(const struct convolution_sizes *sizes)
{
    return (sizes->kernel - 1) * sizes->width + sizes->kernel - 1;
}

/* dy with its border and wide rows of dx; the flipped weight is there once. */
static struct scratch backward_scratch(const struct convolution_sizes *sizes)
{
    int positions = round_up_to_blocks(sizes->height * sizes->width);
    int first = border_of(sizes);
    size_t in = (size_t)sizes->outputs * (first + positions) + first + positions;
    return (struct scratch){positions, in, in + (size_t)sizes->inputs * positions,
                            (size_t)sizes->outputs * sizes->inputs * sizes->kernel * sizes->kernel};
}

static size_t scratch_bytes(struct scratch scratch)
{
    return sizeof(float) * (scratch.shared + scratch.thread * (size_t)omp_get_max_threads());
}

size_t cpu_narrow_convolution_scratch(const struct convolution_sizes *sizes)
{
    return scratch_bytes(forward_scratch(sizes));
}

size_t cpu_narrow_convolution_backward_input_scratch(const struct convolution_sizes *sizes)
{
    return scratch_bytes(backward_scratch(sizes));
}

void cpu_narrow_convolution(const struct convolution_sizes *sizes, const float *x,
                            const float *weight, const float *bias, float *y)
{
    int rows = output_height(sizes), columns = output_width(sizes);
    int plane = sizes->height * sizes->width, taps = sizes->kernel * sizes->kernel;
    struct scratch counts = forward_scratch(sizes);
    int positions = counts.positions, offset[taps];
    window_offsets(sizes, offset);
    size_t in_count = counts.in, thread_count = counts.thread, bytes = scratch_bytes(counts);
    float *scratch = memory_allocate(MEMORY_WORKSPACE, bytes);

#pragma omp parallel if (flops(sizes) > PARALLEL_THRESHOLD)
    {
        float *in = scratch + thread_count * (size_t)omp_get_thread_num();
        float *wide = in + in_count;
        memset(in, 0, sizeof *in * in_count);
        struct correlation work = {sizes->outputs, sizes->inputs, taps,     offset,
                                   weight,         bias,          in,       plane,
                                   wide,           positions,     positions};
#pragma omp for schedule(static)
        for (int n = 0; n < sizes->samples; n++) {
            memcpy(in, x + (size_t)n * sizes->inputs * plane,
                   sizeof *in * (size_t)sizes->inputs * plane);
            correlate(&work);
            cpu_copy_planes(sizes->outputs, rows, columns,
                            (struct planes){wide, (size_t)sizes->width, (size_t)positions},
                            dense(y + (size_t)n * sizes->outputs * rows * columns, rows, columns));
        }
    }
    memory_release(MEMORY_WORKSPACE, scratch, bytes);
}

/* The window's places in reverse order, and input and output channels exchanged. */
static void flip_weight(const struct convolution_sizes *sizes, int taps, const float *weight,
                        float *flipped)
{
    for (int o = 0; o < sizes->outputs; o++)
        for (int i = 0; i < sizes->inputs; i++)
            for (int t = 0; t < taps; t++)
                flipped[((size_t)i * sizes->outputs + o) * taps + taps - 1 - t] = *weight++;
}

void cpu_narrow_convolution_backward_input(const struct convolution_sizes *sizes,
                                           const float *weight, const float *dy, float *dx)
{
    int rows = output_height(sizes), columns = output_width(sizes);
    int plane = sizes->height * sizes->width, taps = sizes->kernel * sizes->kernel;
    struct scratch counts = backward_scratch(sizes);
    int positions = counts.positions, offset[taps];
    window_offsets(sizes, offset);

    /* dy with rows as wide as those of x: the zeros behind each row are also those before the
     * next. Above and below it there are `border` rows of zeros. */
    int first = border_of(sizes);
    int dy_stride = first + positions;
    size_t in_count = counts.in, thread_count = counts.thread, bytes = scratch_bytes(counts);
    float *scratch = memory_allocate(MEMORY_WORKSPACE, bytes);
    float *flipped = scratch + thread_count * (size_t)omp_get_max_threads();
    flip_weight(sizes, taps, weight, flipped);

#pragma omp parallel if (flops(sizes) > PARALLEL_THRESHOLD)
    {
        float *in = scratch + thread_count * (size_t)omp_get_thread_num();
        float *wide = in + in_count;
        memset(in, 0, sizeof *in * in_count);
        struct correlation work = {sizes->inputs, sizes->outputs, taps,     offset,
                                   flipped,       NULL,           in,       dy_stride,
                                   wide,          positions,      positions};
#pragma omp for schedule(static)
        for (int n = 0; n < sizes->samples; n++) {
            cpu_copy_planes(sizes->outputs, rows, columns,
                            dense(dy + (size_t)n * sizes->outputs * rows * columns, rows, columns),
                            (struct planes){in + first, (size_t)sizes->width, (size_t)dy_stride});
            correlate(&work);
            cpu_copy_planes(sizes->inputs, 1, plane, (struct planes){wide, 0, (size_t)positions},
                            dense(dx + (size_t)n * sizes->inputs * plane, 1, plane));
        }
    }
    memory_release(MEMORY_WORKSPACE, scratch, bytes);
}
