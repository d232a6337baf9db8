/*
 * Convolution with few input channels, backward for the input.
 *
 * What a number of dy adds to a row of dx goes to `kernel` neighbouring pixels of every input
 * channel, each with a weight of its own. These (channel, column of the window) are the lanes here:
 *
 *     part[i, kx][y][c] = sum over o and ky of weight[o][i][ky][kx] · dy[o][y - ky][c]
 *     dx[i][y][c]       = sum over kx of part[i, kx][y][c - kx]
 *
 * The first line is a correlation (wide.h) whose window is a column of `kernel` places,
 * and multiplies nothing by the zeros beside dy; the second adds up planes that are shifted against
 * each other. In these a row is as long as one of dx, with zeros behind dy's columns, so that a
 * plane is one long row and what is shifted out at one end of a row is zero at the other.
 */
#include "common/kernels/convolution/narrow.h"
#include "common/kernels/convolution/wide.h"

#include "common/base/memory.h"

#include <omp.h>
#include <string.h>

struct plan {
    int rows, columns; /* of dy */
    int positions;     /* of dx */
    int parts, blocks; /* (i, kx), and vectors of them */
    size_t plane;      /* a part's, with room before and behind */
    size_t weight_block, lanes, thread, shared;
};

static struct plan plan_for(const struct convolution_sizes *sizes)
{
    struct plan plan = {.rows = output_height(sizes),
                        .columns = output_width(sizes),
                        .positions = sizes->height * sizes->width,
                        .parts = sizes->inputs * sizes->kernel};
    plan.blocks = blocks_of(plan.parts);
    plan.plane =
        (size_t)round_up_to_lanes(sizes->kernel) + round_up_to_lanes(plan.positions) + LANES;
    plan.weight_block = (size_t)sizes->outputs * sizes->kernel * LANES;
    plan.lanes = (size_t)plan.blocks * plan.positions * LANES;
    plan.thread = plan.lanes + plan.parts * plan.plane;
    plan.shared = plan.blocks * plan.weight_block;
    return plan;
}

size_t cpu_narrow_convolution_backward_input_scratch(const struct convolution_sizes *sizes)
{
    struct plan plan = plan_for(sizes);
    return sizeof(float) * (plan.shared + plan.thread * (size_t)omp_get_max_threads());
}

/* Weights as (block, output, row of the window from the last on, lane). */
static void pack(const struct convolution_sizes *sizes, const struct plan *plan,
                 const float *weight, float *packed)
{
    int kernel = sizes->kernel;
    memset(packed, 0, sizeof *packed * plan->shared);
    for (int part = 0; part < plan->parts; part++) {
        float *to = packed + part / LANES * plan->weight_block + part % LANES;
        for (int o = 0; o < sizes->outputs; o++) {
            const float *from = weight +
                                ((size_t)o * sizes->inputs + part / kernel) * kernel * kernel +
                                part % kernel;
            for (int ky = kernel - 1; ky >= 0; ky--, to += LANES)
                *to = from[ky * kernel];
        }
    }
}

/* A plane of dx from the parts of its channel. */
static void add_parts(const struct convolution_sizes *sizes, const struct plan *plan,
                      const float *part, float *dx)
{
    int p = 0;
    for (; p + LANES <= plan->positions; p += LANES) {
        vector sum = *(const vector *)(part + p);
        for (int kx = 1; kx < sizes->kernel; kx++)
            sum += *(const vector *)(part + kx * plan->plane + p - kx);
        *(vector *)(dx + p) = sum;
    }
    for (; p < plan->positions; p++) {
        dx[p] = part[p];
        for (int kx = 1; kx < sizes->kernel; kx++)
            dx[p] += part[kx * plan->plane + p - kx];
    }
}

void cpu_narrow_convolution_backward_input(const struct convolution_sizes *sizes,
                                           const float *weight, const float *dy, float *dx)
{
    const struct plan plan = plan_for(sizes);
    const int kernel = sizes->kernel, room = round_up_to_lanes(kernel);
    int offset[kernel];
    struct tap_range range[sizes->height];
    for (int j = 0; j < kernel; j++)
        offset[j] = (j - kernel + 1) * plan.columns;
    for (int y = 0; y < sizes->height; y++) {
        int first = kernel - 1 - y, last = first + plan.rows;
        range[y] = (struct tap_range){first < 0 ? 0 : first, last > kernel ? kernel : last};
    }
    size_t bytes = cpu_narrow_convolution_backward_input_scratch(sizes);
    float *packed = memory_allocate(MEMORY_WORKSPACE, bytes);
    pack(sizes, &plan, weight, packed);

#pragma omp parallel if (samples_are_worth_threads(sizes))
    {
        float *lanes = packed + plan.shared + plan.thread * (size_t)omp_get_thread_num();
        float *parts = lanes + plan.lanes + room;
        memset(lanes, 0, sizeof *lanes * plan.thread);
#pragma omp for schedule(static)
        for (int n = 0; n < sizes->samples; n++) {
            for (int b = 0; b < plan.blocks; b += 2) {
                struct correlation work = {.channels = sizes->outputs,
                                           .taps = kernel,
                                           .offset = offset,
                                           .range = range,
                                           .from = dy + (size_t)n * sizes->outputs * plan.rows *
                                                            plan.columns,
                                           .from_plane = (size_t)plan.rows * plan.columns,
                                           .from_row = plan.columns,
                                           .from_column = 1,
                                           .weight = packed + b * plan.weight_block,
                                           .weight_block = plan.weight_block,
                                           .to = lanes + (size_t)b * plan.positions * LANES,
                                           .to_block = (size_t)plan.positions * LANES,
                                           .to_row = sizes->width * LANES,
                                           .to_column = LANES,
                                           .blocks = plan.blocks - b < 2 ? 1 : 2,
                                           .rows = sizes->height,
                                           .columns = plan.columns};
                cpu_correlate(&work);
            }
            for (int b = 0; b < plan.blocks; b++) {
                int left = plan.parts - b * LANES;
                cpu_lanes_to_planes(left < LANES ? left : LANES, plan.positions,
                                    lanes + (size_t)b * plan.positions * LANES,
                                    parts + b * LANES * plan.plane, plan.plane);
            }
            for (int i = 0; i < sizes->inputs; i++)
                add_parts(sizes, &plan, parts + (size_t)i * kernel * plan.plane,
                          dx + ((size_t)n * sizes->inputs + i) * plan.positions);
        }
    }
    memory_release(MEMORY_WORKSPACE, packed, bytes);
}
