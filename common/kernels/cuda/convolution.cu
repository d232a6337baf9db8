/*
 * Convolution as matrix products. The pixels of each window become a column of a matrix (im2col), and then
 *
 *     y of a sample  = weight (outputs, taps) · columns (taps, windows)
 *     its columns' gradient = weightᵀ · dy,  which is folded back: each pixel sums up over its windows
 *     weight's gradient     = dy · columnsᵀ, one product for many samples side by side
 *
 * where taps are the numbers of a window in all channels. Columns take kernel² times the memory of x. So they are
 * made for some samples at a time, few enough to stay in the cache of a large GPU.
 *
 * Several groups: grouped_convolution.cu.
 */
#include "common/kernels/cuda/cuda.h"
#include "common/kernels/cuda/windows.h"

/* ---- kernels ------------------------------------------------------------------------------------------------ */

/* Where the columns lie: number (sample, tap, window) is sample · sample_step + tap · tap_step + window. */
struct layout {
    size_t sample_step, tap_step;
};

/* Thread i of (sample, input, window) copies the pixels of the window in this channel. */
static __device__ void unfold(const struct windows &windows, int inputs, size_t i, const float *x,
                              struct layout layout, float *columns)
{
    const int window = (int)(i % windows.count);
    const size_t plane = i / windows.count, sample = plane / inputs, input = plane % inputs;
    const int top = window / windows.columns * windows.stride - windows.padding;
    const int left = window % windows.columns * windows.stride - windows.padding;
    const int taps = windows.kernel * windows.kernel;
    x += plane * windows.pixels;
    columns += sample * layout.sample_step + input * taps * layout.tap_step + window;
    for (int row = top; row < top + windows.kernel; row++)
        for (int column = left; column < left + windows.kernel; column++) {
            const bool on_plane =
                row >= 0 && column >= 0 && row < windows.height && column < windows.width;
            *columns = on_plane ? x[row * windows.width + column] : 0;
            columns += layout.tap_step;
        }
}

/* Columns (NULL: they are not needed) of `unfolded` windows of channels, and the bias, `begun` times in y, to which the
 * product is added. */
static __global__ void prepare(struct windows windows, int inputs, int outputs, size_t unfolded,
                               const float *x, struct layout layout, float *columns, size_t begun,
                               const float *bias, float *y)
{
    const size_t i = thread_number();
    if (i < unfolded)
        unfold(windows, inputs, i, x, layout, columns);
    if (i < begun)
        y[i] = bias[i / windows.count % outputs];
}

/* The same columns, but samples side by side; dy likewise, (outputs, samples, windows); and a row of `ones` below the
 * columns, whose product with dy is the bias's gradient. */
static __global__ void lay_side_by_side(struct windows windows, struct convolution_sizes sizes,
                                        int samples, const float *x, const float *dy,
                                        float *columns, float *gradient, float *ones)
{
    const size_t i = thread_number(), together = (size_t)samples * windows.count;
    if (i < together * sizes.inputs)
        unfold(windows, sizes.inputs, i, x, {(size_t)windows.count, together}, columns);
    if (i < together * sizes.outputs) {
        const size_t window = i % windows.count, plane = i / windows.count;
        const size_t sample = plane / sizes.outputs, output = plane % sizes.outputs;
        gradient[output * together + sample * windows.count + window] = dy[i];
    }
    if (ones != NULL && i < together)
        ones[i] = 1;
}

/* Each pixel's sum over the windows that it is in, in the order of the windows. */
static __global__ void fold(struct windows windows, size_t count, const float *columns, float *dx)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const int pixel = (int)(i % windows.pixels), taps = windows.kernel * windows.kernel;
    const int row = pixel / windows.width, column = pixel % windows.width;
    const struct span rows = windows_with(row, windows, windows.rows);
    const struct span across = windows_with(column, windows, windows.columns);
    columns += i / windows.pixels * taps * windows.count;
    float sum = 0;
    for (int r = rows.first; r < rows.last; r++)
        for (int c = across.first; c < across.last; c++) {
            const size_t tap = (size_t)place_in_window(row, column, r, c, windows);
            sum += columns[tap * windows.count + r * windows.columns + c];
        }
    dx[i] = sum;
}

/* sums (outputs, taps and, where there is a bias, 1) are added to the gradients. */
static __global__ void add_gradients(int outputs, int taps, int row, const float *sums,
                                     float *weight_gradient, float *bias_gradient)
{
    const size_t i = thread_number();
    if (i >= (size_t)outputs * row)
        return;
    const size_t output = i / row, tap = i % row;
    if (tap < (size_t)taps)
        weight_gradient[output * taps + tap] += sums[i];
    else
        bias_gradient[output] += sums[i];
}

/* ---- what the three have in common ---------------------------------------------------------------------------- */

static const float one = 1, zero = 0;

struct plan {
    struct windows windows;
    int taps;          /* of a window, in all channels */
    bool pointwise;    /* x itself is the columns */
    int together;      /* samples whose columns are made at a time */
    size_t x, y;       /* numbers of a sample */
    size_t columns;    /* likewise */
    size_t unfoldings; /* windows of all channels of a sample */
};

static size_t larger_of(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* side_by_side: for the weight's gradient, where even a pointwise convolution's samples are laid anew, and dy, too. */
static struct plan plan_for(const struct convolution_sizes *sizes, bool side_by_side)
{
    struct plan plan = {};
    plan.windows =
        windows_on(sizes->height, sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    const size_t windows = (size_t)plan.windows.count;
    plan.taps = sizes->inputs * sizes->kernel * sizes->kernel;
    plan.pointwise =
        !side_by_side && sizes->kernel == 1 && sizes->stride == 1 && sizes->padding == 0;
    plan.x = (size_t)sizes->inputs * (size_t)plan.windows.pixels;
    plan.y = (size_t)sizes->outputs * windows;
    plan.columns = (size_t)plan.taps * windows;
    plan.unfoldings = (size_t)sizes->inputs * windows;
    const size_t each = plan.columns + (side_by_side ? plan.y + windows : 0);
    const size_t fit = larger_of(SCRATCH_NUMBERS / each, 1);
    const bool all = plan.pointwise || fit > (size_t)sizes->samples;
    plan.together = all ? sizes->samples : (int)fit;
    return plan;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Of each sample: to (rows, windows) = weight' · from (depth, windows) + beta · to, where weight' is (rows, depth). The
 * rows of cuBLAS's matrices are columns here: it computes toᵀ = fromᵀ · weight'ᵀ. */
static void product(bool transpose, int rows, int depth, const struct plan *plan, int samples,
                    const float *weight, const float *from, const float *beta, float *to)
{
    const int windows = plan->windows.count;
    CUBLAS_LAUNCH(cublasSgemmStridedBatched(
        cuda_blas, CUBLAS_OP_N, transpose ? CUBLAS_OP_T : CUBLAS_OP_N, windows, rows, depth, &one,
        from, windows, (long long)depth * windows, weight, plan->taps, 0, beta, to, windows,
        (long long)rows * windows, samples));
}

/* ---- forward, and backward for the input ---------------------------------------------------------------------- */

void cuda_convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                      const float *bias, float *y)
{
    if (sizes->groups > 1) {
        cuda_grouped_convolution(sizes, x, weight, bias, y);
        return;
    }
    const struct plan plan = plan_for(sizes, false);
    const scratch<float> columns(plan.pointwise ? 0 : plan.columns * (size_t)plan.together);
    const struct layout layout = {plan.columns, (size_t)plan.windows.count};
    for (int first = 0; first < sizes->samples; first += plan.together) {
        const int samples = smaller(plan.together, sizes->samples - first);
        const float *own_x = x + (size_t)first * plan.x;
        float *own_y = y + (size_t)first * plan.y;
        const size_t unfolded = plan.pointwise ? 0 : plan.unfoldings * (size_t)samples;
        const size_t begun = bias == NULL ? 0 : plan.y * (size_t)samples;
        LAUNCH(prepare, cuda_blocks(larger_of(unfolded, begun)), THREADS, plan.windows,
               sizes->inputs, sizes->outputs, unfolded, own_x, layout, columns.data, begun, bias,
               own_y);
        product(false, sizes->outputs, plan.taps, &plan, samples, weight,
                plan.pointwise ? own_x : columns.data, bias == NULL ? &zero : &one, own_y);
    }
}

void cuda_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                     const float *dy, float *dx)
{
    if (sizes->groups > 1) {
        cuda_grouped_convolution_backward_input(sizes, weight, dy, dx);
        return;
    }
    const struct plan plan = plan_for(sizes, false);
    const scratch<float> columns(plan.pointwise ? 0 : plan.columns * (size_t)plan.together);
    for (int first = 0; first < sizes->samples; first += plan.together) {
        const int samples = smaller(plan.together, sizes->samples - first);
        const size_t count = plan.x * (size_t)samples;
        float *own_dx = dx + (size_t)first * plan.x;
        product(true, plan.taps, sizes->outputs, &plan, samples, weight,
                dy + (size_t)first * plan.y, &zero, plan.pointwise ? own_dx : columns.data);
        if (!plan.pointwise)
            LAUNCH(fold, cuda_blocks(count), THREADS, plan.windows, count, columns.data, own_dx);
    }
}

/* ---- backward for the weight ------------------------------------------------------------------------------------ */

void cuda_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                      const float *dy, float *weight_gradient, float *bias_gradient)
{
    if (sizes->groups > 1) {
        cuda_grouped_convolution_backward_weight(sizes, x, dy, weight_gradient, bias_gradient);
        return;
    }
    const size_t outputs = (size_t)sizes->outputs;
    const struct plan plan = plan_for(sizes, true);
    const int row = plan.taps + (bias_gradient != NULL);
    const size_t windows = (size_t)plan.windows.count, most = windows * (size_t)plan.together;
    const scratch<float> columns((size_t)row * most), gradient(outputs * most);
    const scratch<float> sums(outputs * (size_t)row);
    for (int first = 0; first < sizes->samples; first += plan.together) {
        const int samples = smaller(plan.together, sizes->samples - first);
        const size_t together = windows * (size_t)samples;
        const size_t channels = larger_of(outputs, (size_t)sizes->inputs);
        LAUNCH(lay_side_by_side, cuda_blocks(channels * together), THREADS, plan.windows, *sizes,
               samples, x + (size_t)first * plan.x, dy + (size_t)first * plan.y, columns.data,
               gradient.data,
               bias_gradient == NULL ? NULL : columns.data + (size_t)plan.taps * together);
        /* sums (outputs, row) = gradient · columnsᵀ, transposed as in product */
        CUBLAS_LAUNCH(cublasSgemm(cuda_blas, CUBLAS_OP_T, CUBLAS_OP_N, row, sizes->outputs,
                                  (int)together, &one, columns.data, (int)together, gradient.data,
                                  (int)together, first == 0 ? &zero : &one, sums.data, row));
    }
    if (sizes->samples > 0)
        LAUNCH(add_gradients, cuda_blocks(outputs * (size_t)row), THREADS, sizes->outputs,
               plan.taps, row, sums.data, weight_gradient, bias_gradient);
}
