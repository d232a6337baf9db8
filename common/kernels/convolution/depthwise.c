/*
 * Depthwise convolution: as many outputs as inputs, each made from its own input alone (Howard et
 * al. 2017, arXiv:1704.04861). Any stride and padding.
 *
 * Sixteen channels of a sample are the lanes of vectors (windows.h), and so are their weights. The
 * weight's gradients are summed up for each sample and then over samples, in their order: the results
 * do not depend on the number of threads.
 */
#include "common/base/memory.h"
#include "common/kernels/convolution/convolution.h"
#include "common/kernels/windows.h"

#include <string.h>

/* One block of one sample is a piece of work. */
struct plan {
    int channels, blocks, pieces, threads;
    int taps, rows, columns, pixels, positions; /* of x, and of y */
    size_t block;                               /* vectors: a weight for each tap, and a bias */
    size_t thread;                              /* x and y */
};

static struct plan plan_for(const struct convolution_sizes *sizes)
{
    struct plan plan = {.channels = sizes->inputs,
                        .blocks = blocks_of(sizes->inputs),
                        .threads = 1,
                        .taps = sizes->kernel * sizes->kernel,
                        .rows = output_height(sizes),
                        .columns = output_width(sizes),
                        .pixels = sizes->height * sizes->width};
    plan.positions = plan.rows * plan.columns;
    plan.pieces = sizes->samples * plan.blocks;
    if (convolution_flops(sizes) > PARALLEL_THRESHOLD)
        plan.threads = omp_get_max_threads();
    if (plan.threads > plan.pieces)
        plan.threads = plan.pieces;
    plan.block = (size_t)plan.taps + 1;
    plan.thread = (size_t)plan.pixels + (size_t)plan.positions;
    return plan;
}

size_t cpu_depthwise_convolution_scratch(const struct convolution_sizes *sizes)
{
    const struct plan plan = plan_for(sizes);
    return sizeof(vector) * (plan.block * (size_t)plan.blocks + plan.thread * (size_t)plan.threads);
}

size_t cpu_depthwise_convolution_backward_weight_scratch(const struct convolution_sizes *sizes)
{
    const struct plan plan = plan_for(sizes);
    return sizeof(vector) * (plan.block * (size_t)plan.pieces + plan.thread * (size_t)plan.threads);
}

/* With stride 1, dx is a convolution of dy, too: with the weights of the opposite places, and padding
 * of its own. */
static bool is_turned(const struct convolution_sizes *sizes)
{
    return sizes->stride == 1 && sizes->padding < sizes->kernel;
}

static struct convolution_sizes turned_sizes(const struct convolution_sizes *sizes)
{
    struct convolution_sizes turned = *sizes;
    turned.height = output_height(sizes);
    turned.width = output_width(sizes);
    turned.padding = sizes->kernel - 1 - sizes->padding;
    return turned;
}

static void turn(const struct plan *plan, vector *packed)
{
    for (int b = 0; b < plan->blocks; b++, packed += plan->block)
        for (int t = 0; t < plan->taps / 2; t++) {
            const vector tap = packed[t];
            packed[t] = packed[plan->taps - 1 - t];
            packed[plan->taps - 1 - t] = tap;
        }
}

/* The first of its planes, among those of all samples. */
static size_t first_plane(const struct plan *plan, int piece)
{
    return (size_t)(piece / plan->blocks) * (size_t)plan->channels +
           (size_t)(piece % plan->blocks) * LANES;
}

/* Weights as (block, tap, lane), and behind each block's taps its biases. */
static void pack(const struct plan *plan, const float *weight, const float *bias, vector *packed)
{
    for (int b = 0; b < plan->blocks; b++, packed += plan->block) {
        const int channels = planes_of_block(plan->channels, b);
        const float *first = weight + (size_t)b * LANES * (size_t)plan->taps;
        cpu_planes_to_lanes(channels, plan->taps, first, (size_t)plan->taps, (float *)packed);
        packed[plan->taps] = (vector){0};
        for (int lane = 0; lane < channels && bias != NULL; lane++)
            packed[plan->taps][lane] = bias[b * LANES + lane];
    }
}

enum direction { FORWARD, BACKWARD_INPUT, BACKWARD_WEIGHT };

/* One place of one window. `sum` is the window's y, or its gradient. */
SPECIALISED void visit(const enum direction direction, vector *pixel, vector *weight, vector *sum)
{
    if (direction == FORWARD)
        *sum += *weight * *pixel;
    else if (direction == BACKWARD_INPUT)
        *pixel += *weight * *sum;
    else
        *weight += *pixel * *sum;
}

/* One window, as far as it lies on the plane. */
SPECIALISED void walk_window(const struct convolution_sizes *sizes, const enum direction direction,
                             vector *x, vector *y, vector *weight, int top, int left)
{
    const int kernel = sizes->kernel;
    const struct span down = on_plane(top, kernel, sizes->height);
    const struct span right = on_plane(left, kernel, sizes->width);
    vector sum = direction == FORWARD ? weight[kernel * kernel] : *y;
    for (int i = down.first; i < down.last; i++)
        for (int j = right.first; j < right.last; j++)
            visit(direction, x + i * sizes->width + j, weight + (i - top) * kernel + j - left,
                  &sum);
    if (direction == FORWARD)
        *y = sum;
    else if (direction == BACKWARD_WEIGHT)
        weight[kernel * kernel] += sum;
}

/* Windows of 3 × 3, side by side, that lie on the plane as a whole, the first one at x: weights, or
 * the sums of their gradients, stay in registers. */
SPECIALISED void walk_inner(const struct convolution_sizes *sizes, const enum direction direction,
                            vector *x, vector *y, vector *weight, int count)
{
    vector tap[9], bias = weight[9];
#pragma GCC unroll 9
    for (int t = 0; t < 9; t++)
        tap[t] = weight[t];
    for (int c = 0; c < count; c++, x += sizes->stride, y++) {
        vector sum = direction == FORWARD ? bias : *y;
#pragma GCC unroll 9
        for (int t = 0; t < 9; t++)
            visit(direction, x + t / 3 * sizes->width + t % 3, &tap[t], &sum);
        if (direction == FORWARD)
            *y = sum;
        else if (direction == BACKWARD_WEIGHT)
            bias += sum;
    }
    if (direction == BACKWARD_WEIGHT) {
#pragma GCC unroll 9
        for (int t = 0; t < 9; t++)
            weight[t] = tap[t];
        weight[9] = bias;
    }
}

/* One block: makes y, or adds to dx or to the sums of the weight's gradient. `x`, `y` and `weight`
 * stand for the gradients, too. */
SPECIALISED void walk(const struct convolution_sizes *sizes, const enum direction direction,
                      vector *x, vector *y, vector *weight)
{
    const int rows = output_height(sizes), columns = output_width(sizes);
    const int stride = sizes->stride, padding = sizes->padding, kernel = sizes->kernel;
    const int first_inner = (padding + stride - 1) / stride;
    const int inner =
        sizes->width < kernel ? 0 : (sizes->width - kernel + padding) / stride + 1 - first_inner;
    for (int row = 0; row < rows; row++) {
        const int top = row * stride - padding;
        const bool whole = kernel == 3 && inner > 0 && top >= 0 && top + kernel <= sizes->height;
        for (int column = 0; column < columns;) {
            const int left = column * stride - padding;
            const bool many = whole && column == first_inner;
            if (many)
                walk_inner(sizes, direction, x + top * sizes->width + left, y, weight, inner);
            else
                walk_window(sizes, direction, x, y, weight, top, left);
            column += many ? inner : 1;
            y += many ? inner : 1;
        }
    }
}

void cpu_depthwise_convolution(const struct convolution_sizes *sizes, const float *x,
                               const float *weight, const float *bias, float *y)
{
    const struct plan plan = plan_for(sizes);
    const size_t bytes = cpu_depthwise_convolution_scratch(sizes);
    vector *packed = memory_allocate(MEMORY_WORKSPACE, bytes);
    vector *scratch = packed + plan.block * (size_t)plan.blocks;
    pack(&plan, weight, bias, packed);
#pragma omp parallel for schedule(static) num_threads(plan.threads)
    for (int piece = 0; piece < plan.pieces; piece++) {
        vector *x_lanes = scratch + plan.thread * (size_t)omp_get_thread_num();
        vector *y_lanes = x_lanes + plan.pixels;
        const int block = piece % plan.blocks;
        const int channels = planes_of_block(plan.channels, block);
        const size_t plane = first_plane(&plan, piece);
        cpu_planes_to_lanes(channels, plan.pixels, x + plane * (size_t)plan.pixels,
                            (size_t)plan.pixels, (float *)x_lanes);
        walk(sizes, FORWARD, x_lanes, y_lanes, packed + plan.block * (size_t)block);
        cpu_lanes_to_planes(channels, plan.positions, (float *)y_lanes,
                            y + plane * (size_t)plan.positions, (size_t)plan.positions);
    }
    memory_release(MEMORY_WORKSPACE, packed, bytes);
}

void cpu_depthwise_convolution_backward_input(const struct convolution_sizes *sizes,
                                              const float *weight, const float *dy, float *dx)
{
    const struct plan plan = plan_for(sizes);
    const size_t bytes = cpu_depthwise_convolution_scratch(sizes);
    vector *packed = memory_allocate(MEMORY_WORKSPACE, bytes);
    vector *scratch = packed + plan.block * (size_t)plan.blocks;
    const bool turned = is_turned(sizes);
    const struct convolution_sizes of_dx = turned_sizes(sizes);
    pack(&plan, weight, NULL, packed);
    if (turned)
        turn(&plan, packed);
#pragma omp parallel for schedule(static) num_threads(plan.threads)
    for (int piece = 0; piece < plan.pieces; piece++) {
        vector *dx_lanes = scratch + plan.thread * (size_t)omp_get_thread_num();
        vector *dy_lanes = dx_lanes + plan.pixels;
        const int block = piece % plan.blocks;
        const int channels = planes_of_block(plan.channels, block);
        const size_t plane = first_plane(&plan, piece);
        cpu_planes_to_lanes(channels, plan.positions, dy + plane * (size_t)plan.positions,
                            (size_t)plan.positions, (float *)dy_lanes);
        vector *weights = packed + plan.block * (size_t)block;
        if (turned)
            walk(&of_dx, FORWARD, dy_lanes, dx_lanes, weights);
        else {
            memset(dx_lanes, 0, sizeof *dx_lanes * (size_t)plan.pixels);
            walk(sizes, BACKWARD_INPUT, dx_lanes, dy_lanes, weights);
        }
        cpu_lanes_to_planes(channels, plan.pixels, (float *)dx_lanes,
                            dx + plane * (size_t)plan.pixels, (size_t)plan.pixels);
    }
    memory_release(MEMORY_WORKSPACE, packed, bytes);
}

/* Adds up the samples' sums and adds them to the gradients. */
static void add_sums(const struct convolution_sizes *sizes, const struct plan *plan, vector *sums,
                     float *weight_gradient, float *bias_gradient)
{
    const size_t all = plan->block * (size_t)plan->blocks;
    for (int n = 1; n < sizes->samples; n++)
        for (size_t k = 0; k < all; k++)
            sums[k] += sums[(size_t)n * all + k];
    for (int b = 0; b < plan->blocks; b++, sums += plan->block) {
        const int channels = planes_of_block(plan->channels, b);
        cpu_add_lanes_to_planes(channels, plan->taps, (float *)sums,
                                weight_gradient + (size_t)b * LANES * (size_t)plan->taps,
                                (size_t)plan->taps);
        for (int lane = 0; lane < channels && bias_gradient != NULL; lane++)
            bias_gradient[b * LANES + lane] += sums[plan->taps][lane];
    }
}

void cpu_depthwise_convolution_backward_weight(const struct convolution_sizes *sizes,
                                               const float *x, const float *dy,
                                               float *weight_gradient, float *bias_gradient)
{
    const struct plan plan = plan_for(sizes);
    const size_t bytes = cpu_depthwise_convolution_backward_weight_scratch(sizes);
    vector *sums = memory_allocate(MEMORY_WORKSPACE, bytes);
    vector *scratch = sums + plan.block * (size_t)plan.pieces;
    memset(sums, 0, sizeof *sums * plan.block * (size_t)plan.pieces);
#pragma omp parallel for schedule(static) num_threads(plan.threads)
    for (int piece = 0; piece < plan.pieces; piece++) {
        vector *x_lanes = scratch + plan.thread * (size_t)omp_get_thread_num();
        vector *dy_lanes = x_lanes + plan.pixels;
        const int channels = planes_of_block(plan.channels, piece % plan.blocks);
        const size_t plane = first_plane(&plan, piece);
        cpu_planes_to_lanes(channels, plan.pixels, x + plane * (size_t)plan.pixels,
                            (size_t)plan.pixels, (float *)x_lanes);
        cpu_planes_to_lanes(channels, plan.positions, dy + plane * (size_t)plan.positions,
                            (size_t)plan.positions, (float *)dy_lanes);
        walk(sizes, BACKWARD_WEIGHT, x_lanes, dy_lanes, sums + plan.block * (size_t)piece);
    }
    add_sums(sizes, &plan, sums, weight_gradient, bias_gradient);
    memory_release(MEMORY_WORKSPACE, sums, bytes);
}
