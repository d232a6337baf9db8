/*
 * Cross-entropy of rows of outputs: log Σ exp(x) - x[label]. Rows are shifted by their largest element, so that no
 * exponential overflows. A warp has a row; sums are kept in double precision.
 */
#include "common/kernels/cuda/cuda.h"

static __device__ float row_largest(int classes, const float *row)
{
    float best = -INFINITY;
    for (int k = lane_number(); k < classes; k += WARP)
        best = larger(best, row[k]);
    return warp_largest(best);
}

/* Σ exp(x - best) */
static __device__ double row_sum(int classes, const float *row, float best)
{
    double sum = 0;
    for (int k = lane_number(); k < classes; k += WARP)
        sum += (double)expf(row[k] - best);
    return warp_sum(sum);
}

/* Is the label the first of the largest? */
static __device__ bool is_right(const float *row, int label, float best)
{
    int before = 0;
    for (int k = lane_number(); k < label; k += WARP)
        before += row[k] == best;
    return warp_sum(before) == 0 && row[label] == best;
}

static __global__ void cross_entropy(int rows, int classes, const float *x, const int32_t *labels,
                                     double *losses, double *rights)
{
    const size_t i = warp_number();
    if (i >= (size_t)rows)
        return;
    const float *row = x + i * (size_t)classes;
    const float best = row_largest(classes, row);
    const double sum = row_sum(classes, row, best);
    const bool right = is_right(row, labels[i], best);
    if (lane_number() > 0)
        return;
    losses[i] = log(sum) - ((double)row[labels[i]] - (double)best);
    rights[i] = right ? 1 : 0;
}

/* One block. all[0]: the loss, all[1]: how many rows are right, a whole number far below 2^53 */
static __global__ void add_up(int rows, const double *losses, const double *rights, double *all)
{
    double loss = 0, right = 0;
    for (int i = (int)threadIdx.x; i < rows; i += THREADS) {
        loss += losses[i];
        right += rights[i];
    }
    loss = block_sum(loss);
    right = block_sum(right);
    if (threadIdx.x == 0) {
        all[0] = loss;
        all[1] = right;
    }
}

double cuda_cross_entropy(int rows, int classes, const float *x, const int32_t *labels, int *right)
{
    const size_t count = (size_t)rows;
    const scratch<double> losses(count + 1), rights(count + 1), all(2);
    double found[2]; /* in one copy, for which the host waits once */
    LAUNCH_TOGETHER(cross_entropy, cuda_blocks(count, WARPS), WARPS * WARP, rows, classes, x,
                    labels, losses.data, rights.data);
    LAUNCH_TOGETHER(add_up, 1, THREADS, rows, losses.data, rights.data, all.data);
    cuda_read(found, all.data, sizeof found);
    *right = (int)found[1];
    return found[0];
}

static __global__ void backward(int rows, int classes, const float *x, const int32_t *labels,
                                float scale, float *dx)
{
    const size_t i = warp_number();
    if (i >= (size_t)rows)
        return;
    const float *row = x + i * (size_t)classes;
    float *out = dx + i * (size_t)classes;
    const float best = row_largest(classes, row);
    const float factor = (float)((double)scale / row_sum(classes, row, best));
    for (int k = lane_number(); k < classes; k += WARP)
        out[k] = expf(row[k] - best) * factor - (k == labels[i] ? scale : 0);
}

void cuda_cross_entropy_backward(int rows, int classes, const float *x, const int32_t *labels,
                                 float scale, float *dx)
{
    LAUNCH_TOGETHER(backward, cuda_blocks((size_t)rows, WARPS), WARPS * WARP, rows, classes, x,
                    labels, scale, dx);
}
