/*
 * Convolution with few output channels, forward:
 *
 *     y[o][p] = bias[o] + sum over i, t of weight[o][i][t] · x[i][p + offset[t]]
 *
 * over positions p (narrow.h). A block of output channels times BLOCK
 * vectors of positions is kept in registers while i and t go by: each loaded
 * vector is used by all channels, each weight by all vectors.
 */
#include "common/kernels/convolution/narrow.h"

#include "common/base/memory.h"

#include <omp.h>
#include <string.h>

struct sample {
    int outputs, inputs;
    int taps;          /* window places: kernel² */
    const int *offset; /* of each */
    const float *weight;
    const float *bias; /* NULL: 0 */
    const float *x;
    int x_stride; /* between planes */
    float *y;
    int y_stride;
    int positions; /* a multiple of BLOCK_LANES */
};

#define MOST_CHANNELS 8

/* `channels` output channels from `first` on. Inlined with a constant, so that sum[][] is in
 * registers. */
SPECIALISED void convolve_channels(const struct sample *work, int first, const int channels)
{
    size_t weight_stride = (size_t)work->inputs * work->taps;
    for (int p = 0; p < work->positions; p += BLOCK_LANES) {
        vector sum[MOST_CHANNELS][BLOCK];
        for (int o = 0; o < channels; o++)
            for (int v = 0; v < BLOCK; v++)
                sum[o][v] = (vector){0} + (work->bias ? work->bias[first + o] : 0.0f);
        const float *weight = work->weight + first * weight_stride;
        for (int i = 0; i < work->inputs; i++) {
            const float *plane = work->x + (size_t)i * work->x_stride + p;
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
                *(vector *)(work->y + (size_t)(first + o) * work->y_stride + p + v * LANES) =
                    sum[o][v];
    }
}

static void convolve(const struct sample *work)
{
    int o = 0;
    for (; o + 8 <= work->outputs; o += 8)
        convolve_channels(work, o, 8);
    if (o + 6 <= work->outputs) {
        convolve_channels(work, o, 6);
        o += 6;
    }
    for (; o + 4 <= work->outputs; o += 4)
        convolve_channels(work, o, 4);
    for (; o < work->outputs; o++)
        convolve_channels(work, o, 1);
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
    size_t in, thread;
};

/* One sample with room behind it, and its wide rows of y. */
static struct scratch forward_scratch(const struct convolution_sizes *sizes)
{
    int positions = round_up_to_blocks(window_positions(sizes));
    size_t in = (size_t)sizes->inputs * (sizes->height * sizes->width) + positions;
    return (struct scratch){positions, in, in + (size_t)sizes->outputs * positions};
}

size_t cpu_narrow_convolution_scratch(const struct convolution_sizes *sizes)
{
    return sizeof(float) * forward_scratch(sizes).thread * (size_t)omp_get_max_threads();
}

void cpu_narrow_convolution(const struct convolution_sizes *sizes, const float *x,
                            const float *weight, const float *bias, float *y)
{
    int rows = output_height(sizes), columns = output_width(sizes);
    int plane = sizes->height * sizes->width, taps = sizes->kernel * sizes->kernel;
    struct scratch counts = forward_scratch(sizes);
    int positions = counts.positions, offset[taps];
    window_offsets(sizes, offset);
    size_t in_count = counts.in, thread_count = counts.thread,
           bytes = cpu_narrow_convolution_scratch(sizes);
    float *scratch = memory_allocate(MEMORY_WORKSPACE, bytes);

#pragma omp parallel if (samples_are_worth_threads(sizes))
    {
        float *in = scratch + thread_count * (size_t)omp_get_thread_num();
        float *wide = in + in_count;
        memset(in, 0, sizeof *in * in_count);
        struct sample work = {sizes->outputs, sizes->inputs, taps,      offset,   weight, bias, in,
                              plane,          wide,          positions, positions};
#pragma omp for schedule(static)
        for (int n = 0; n < sizes->samples; n++) {
            memcpy(in, x + (size_t)n * sizes->inputs * plane,
                   sizeof *in * (size_t)sizes->inputs * plane);
            convolve(&work);
            cpu_copy_planes(sizes->outputs, rows, columns,
                            (struct planes){wide, (size_t)sizes->width, (size_t)positions},
                            dense(y + (size_t)n * sizes->outputs * rows * columns, rows, columns));
        }
    }
    memory_release(MEMORY_WORKSPACE, scratch, bytes);
}
