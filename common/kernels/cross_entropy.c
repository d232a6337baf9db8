/*
 * Cross-entropy of rows of outputs: log Σ exp(x) - x[label]. Rows are shifted by
 * their largest element, so that no exponential overflows. Sums are kept in double
 * precision, in an order that depends on the sizes alone and not on the threads.
 */
#include "common/kernels/cpu.h"
#include "common/kernels/functions.h"

#define PARTS 64 /* that the rows are summed in */
/* The most rows at a time: while one waits for its sum, the next ones are computed. They are looked at
 * several times, so they should stay in the nearest caches: fewer of them where they are long. */
#define MOST_TOGETHER   8
#define FLOATS_TOGETHER 8192
/* Roughly, in float operations: an exponential and what goes with it. */
#define WORK_PER_ELEMENT 10.0

static inline __attribute__((always_inline)) float largest(int classes, const float *x)
{
    float best = x[0];
#pragma omp simd reduction(max : best)
    for (int k = 1; k < classes; k++)
        best = x[k] > best ? x[k] : best;
    return best;
}

/* Is the label the first of the largest? */
static inline bool is_right(const float *x, int label, float best)
{
    bool right = x[label] == best;
    for (int k = 0; right && k < label; k++)
        right = x[k] != best;
    return right;
}

static int rows_together(int classes)
{
    const int fitting = FLOATS_TOGETHER / classes;
    return fitting > MOST_TOGETHER ? MOST_TOGETHER : fitting < 1 ? 1 : fitting;
}

/* The sum over a few rows. */
static double few_rows(int rows, int classes, const float *x, const int32_t *labels, int *right)
{
    float best[MOST_TOGETHER];
    double sum[MOST_TOGETHER], loss = 0;
    for (int i = 0; i < rows; i++)
        best[i] = largest(classes, x + (size_t)i * classes);
    for (int i = 0; i < rows; i++) {
        const float *row = x + (size_t)i * classes;
        double total = 0;
#pragma omp simd reduction(+ : total)
        for (int k = 0; k < classes; k++)
            total += (double)exponential(row[k] - best[i]);
        sum[i] = total;
    }
    for (int i = 0; i < rows; i++) {
        const float *row = x + (size_t)i * classes;
        loss += log(sum[i]) - ((double)row[labels[i]] - (double)best[i]);
        *right += is_right(row, labels[i], best[i]);
    }
    return loss;
}

double cpu_cross_entropy(int rows, int classes, const float *x, const int32_t *labels, int *right)
{
    double sums[PARTS] = {0};
    const int together = rows_together(classes);
    int rights = 0;
#pragma omp parallel for schedule(static) reduction(+ : rights) if ((double)rows * classes *       \
                                                                        WORK_PER_ELEMENT >         \
                                                                    PARALLEL_THRESHOLD)
    for (int part = 0; part < PARTS; part++) {
        const int first = (int)((int64_t)rows * part / PARTS);
        const int end = (int)((int64_t)rows * (part + 1) / PARTS);
        for (int i = first; i < end; i += together)
            sums[part] += few_rows(end - i < together ? end - i : together, classes,
                                   x + (size_t)i * classes, labels + i, &rights);
    }
    double sum = 0;
    for (int part = 0; part < PARTS; part++)
        sum += sums[part];
    *right = rights;
    return sum;
}

/* The gradients of a few rows. */
static void few_rows_backward(int rows, int classes, const float *x, const int32_t *labels,
                              float scale, float *dx)
{
    float best[MOST_TOGETHER], factor[MOST_TOGETHER];
    for (int i = 0; i < rows; i++)
        best[i] = largest(classes, x + (size_t)i * classes);
    for (int i = 0; i < rows; i++) {
        const float *row = x + (size_t)i * classes;
        float *out = dx + (size_t)i * classes;
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int k = 0; k < classes; k++) {
            out[k] = exponential(row[k] - best[i]);
            sum += (double)out[k];
        }
        factor[i] = (float)((double)scale / sum);
    }
    for (int i = 0; i < rows; i++) {
        float *out = dx + (size_t)i * classes;
#pragma omp simd
        for (int k = 0; k < classes; k++)
            out[k] *= factor[i];
        out[labels[i]] -= scale;
    }
}

void cpu_cross_entropy_backward(int rows, int classes, const float *x, const int32_t *labels,
                                float scale, float *dx)
{
    const int together = rows_together(classes);
#pragma omp parallel for schedule(static) if ((double)rows * classes * WORK_PER_ELEMENT >          \
                                              PARALLEL_THRESHOLD)
    for (int i = 0; i < rows; i += together)
        few_rows_backward(rows - i < together ? rows - i : together, classes,
                          x + (size_t)i * classes, labels + i, scale, dx + (size_t)i * classes);
}
