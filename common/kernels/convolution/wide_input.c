/*
 * Wide convolution, backward for the input:
 *
 *     dx[i][p] = sum over o and (ky, kx) of weight[o][i][ky][kx] · dy[o][q]
 *
 * over the windows q that have p at their place (ky, kx): q · stride = p + padding - k, in rows and
 * in columns. Of the pixels of dx, those that are `stride` apart (a phase) see the same places of
 * the window, and neighbours among them see neighbouring windows. So every phase is a correlation
 * of dy, with zeros around it, with its own share of the window, and no product with the zeros
 * between strides is ever made. With stride 1 there is one phase.
 */
#include "common/kernels/convolution/wide.h"

#include "common/base/memory.h"

#include <omp.h>
#include <string.h>

struct plan {
    int inputs, outputs, blocks; /* of a group; blocks of inputs */
    int taps, rows, columns;     /* of the window; of dy */
    int before, after;           /* zeros around dy, in each direction */
    int dy_height, dy_width;     /* with them */
    int band;                    /* rows of dx of a phase */
    size_t weight_block;
    size_t padded, thread, shared;
};

/* The most that a window's number can differ from the pixel's within its phase, both ways. */
static int windows_behind(const struct convolution_sizes *sizes)
{
    return sizes->kernel - 1 > sizes->padding ? (sizes->kernel - 1 - sizes->padding) / sizes->stride
                                              : 0;
}

static int windows_ahead(const struct convolution_sizes *sizes, int pixels, int windows)
{
    int last = (pixels - 1) / sizes->stride + (sizes->stride - 1 + sizes->padding) / sizes->stride;
    return last >= windows ? last - windows + 1 : 0;
}

static struct plan plan_for(const struct convolution_sizes *sizes)
{
    struct plan plan = {.inputs = sizes->inputs / sizes->groups,
                        .outputs = sizes->outputs / sizes->groups,
                        .taps = sizes->kernel * sizes->kernel,
                        .rows = output_height(sizes),
                        .columns = output_width(sizes)};
    plan.blocks = blocks_of(plan.inputs);
    plan.before = windows_behind(sizes);
    plan.dy_height = plan.before + plan.rows + windows_ahead(sizes, sizes->height, plan.rows);
    plan.dy_width = plan.before + plan.columns + windows_ahead(sizes, sizes->width, plan.columns);
    int phase_rows = (sizes->height + sizes->stride - 1) / sizes->stride;
    plan.band = band_rows(phase_rows, sizes->stride * sizes->width);
    plan.weight_block = (size_t)plan.outputs * plan.taps * LANES;
    plan.padded = (size_t)sizes->outputs * plan.dy_height * plan.dy_width;
    plan.padded = (plan.padded + LANES - 1) / LANES * LANES;
    plan.thread = plan.padded + 2 * (size_t)plan.band * sizes->stride * sizes->width * LANES;
    plan.shared = (size_t)sizes->groups * plan.blocks * plan.weight_block;
    return plan;
}

size_t cpu_wide_convolution_backward_input_scratch(const struct convolution_sizes *sizes)
{
    struct plan plan = plan_for(sizes);
    return sizeof(float) * (plan.shared + plan.thread * (size_t)omp_get_max_threads());
}

/* The rows (or columns) of the window that one phase sees, in the order of the windows that they
 * belong to: the u-th pixel of the phase has its place k = last - j · stride in window
 * u + shift + j, for j = 0 … count - 1. */
struct share {
    int last, count, shift;
};

static struct share share_of(const struct convolution_sizes *sizes, int phase)
{
    int stride = sizes->stride, least = (phase + sizes->padding) % stride;
    int count = least < sizes->kernel ? (sizes->kernel - 1 - least) / stride + 1 : 0;
    return (struct share){.last = least + (count - 1) * stride,
                          .count = count,
                          .shift = (phase + sizes->padding) / stride - count + 1};
}

/* The weights of one output and a block of inputs go to the taps of each phase: `lanes` has them as
 * (place of the window, lane), `to` begins with this output's first tap of the first phase. */
static void share_out(const struct convolution_sizes *sizes, const struct plan *plan,
                      const float *lanes, int output, float *to)
{
    int stride = sizes->stride;
    for (int phase = 0; phase < stride * stride; phase++) {
        struct share down = share_of(sizes, phase / stride),
                     right = share_of(sizes, phase % stride);
        int taps = down.count * right.count;
        float *tap = to + (size_t)output * taps * LANES;
        for (int j = 0; j < taps; j++, tap += LANES) {
            int ky = down.last - j / right.count * stride;
            int kx = right.last - j % right.count * stride;
            *(vector *)tap = *(const vector *)(lanes + (ky * sizes->kernel + kx) * LANES);
        }
        to += (size_t)plan->outputs * taps * LANES;
    }
}

/* Weights as (group, block of inputs, phase, output, tap of the phase, lane). */
static void pack(const struct convolution_sizes *sizes, const struct plan *plan,
                 const float *weight, float *packed)
{
    int taps = plan->taps, positions = taps < 4 || taps > LANES ? taps : LANES;
    /* A row of zeros behind the weights, so that whole vectors may be read of short windows. */
    float lanes[positions * LANES], window[(taps + 1) * LANES];
    memset(window, 0, sizeof window);
    for (int g = 0; g < sizes->groups; g++)
        for (int b = 0; b < plan->blocks; b++, packed += plan->weight_block)
            for (int o = 0; o < plan->outputs; o++) {
                size_t row = (size_t)g * plan->outputs + o;
                int left = plan->inputs - b * LANES, channels = left < LANES ? left : LANES;
                memcpy(window, weight + (row * plan->inputs + b * LANES) * taps,
                       sizeof *window * (size_t)(channels * taps));
                cpu_planes_to_lanes(channels, positions, window, (size_t)taps, lanes);
                share_out(sizes, plan, lanes, o, packed);
            }
}

/* Offsets in dy of the taps of a phase, and for each of its rows the taps that lie on dy. */
static void describe_phase(const struct plan *plan, struct share down, struct share right,
                           int first_row, int rows, int *offset, struct tap_range *range)
{
    for (int j = 0; j < down.count * right.count; j++)
        offset[j] = (plan->before + down.shift + j / right.count) * plan->dy_width + plan->before +
                    right.shift + j % right.count;
    for (int r = 0; r < rows; r++) {
        int window = first_row + r + down.shift;
        int first = window < 0 ? -window : 0, last = plan->rows - window;
        last = last > down.count ? down.count : last;
        range[r] = (struct tap_range){first * right.count, last * right.count};
    }
}

/* Two blocks, or the last one, of dx (of one sample and group): bands of `stride` times `band` rows,
 * each phase of which goes to its own pixels. */
static void convolve_blocks(const struct convolution_sizes *sizes, const struct plan *plan,
                            struct correlation work, int block, float *dx)
{
    const float *dy = work.from, *weight = work.weight;
    float *to = work.to;
    int stride = sizes->stride, width = sizes->width;
    size_t plane = (size_t)sizes->height * width;
    work.blocks = plan->blocks - block < 2 ? 1 : 2;
    int offset[plan->taps];
    struct tap_range range[plan->band];
    work.offset = offset;
    work.range = range;
    for (int row = 0; row < sizes->height; row += stride * plan->band) {
        int left = sizes->height - row, most = stride * plan->band;
        int rows = left < most ? left : most;
        work.weight = weight;
        for (int phase = 0; phase < stride * stride; phase++) {
            int a = phase / stride, b = phase % stride;
            struct share down = share_of(sizes, a), right = share_of(sizes, b);
            work.taps = down.count * right.count;
            work.rows = (rows - a + stride - 1) / stride;
            work.columns = (width - b + stride - 1) / stride;
            work.from = dy + (size_t)(row / stride) * work.from_row;
            work.to = to + ((size_t)a * width + b) * LANES;
            if (a < rows && b < width) {
                describe_phase(plan, down, right, row / stride, work.rows, offset, range);
                cpu_correlate(&work);
            }
            work.weight += (size_t)plan->outputs * work.taps * LANES;
        }
        for (int b = 0; b < work.blocks; b++) {
            int channels = plan->inputs - (block + b) * LANES;
            cpu_lanes_to_planes(channels < LANES ? channels : LANES, rows * width,
                                to + b * work.to_block,
                                dx + (block + b) * LANES * plane + (size_t)row * width, plane);
        }
    }
}

void cpu_wide_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                         const float *dy, float *dx)
{
    const struct plan plan = plan_for(sizes);
    size_t x_plane = (size_t)sizes->height * sizes->width;
    size_t dy_plane = (size_t)plan.rows * plan.columns;
    size_t in_plane = (size_t)plan.dy_height * plan.dy_width;
    size_t bytes = cpu_wide_convolution_backward_input_scratch(sizes);
    float *packed = memory_allocate(MEMORY_WORKSPACE, bytes);
    pack(sizes, &plan, weight, packed);

#pragma omp parallel if (samples_are_worth_threads(sizes))
    {
        float *padded = packed + plan.shared + plan.thread * (size_t)omp_get_thread_num();
        struct correlation work = {.channels = plan.outputs,
                                   .edges = has_edges(sizes),
                                   .from_plane = in_plane,
                                   .from_row = plan.dy_width,
                                   .from_column = 1,
                                   .weight_block = plan.weight_block,
                                   .to = padded + plan.padded,
                                   .to_block =
                                       (size_t)plan.band * sizes->stride * sizes->width * LANES,
                                   .to_row = sizes->stride * sizes->width * LANES,
                                   .to_column = sizes->stride * LANES};
        memset(padded, 0, sizeof *padded * plan.padded);
#pragma omp for schedule(static)
        for (int n = 0; n < sizes->samples; n++) {
            cpu_copy_planes(
                sizes->outputs, plan.rows, plan.columns,
                dense(dy + (size_t)n * sizes->outputs * dy_plane, plan.rows, plan.columns),
                (struct planes){padded + plan.before * (plan.dy_width + 1), (size_t)plan.dy_width,
                                in_plane});
            for (int g = 0; g < sizes->groups; g++)
                for (int b = 0; b < plan.blocks; b += 2) {
                    work.from = padded + (size_t)g * plan.outputs * in_plane;
                    work.weight = packed + ((size_t)g * plan.blocks + b) * plan.weight_block;
                    convolve_blocks(sizes, &plan, work, b,
                                    dx + ((size_t)n * sizes->inputs + g * plan.inputs) * x_plane);
                }
        }
    }
    memory_release(MEMORY_WORKSPACE, packed, bytes);
}
