/*
 * Convolutions of every width of a plane up to 35 and of every kernel that the CPU's choice may fall on, against the
 * formula in double precision.
 */
#include "common/base/memory.h"
#include "common/kernels/kernels.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <stdlib.h>

/* Numbers that the kernels see as floats and the formula as doubles, and what the formula makes. */
struct array {
    int count;
    float *single;
    double *exact;
};

static struct array array_new(int count, bool filled)
{
    static unsigned state = 1;
    struct array array = {count, calloc((size_t)count, sizeof(float)),
                          calloc((size_t)count, sizeof(double))};
    for (int k = 0; k < count && filled; k++) {
        state = state * 1664525 + 1013904223;
        array.single[k] = (float)(state >> 16) / 32768.0f - 1.0f;
        array.exact[k] = (double)array.single[k];
    }
    return array;
}

static void array_free(struct array array)
{
    free(array.single);
    free(array.exact);
}

/* The distance of the two, of the norm of the exact one. */
static double distance(struct array array)
{
    double difference = 0, norm = 0;
    for (int k = 0; k < array.count; k++) {
        difference += pow((double)array.single[k] - array.exact[k], 2);
        norm += pow(array.exact[k], 2);
    }
    return sqrt(difference / fmax(norm, 1e-30));
}

struct arrays {
    struct array x, weight, bias, y, dy, dx, weight_gradient, bias_gradient;
};

/* Everything that one output (n, o, r, c) takes part in. */
static void by_the_formula(const struct convolution_sizes *sizes, struct arrays *all, int n, int o,
                           int r, int c, int output)
{
    int kernel = sizes->kernel, inputs = sizes->inputs / sizes->groups;
    int first = o / (sizes->outputs / sizes->groups) * inputs;
    double dy = all->dy.exact[output];
    all->y.exact[output] = all->bias.exact[o];
    all->bias_gradient.exact[o] += dy;
    for (int i = 0; i < inputs; i++)
        for (int ky = 0; ky < kernel; ky++)
            for (int kx = 0; kx < kernel; kx++) {
                int row = r * sizes->stride + ky - sizes->padding;
                int column = c * sizes->stride + kx - sizes->padding;
                if (row < 0 || column < 0 || row >= sizes->height || column >= sizes->width)
                    continue;
                int pixel =
                    ((n * sizes->inputs + first + i) * sizes->height + row) * sizes->width + column;
                int weight = ((o * inputs + i) * kernel + ky) * kernel + kx;
                all->y.exact[output] += all->weight.exact[weight] * all->x.exact[pixel];
                all->dx.exact[pixel] += all->weight.exact[weight] * dy;
                all->weight_gradient.exact[weight] += all->x.exact[pixel] * dy;
            }
}

static float *lend_array(const struct array *array)
{
    return lend(array->single, (size_t)array->count * sizeof(float));
}

static void by_the_kernels(const struct convolution_sizes *sizes, struct arrays *all)
{
    const struct kernels *kernels = kernels_for(tested_device());
    struct array *const array[] = {
        &all->x,  &all->weight,          &all->bias,         &all->dy, &all->y,
        &all->dx, &all->weight_gradient, &all->bias_gradient};
    enum { X, WEIGHT, BIAS, DY, Y, DX, WEIGHT_GRADIENT, BIAS_GRADIENT, ARRAYS };
    float *lent[ARRAYS];
    for (int k = 0; k < ARRAYS; k++)
        lent[k] = lend_array(array[k]);
    kernels->convolution(sizes, lent[X], lent[WEIGHT], lent[BIAS], lent[Y]);
    kernels->convolution_backward_input(sizes, lent[WEIGHT], lent[DY], lent[DX]);
    kernels->convolution_backward_weight(sizes, lent[X], lent[DY], lent[WEIGHT_GRADIENT],
                                         lent[BIAS_GRADIENT]);
    for (int k = 0; k < ARRAYS; k++)
        take_back(lent[k], array[k]->single, (size_t)array[k]->count * sizeof(float));
}

static void compare(const struct convolution_sizes *sizes)
{
    int rows = windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding);
    int columns = windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    int pixels = sizes->samples * sizes->inputs * sizes->height * sizes->width;
    int results = sizes->samples * sizes->outputs * rows * columns;
    int weights = sizes->outputs * sizes->inputs / sizes->groups * sizes->kernel * sizes->kernel;
    struct arrays all = {array_new(pixels, true),         array_new(weights, true),
                         array_new(sizes->outputs, true), array_new(results, false),
                         array_new(results, true),        array_new(pixels, false),
                         array_new(weights, false),       array_new(sizes->outputs, false)};
    for (int k = 0; k < results; k++)
        by_the_formula(sizes, &all, k / columns / rows / sizes->outputs,
                       k / columns / rows % sizes->outputs, k / columns % rows, k % columns, k);
    by_the_kernels(sizes, &all);
    const struct array found[] = {all.y, all.dx, all.weight_gradient, all.bias_gradient};
    static const char *const name[] = {"y", "dx", "the weight's gradient", "the bias's gradient"};
    for (int k = 0; k < 4; k++)
        ck_assert_msg(distance(found[k]) < 2e-6,
                      "%s is %.1e off: %d to %d channels of %d × %d, window %d, stride %d, padding "
                      "%d, %d groups",
                      name[k], distance(found[k]), sizes->inputs, sizes->outputs, sizes->height,
                      sizes->width, sizes->kernel, sizes->stride, sizes->padding, sizes->groups);
    const struct array given[] = {all.x, all.weight, all.bias, all.dy};
    for (int k = 0; k < 4; k++) {
        array_free(given[k]);
        array_free(found[k]);
    }
}

static const struct {
    int inputs, outputs, kernel, stride, padding, groups;
} shapes[] = {
    {16, 16, 3, 1, 1, 1},  {17, 35, 3, 1, 1, 1},  {16, 32, 3, 2, 1, 1},  {18, 16, 3, 3, 1, 1},
    {16, 32, 1, 2, 0, 1},  {9, 16, 1, 1, 0, 1},   {5, 20, 5, 1, 2, 1},   {12, 11, 4, 2, 3, 1},
    {3, 16, 7, 2, 3, 1},   {16, 32, 3, 1, 0, 1},  {6, 9, 2, 1, 0, 1},    {3, 6, 3, 1, 0, 1},
    {1, 1, 1, 1, 0, 1},    {4, 4, 3, 1, 1, 4},    {4, 8, 3, 2, 1, 4},    {8, 36, 3, 1, 1, 2},
    {2, 3, 3, 1, 4, 1},    {2, 20, 3, 2, 4, 1},   {20, 20, 3, 1, 1, 20}, {33, 33, 5, 2, 1, 33},
    {16, 16, 2, 3, 4, 16}, {16, 16, 2, 1, 3, 16}, {3, 3, 3, 1, 1, 3},
};

#define MOST_WIDTH 35

START_TEST(every_width_agrees_with_the_formula)
{
    memory_spoil(true); /* scratch space that is read before it is filled has NaN */
    for (int width = 1; width <= MOST_WIDTH; width++) {
        struct convolution_sizes sizes = {.samples = 1 + width % 3,
                                          .inputs = shapes[_i].inputs,
                                          .height = 3 + width % 4,
                                          .width = width,
                                          .outputs = shapes[_i].outputs,
                                          .kernel = shapes[_i].kernel,
                                          .stride = shapes[_i].stride,
                                          .padding = shapes[_i].padding,
                                          .groups = shapes[_i].groups};
        int least = sizes.kernel - 2 * sizes.padding;
        if (sizes.width >= least && sizes.height >= least)
            compare(&sizes);
    }
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("convolution");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_width_agrees_with_the_formula, 0,
                        sizeof shapes / sizeof *shapes);

    Suite *suite = suite_create("convolution against the formula");
    suite_add_tcase(suite, tests);
    return suite;
}
