/*
 * Wide convolution, forward: samples with their padding, a pair of blocks of output
 * channels at a time, in bands of a few rows that are transposed while they are warm.
 */
#include "common/kernels/convolution/wide.h"

#include "common/base/memory.h"

#include <omp.h>
#include <string.h>

/* Sizes of one group, and counts of floats. */
struct plan {
    int inputs, outputs, blocks; /* of a group */
    int taps, rows, columns, band;
    int in_height, in_width; /* of x with its padding */
    size_t weight_block;     /* of packed weights */
    size_t padded, thread;   /* x with its padding (0: taken as it is); all that a thread has */
    size_t weights, shared;  /* packed weights; they and the packed bias */
};

static struct plan plan_for(const struct convolution_sizes *sizes)
{
    struct plan plan = {.inputs = sizes->inputs / sizes->groups,
                        .outputs = sizes->outputs / sizes->groups,
                        .taps = sizes->kernel * sizes->kernel,
                        .rows = output_height(sizes),
                        .columns = output_width(sizes),
                        .in_height = sizes->height + 2 * sizes->padding,
                        .in_width = sizes->width + 2 * sizes->padding};
    plan.blocks = blocks_of(plan.outputs);
    plan.band = band_rows(plan.rows, plan.columns);
    plan.weight_block = (size_t)plan.inputs * plan.taps * LANES;
    if (sizes->padding > 0)
        plan.padded = (size_t)sizes->inputs * plan.in_height * plan.in_width;
    plan.padded = (plan.padded + LANES - 1) / LANES * LANES;
    plan.thread = plan.padded + 2 * (size_t)plan.band * plan.columns * LANES;
    plan.weights = (size_t)sizes->groups * plan.blocks * plan.weight_block;
    plan.shared = plan.weights + (size_t)sizes->groups * plan.blocks * LANES;
    return plan;
}

size_t cpu_wide_convolution_scratch(const struct convolution_sizes *sizes)
{
    struct plan plan = plan_for(sizes);
    return sizeof(float) * (plan.shared + plan.thread * (size_t)omp_get_max_threads());
}

static int channels_of_block(int channels, int block)
{
    int left = channels - block * LANES;
    return left < LANES ? left : LANES;
}

/* Weights as (group, block, input, tap, lane), then the bias as (group, block, lane). */
static void pack(const struct convolution_sizes *sizes, const struct plan *plan,
                 const float *weight, const float *bias, float *packed)
{
    int depth = plan->inputs * plan->taps;
    float *start = packed + plan->weights;
    memset(start, 0, sizeof *start * (plan->shared - plan->weights));
    for (int g = 0; g < sizes->groups; g++)
        for (int b = 0; b < plan->blocks; b++, packed += plan->weight_block, start += LANES) {
            int first = g * plan->outputs + b * LANES;
            int channels = channels_of_block(plan->outputs, b);
            cpu_planes_to_lanes(channels, depth, weight + (size_t)first * depth, (size_t)depth,
                                packed);
            if (bias != NULL)
                memcpy(start, bias + first, sizeof *start * (size_t)channels);
        }
}

/* Two blocks, or the last one, of y (of one sample and group), band by band. */
static void convolve_blocks(const struct plan *plan, struct correlation work, int block, float *y)
{
    const float *from = work.from;
    const struct tap_range *range = work.range;
    size_t plane = (size_t)plan->rows * plan->columns;
    work.blocks = plan->blocks - block < 2 ? 1 : 2;
    for (int row = 0; row < plan->rows; row += plan->band) {
        work.rows = plan->rows - row < plan->band ? plan->rows - row : plan->band;
        work.from = from + (size_t)row * work.from_row;
        work.range = range + row;
        cpu_correlate(&work);
        for (int b = 0; b < work.blocks; b++)
            cpu_lanes_to_planes(channels_of_block(plan->outputs, block + b),
                                work.rows * plan->columns, work.to + b * work.to_block,
                                y + (block + b) * LANES * plane + (size_t)row * plan->columns,
                                plane);
    }
}

/* Where in x each tap lies, from the window's corner on, and which rows of the window each row of y
 * has on the plane. */
static void describe_window(const struct convolution_sizes *sizes, const struct plan *plan,
                            int *offset, struct tap_range *range)
{
    int kernel = sizes->kernel;
    for (int t = 0; t < plan->taps; t++)
        offset[t] = t / kernel * plan->in_width + t % kernel;
    for (int r = 0; r < plan->rows; r++) {
        int first = sizes->padding - r * sizes->stride, last = first + sizes->height;
        first = first < 0 ? 0 : first;
        last = last > kernel ? kernel : last;
        range[r] = (struct tap_range){first * kernel, last * kernel};
    }
}

void cpu_wide_convolution(const struct convolution_sizes *sizes, const float *x,
                          const float *weight, const float *bias, float *y)
{
    const struct plan plan = plan_for(sizes);
    int offset[plan.taps];
    struct tap_range range[plan.rows];
    describe_window(sizes, &plan, offset, range);
    size_t x_plane = (size_t)sizes->height * sizes->width;
    size_t y_plane = (size_t)plan.rows * plan.columns;
    size_t in_plane = (size_t)plan.in_height * plan.in_width;
    size_t bytes = cpu_wide_convolution_scratch(sizes);
    float *packed = memory_allocate(MEMORY_WORKSPACE, bytes);
    pack(sizes, &plan, weight, bias, packed);

#pragma omp parallel if (samples_are_worth_threads(sizes))
    {
        float *padded = packed + plan.shared + plan.thread * (size_t)omp_get_thread_num();
        struct correlation work = {.channels = plan.inputs,
                                   .taps = plan.taps,
                                   .offset = offset,
                                   .range = range,
                                   .edges = has_edges(sizes),
                                   .from_plane = in_plane,
                                   .from_row = sizes->stride * plan.in_width,
                                   .from_column = sizes->stride,
                                   .weight_block = plan.weight_block,
                                   .to = padded + plan.padded,
                                   .to_block = (size_t)plan.band * plan.columns * LANES,
                                   .to_row = plan.columns * LANES,
                                   .to_column = LANES,
                                   .columns = plan.columns};
        memset(padded, 0, sizeof *padded * plan.padded);
#pragma omp for schedule(static)
        for (int n = 0; n < sizes->samples; n++) {
            const float *in = x + (size_t)n * sizes->inputs * x_plane;
            float *out = y + (size_t)n * sizes->outputs * y_plane;
            if (sizes->padding > 0) {
                cpu_copy_planes(sizes->inputs, sizes->height, sizes->width,
                                dense(in, sizes->height, sizes->width),
                                (struct planes){padded + sizes->padding * (plan.in_width + 1),
                                                (size_t)plan.in_width, in_plane});
                in = padded;
            }
            for (int g = 0; g < sizes->groups; g++)
                for (int b = 0; b < plan.blocks; b += 2) {
                    int number = g * plan.blocks + b;
                    work.from = in + (size_t)g * plan.inputs * in_plane;
                    work.weight = packed + number * plan.weight_block;
                    work.start = packed + plan.weights + (size_t)number * LANES;
                    convolve_blocks(&plan, work, b, out + (size_t)g * plan.outputs * y_plane);
                }
        }
    }
    memory_release(MEMORY_WORKSPACE, packed, bytes);
}
