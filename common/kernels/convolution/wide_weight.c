/*
 * Wide convolution, backward for the weight:
 *
 *     gradient[o][i][ky][kx] += sum over samples and windows (r, c) of
 *                               dy[o][r][c] · x[i][r · stride + ky][c · stride + kx]
 *
 * dy is transposed, so that the sixteen output channels of a block are the lanes. The sums of a
 * few input channels and a piece of the window stay in registers while all windows of a sample go
 * by: each vector of dy is used by all of them, each number of x by one or two blocks. Every thread
 * adds up its own samples and the threads' sums are then added in order, so that the result depends
 * on their number but not on who was first.
 */
#include "common/kernels/convolution/wide.h"

#include "common/base/memory.h"

#include <omp.h>
#include <string.h>

/* One group of one sample. */
struct plan {
    int inputs, outputs, blocks; /* of a group */
    int taps, rows, columns;
    int in_height, in_width;    /* of x with its padding */
    size_t sum_block;           /* sums of a block of outputs: (input, tap, lane) */
    size_t padded, lanes, sums; /* a thread's memory: x with its padding (0: taken as it is), two
                                  * blocks of dy, … */
    size_t thread;              /* … and sums of weights and then of biases, in all */
    int threads;
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
    plan.sum_block = (size_t)plan.inputs * plan.taps * LANES;
    if (sizes->padding > 0)
        plan.padded = (size_t)sizes->inputs * plan.in_height * plan.in_width;
    plan.padded = (plan.padded + LANES - 1) / LANES * LANES;
    plan.lanes = 2 * (size_t)plan.rows * plan.columns * LANES;
    plan.sums = (size_t)sizes->groups * plan.blocks * (plan.sum_block + LANES);
    plan.thread = plan.padded + plan.lanes + plan.sums;
    plan.threads = samples_are_worth_threads(sizes) ? omp_get_max_threads() : 1;
    if (plan.threads > sizes->samples)
        plan.threads = sizes->samples;
    return plan;
}

size_t cpu_wide_convolution_backward_weight_scratch(const struct convolution_sizes *sizes)
{
    struct plan plan = plan_for(sizes);
    return sizeof(float) * plan.thread * (size_t)plan.threads;
}

/* The most vectors of sums, and rows of x, at a time. */
#define MOST_SUMS  20
#define MOST_LINES 8

/* Where the products come from, and where their sums go. */
struct products {
    const float *x; /* the window's piece's corner in the first input channel */
    size_t x_plane;
    int x_row, x_column; /* from one window to the next */
    int in_width;
    const float *dy; /* (block, row, column, lane) */
    size_t dy_block;
    int rows, columns;
    float *sum; /* of the piece's first tap */
    size_t sum_block, sum_input;
    int sum_row; /* from one row of the window to the next */
};

/* Inlined with constants, so that total[] is in registers. */
SPECIALISED void add_products(const struct products *work, const int blocks, const int inputs,
                              const int down, const int right)
{
    const int lines = inputs * down, places = lines * right;
    vector total[MOST_SUMS];
#pragma GCC unroll 32
    for (int j = 0; j < blocks * places; j++)
        total[j] = (vector){0};
    const float *dy = work->dy;
    for (int r = 0; r < work->rows; r++) {
        const float *x = work->x + (size_t)r * work->x_row, *line[MOST_LINES] = {NULL};
#pragma GCC unroll 8
        for (int j = 0; j < lines; j++)
            line[j] = x + j / down * work->x_plane + (size_t)(j % down) * work->in_width;
        ptrdiff_t end = (ptrdiff_t)work->columns * work->x_column;
        for (ptrdiff_t c = 0; c < end; c += work->x_column, dy += LANES) {
            vector first = *(const vector *)dy, second;
            if (blocks == 2)
                second = *(const vector *)(dy + work->dy_block);
#pragma GCC unroll 32
            for (int j = 0; j < places; j++) {
                float pixel = line[j / right][c + j % right];
                total[j] += pixel * first;
                if (blocks == 2)
                    total[places + j] += pixel * second;
            }
        }
    }
#pragma GCC unroll 32
    for (int j = 0; j < blocks * places; j++)
        *(vector *)(work->sum + j / places * work->sum_block +
                    j % places / (down * right) * work->sum_input +
                    j % (down * right) / right * work->sum_row + j % right * LANES) += total[j];
}

/* All input channels, `together` at a time, for one piece (down · right places) of the window. */
SPECIALISED void add_piece(struct products work, int inputs, const int blocks, const int together,
                           const int down, const int right)
{
    int i = 0;
    for (; i + together <= inputs; i += together) {
        add_products(&work, blocks, together, down, right);
        work.x += together * work.x_plane;
        work.sum += together * work.sum_input;
    }
    for (; i < inputs; i++) {
        add_products(&work, blocks, 1, down, right);
        work.x += work.x_plane;
        work.sum += work.sum_input;
    }
}

/* The whole window, cut into pieces of which sixteen to twenty vectors of sums fill the registers. */
SPECIALISED void add_window(struct products work, int inputs, int kernel, const int blocks)
{
    if (kernel == 3) {
        add_piece(work, inputs, blocks, 2 / blocks, 3, 3);
        return;
    }
    for (int ky = 0; ky < kernel; ky++) {
        struct products piece = work;
        piece.x += ky * work.in_width;
        piece.sum += ky * work.sum_row;
        int kx = 0;
        for (; kx + 7 <= kernel; kx += 7, piece.x += 7, piece.sum += 7 * LANES)
            add_piece(piece, inputs, blocks, 2 / blocks, 1, 7);
        for (; kx + 5 <= kernel; kx += 5, piece.x += 5, piece.sum += 5 * LANES)
            add_piece(piece, inputs, blocks, blocks == 2 ? 2 : 3, 1, 5);
        for (; kx + 3 <= kernel; kx += 3, piece.x += 3, piece.sum += 3 * LANES)
            add_piece(piece, inputs, blocks, 3, 1, 3);
        for (; kx < kernel; kx++, piece.x++, piece.sum += LANES)
            add_piece(piece, inputs, blocks, 8, 1, 1);
    }
}

static void add_bias(int positions, const float *dy, float *sum)
{
    vector total[4] = {{0}};
    int p = 0;
    for (; p + 4 <= positions; p += 4)
        for (int j = 0; j < 4; j++)
            total[j] += *(const vector *)(dy + (size_t)(p + j) * LANES);
    for (; p < positions; p++)
        total[0] += *(const vector *)(dy + (size_t)p * LANES);
    *(vector *)sum += (total[0] + total[1]) + (total[2] + total[3]);
}

static int channels_of_block(int channels, int block)
{
    int left = channels - block * LANES;
    return left < LANES ? left : LANES;
}

/* One sample, x with its padding, added to a thread's sums. */
static void add_sample(const struct convolution_sizes *sizes, const struct plan *plan,
                       const float *x, const float *dy, float *lanes, float *sums)
{
    int positions = plan->rows * plan->columns;
    float *bias_sums = sums + (size_t)sizes->groups * plan->blocks * plan->sum_block;
    struct products work = {.x_plane = (size_t)plan->in_height * plan->in_width,
                            .x_row = sizes->stride * plan->in_width,
                            .x_column = sizes->stride,
                            .in_width = plan->in_width,
                            .dy = lanes,
                            .dy_block = (size_t)positions * LANES,
                            .rows = plan->rows,
                            .columns = plan->columns,
                            .sum_block = plan->sum_block,
                            .sum_input = (size_t)plan->taps * LANES,
                            .sum_row = sizes->kernel * LANES};
    for (int g = 0; g < sizes->groups; g++)
        for (int b = 0; b < plan->blocks; b += 2) {
            int blocks = plan->blocks - b < 2 ? 1 : 2, number = g * plan->blocks + b;
            for (int k = 0; k < blocks; k++) {
                float *to = lanes + k * work.dy_block;
                cpu_planes_to_lanes(channels_of_block(plan->outputs, b + k), positions,
                                    dy + ((size_t)g * plan->outputs + (b + k) * LANES) * positions,
                                    (size_t)positions, to);
                add_bias(positions, to, bias_sums + (number + k) * LANES);
            }
            work.x = x + (size_t)g * plan->inputs * work.x_plane;
            work.sum = sums + number * plan->sum_block;
            if (blocks == 2)
                add_window(work, plan->inputs, sizes->kernel, 2);
            else
                add_window(work, plan->inputs, sizes->kernel, 1);
        }
}

/* Adds a thread's sums to the gradients. */
static void add_sums(const struct convolution_sizes *sizes, const struct plan *plan,
                     const float *sums, float *weight_gradient, float *bias_gradient)
{
    int depth = plan->inputs * plan->taps;
    const float *bias_sums = sums + (size_t)sizes->groups * plan->blocks * plan->sum_block;
    for (int g = 0; g < sizes->groups; g++)
        for (int b = 0; b < plan->blocks; b++, sums += plan->sum_block, bias_sums += LANES) {
            int first = g * plan->outputs + b * LANES;
            int channels = channels_of_block(plan->outputs, b);
            cpu_add_lanes_to_planes(channels, depth, sums, weight_gradient + (size_t)first * depth,
                                    (size_t)depth);
            for (int lane = 0; lane < channels && bias_gradient != NULL; lane++)
                bias_gradient[first + lane] += bias_sums[lane];
        }
}

void cpu_wide_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                          const float *dy, float *weight_gradient,
                                          float *bias_gradient)
{
    const struct plan plan = plan_for(sizes);
    size_t x_count = (size_t)sizes->inputs * sizes->height * sizes->width;
    size_t dy_count = (size_t)sizes->outputs * plan.rows * plan.columns;
    size_t bytes = sizeof(float) * plan.thread * (size_t)plan.threads;
    float *scratch = memory_allocate(MEMORY_WORKSPACE, bytes);

#pragma omp parallel for schedule(static) num_threads(plan.threads)
    for (int part = 0; part < plan.threads; part++) {
        float *padded = scratch + plan.thread * (size_t)part, *lanes = padded + plan.padded;
        float *sums = lanes + plan.lanes;
        memset(padded, 0, sizeof *padded * plan.padded);
        memset(sums, 0, sizeof *sums * plan.sums);
        int end = (int)((long)sizes->samples * (part + 1) / plan.threads);
        for (int n = (int)((long)sizes->samples * part / plan.threads); n < end; n++) {
            const float *in = x + n * x_count;
            if (sizes->padding > 0) {
                cpu_copy_planes(sizes->inputs, sizes->height, sizes->width,
                                dense(in, sizes->height, sizes->width),
                                (struct planes){padded + sizes->padding * (plan.in_width + 1),
                                                (size_t)plan.in_width,
                                                (size_t)plan.in_height * plan.in_width});
                in = padded;
            }
            add_sample(sizes, &plan, in, dy + n * dy_count, lanes, sums);
        }
    }
    for (int part = 0; part < plan.threads; part++)
        add_sums(sizes, &plan, scratch + plan.thread * (size_t)part + plan.padded + plan.lanes,
                 weight_gradient, bias_gradient);
    memory_release(MEMORY_WORKSPACE, scratch, bytes);
}
