/*
 * The GPU's convolutions, emulated, against the formula in double precision.
 */
#include "common/kernels/tests/on_device.h"

struct arrays {
    struct array x, weight, bias, y, dy, dx, weight_gradient, bias_gradient;
};

struct problem {
    struct convolution_sizes sizes;
    bool with_bias;
    struct arrays arrays;
};

#define MOST_PROBLEMS 20
struct problems {
    int count;
    struct problem problem[MOST_PROBLEMS];
};

/* Everything that one output (n, o, r, c) takes part in. */
static void by_the_formula(const struct convolution_sizes *sizes, struct arrays *all, int n, int o,
                           int r, int c, int output)
{
    const int kernel = sizes->kernel, inputs = sizes->inputs / sizes->groups;
    const int first = o / (sizes->outputs / sizes->groups) * inputs;
    const double dy = all->dy.exact[output];
    all->y.exact[output] = all->bias.exact[o];
    all->bias_gradient.exact[o] += dy;
    for (int i = 0; i < inputs; i++)
        for (int ky = 0; ky < kernel; ky++)
            for (int kx = 0; kx < kernel; kx++) {
                const int row = r * sizes->stride + ky - sizes->padding;
                const int column = c * sizes->stride + kx - sizes->padding;
                if (row < 0 || column < 0 || row >= sizes->height || column >= sizes->width)
                    continue;
                const int pixel =
                    ((n * sizes->inputs + first + i) * sizes->height + row) * sizes->width + column;
                const int weight = ((o * inputs + i) * kernel + ky) * kernel + kx;
                all->y.exact[output] += all->weight.exact[weight] * all->x.exact[pixel];
                all->dx.exact[pixel] += all->weight.exact[weight] * dy;
                all->weight_gradient.exact[weight] += all->x.exact[pixel] * dy;
            }
}

static struct problem problem_new(const struct convolution_sizes *sizes, bool with_bias)
{
    const int rows = windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding);
    const int columns = windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    const int pixels = sizes->samples * sizes->inputs * sizes->height * sizes->width;
    const int results = sizes->samples * sizes->outputs * rows * columns;
    const int weights =
        sizes->outputs * sizes->inputs / sizes->groups * sizes->kernel * sizes->kernel;
    struct problem problem = {*sizes,
                              with_bias,
                              {array_new(pixels, true), array_new(weights, true),
                               array_new(sizes->outputs, with_bias), array_new(results, false),
                               array_new(results, true), array_new(pixels, false),
                               array_new(weights, true), array_new(sizes->outputs, true)}};
    for (int k = 0; k < results; k++)
        by_the_formula(sizes, &problem.arrays, k / columns / rows / sizes->outputs,
                       k / columns / rows % sizes->outputs, k / columns % rows, k % columns, k);
    return problem;
}

static void by_the_kernels(const struct problem *problem)
{
    const struct kernels *kernels = kernels_for(tested_device());
    const struct arrays *all = &problem->arrays;
    const bool with_bias = problem->with_bias;
    float *x = array_lend(all->x, true), *weight = array_lend(all->weight, true);
    float *bias = array_lend(all->bias, with_bias), *y = array_lend(all->y, true);
    float *dy = array_lend(all->dy, true), *dx = array_lend(all->dx, true);
    float *weight_gradient = array_lend(all->weight_gradient, true);
    float *bias_gradient = array_lend(all->bias_gradient, with_bias);
    kernels->convolution(&problem->sizes, x, weight, bias, y);
    kernels->convolution_backward_input(&problem->sizes, weight, dy, dx);
    kernels->convolution_backward_weight(&problem->sizes, x, dy, weight_gradient, bias_gradient);
    array_take_back(x, all->x);
    array_take_back(weight, all->weight);
    array_take_back(bias, all->bias);
    array_take_back(y, all->y);
    array_take_back(dy, all->dy);
    array_take_back(dx, all->dx);
    array_take_back(weight_gradient, all->weight_gradient);
    array_take_back(bias_gradient, all->bias_gradient);
}

static void work(const void *what)
{
    const struct problems *problems = what;
    for (int k = 0; k < problems->count; k++)
        by_the_kernels(&problems->problem[k]);
}

static void check(const struct problem *problem, double tolerance)
{
    const struct convolution_sizes *sizes = &problem->sizes;
    const struct arrays *all = &problem->arrays;
    const struct array found[] = {all->y, all->dx, all->weight_gradient, all->bias_gradient};
    static const char *const name[] = {"y", "dx", "the weight's gradient", "the bias's gradient"};
    for (int k = 0; k < (problem->with_bias ? 4 : 3); k++)
        ck_assert_msg(array_distance_of_sums(found[k], 1) < tolerance,
                      "%s is %.1e off: %d samples, %d to %d channels of %d × %d, window %d, stride "
                      "%d, padding %d, %d groups",
                      name[k], array_distance_of_sums(found[k], 1), sizes->samples, sizes->inputs,
                      sizes->outputs, sizes->height, sizes->width, sizes->kernel, sizes->stride,
                      sizes->padding, sizes->groups);
    const struct array all_arrays[] = {
        all->x,  all->weight,          all->bias,         all->y, all->dy,
        all->dx, all->weight_gradient, all->bias_gradient};
    for (size_t k = 0; k < sizeof all_arrays / sizeof *all_arrays; k++)
        free(all_arrays[k].exact);
}

static const struct {
    int inputs, outputs, kernel, stride, padding, groups;
} shapes[] = {
    {16, 16, 3, 1, 1, 1},  {17, 35, 3, 1, 1, 1},  {18, 16, 3, 3, 1, 1}, {16, 32, 1, 2, 0, 1},
    {9, 16, 1, 1, 0, 1},   {5, 20, 5, 1, 2, 1},   {12, 11, 4, 2, 3, 1}, {3, 16, 7, 2, 3, 1},
    {6, 9, 2, 1, 0, 1},    {1, 1, 1, 1, 0, 1},    {1, 1, 1, 1, 2, 1},   {4, 4, 3, 1, 1, 4},
    {4, 8, 3, 2, 1, 4},    {8, 36, 3, 1, 1, 2},   {12, 6, 3, 2, 0, 3},  {2, 3, 3, 1, 4, 1},
    {20, 20, 3, 1, 1, 20}, {33, 33, 5, 2, 1, 33}, {3, 3, 3, 1, 1, 3},   {16, 16, 2, 3, 4, 16},
};

START_TEST(every_shape_agrees_with_the_formula)
{
    struct problems problems = {0};
    for (int width = 1; width <= 35; width += 1 + width % 4) {
        const struct convolution_sizes sizes = {.samples = 1 + width % 3,
                                                .inputs = shapes[_i].inputs,
                                                .height = 1 + width % 7,
                                                .width = width,
                                                .outputs = shapes[_i].outputs,
                                                .kernel = shapes[_i].kernel,
                                                .stride = shapes[_i].stride,
                                                .padding = shapes[_i].padding,
                                                .groups = shapes[_i].groups};
        const int least = sizes.kernel - 2 * sizes.padding;
        if (sizes.width < least || sizes.height < least)
            continue;
        problems.problem[problems.count] = problem_new(&sizes, problems.count % 2 == 0);
        problems.count++;
    }
    ck_assert_int_ge(problems.count, 4);
    in_every_order(work, &problems);
    for (int k = 0; k < problems.count; k++)
        check(&problems.problem[k], 2e-6);
}
END_TEST

/* Their columns do not fit into the scratch space: of 7 samples, 3 are done at a time, or 2 for the weights, and then
 * the one that is left. */
START_TEST(many_samples_are_done_in_parts)
{
    static const struct convolution_sizes sizes = {.samples = 7,
                                                   .inputs = 1,
                                                   .height = 480,
                                                   .width = 500,
                                                   .outputs = 2,
                                                   .kernel = 3,
                                                   .stride = 1,
                                                   .padding = 1,
                                                   .groups = 1};
    struct problems problems = {1, {problem_new(&sizes, true)}};
    in_every_order(work, &problems);
    check(&problems.problem[0], 2e-5); /* sums of millions of numbers */
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("convolution");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_shape_agrees_with_the_formula, 0,
                        sizeof shapes / sizeof *shapes);
    tcase_add_test(tests, many_samples_are_done_in_parts);

    Suite *suite = suite_create("the GPU's convolution, emulated, against the formula");
    suite_add_tcase(suite, tests);
    return suite;
}
