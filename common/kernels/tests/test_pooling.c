/*
 * Pooling of various numbers of planes, against the definition: every window looked
 * through in double precision.
 */
#include "common/base/memory.h"
#include "common/kernels/kernels.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <stdlib.h>

static float *random_floats(int count)
{
    static unsigned state = 1;
    float *floats = calloc((size_t)count, sizeof *floats);
    for (int k = 0; k < count; k++) {
        state = state * 1664525 + 1013904223;
        floats[k] = (float)(state >> 27) - 16; /* few values, so that there are ties */
    }
    return floats;
}

/* Whether pixel (i, j) of a window lies on the plane, and where. */
static bool pixel_of(const struct pooling_sizes *sizes, int row, int column, int place, int *pixel)
{
    int i = row * sizes->stride - sizes->padding + place / sizes->kernel;
    int j = column * sizes->stride - sizes->padding + place % sizes->kernel;
    *pixel = i * sizes->width + j;
    return i >= 0 && j >= 0 && i < sizes->height && j < sizes->width;
}

/* One window of a plane: its maximum, its mean, and what both give back to the pixels. */
static void by_definition(const struct pooling_sizes *sizes, const float *x, int row, int column,
                          double dy, int *best, double *mean, double *dx_max, double *dx_mean)
{
    int pixel, largest = -1;
    *mean = 0;
    for (int place = 0; place < sizes->kernel * sizes->kernel; place++)
        if (pixel_of(sizes, row, column, place, &pixel)) {
            *mean += (double)x[pixel] / (sizes->kernel * sizes->kernel);
            dx_mean[pixel] += dy / (sizes->kernel * sizes->kernel);
            if (largest < 0 || x[pixel] > x[largest]) {
                largest = pixel;
                *best = place;
            }
        }
    dx_max[largest] += dy;
}

static int differing(int count, const float *found, const double *expected)
{
    int different = 0;
    for (int k = 0; k < count; k++)
        different += !(fabs((double)found[k] - expected[k]) < 1e-4);
    return different;
}

static void compare(const struct pooling_sizes *sizes)
{
    const struct kernels *kernels = kernels_for(tested_device());
    int rows = windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding);
    int columns = windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    int plane = sizes->height * sizes->width, pixels = sizes->planes * plane;
    int results = sizes->planes * rows * columns, wrong_places = 0, pixel;
    float *x = random_floats(pixels), *dy = random_floats(results);
    float *y = random_floats(results), *means = random_floats(results), *dx = random_floats(pixels);
    int32_t *place = calloc((size_t)results, sizeof *place);
    double *maximum = calloc((size_t)results, sizeof *maximum);
    double *mean = calloc((size_t)results, sizeof *mean);
    double *dx_max = calloc((size_t)pixels, sizeof *dx_max);
    double *dx_mean = calloc((size_t)pixels, sizeof *dx_mean);

    const size_t small = (size_t)results * sizeof(float), large = (size_t)pixels * sizeof(float);
    float *lent_x = lend(x, large), *lent_dy = lend(dy, small), *lent_y = lend(y, small),
          *lent_means = lend(means, small), *lent_dx = lend(dx, large);
    int32_t *lent_place = lend(place, small);

    kernels->max_pool(sizes, lent_x, lent_y, lent_place);
    look_at_lent(lent_place, place, small);
    take_back(lent_y, y, small);
    for (int k = 0; k < results; k++) {
        int row = k / columns % rows, column = k % columns, best = 0;
        size_t first = (size_t)(k / columns / rows) * (size_t)plane;
        by_definition(sizes, x + first, row, column, (double)dy[k], &best, &mean[k], dx_max + first,
                      dx_mean + first);
        wrong_places += place[k] != best;
        pixel_of(sizes, row, column, best, &pixel);
        maximum[k] = (double)x[first + (size_t)pixel];
    }
    ck_assert_int_eq(wrong_places, 0);
    ck_assert_int_eq(differing(results, y, maximum), 0);
    kernels->max_pool_backward(sizes, lent_place, lent_dy, lent_dx);
    look_at_lent(lent_dx, dx, large);
    ck_assert_int_eq(differing(pixels, dx, dx_max), 0);
    kernels->average_pool(sizes, lent_x, lent_means);
    take_back(lent_means, means, small);
    ck_assert_int_eq(differing(results, means, mean), 0);
    kernels->average_pool_backward(sizes, lent_dy, lent_dx);
    take_back(lent_dx, dx, large);
    ck_assert_int_eq(differing(pixels, dx, dx_mean), 0);
    lent_free(lent_x, x);
    lent_free(lent_dy, dy);
    lent_free(lent_place, place);

    void *const all[] = {x, dy, y, means, dx, place, maximum, mean, dx_max, dx_mean};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        free(all[k]);
}

static const struct {
    int kernel, stride, padding;
} windows[] = {{3, 2, 1}, {2, 2, 0}, {3, 1, 1}, {3, 3, 0}, {5, 3, 2}, {2, 3, 0}, {1, 1, 0}};

START_TEST(every_number_of_planes_agrees_with_the_definition)
{
    memory_spoil(true); /* scratch space that is read before it is filled has NaN */
    for (int planes = 1; planes <= 49; planes += 3)
        compare(&(struct pooling_sizes){planes, 5 + planes % 7, 5 + planes % 23, windows[_i].kernel,
                                        windows[_i].stride, windows[_i].padding});
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("pooling");
    tcase_add_loop_test(tests, every_number_of_planes_agrees_with_the_definition, 0,
                        sizeof windows / sizeof *windows);

    Suite *suite = suite_create("pooling against the definition");
    suite_add_tcase(suite, tests);
    return suite;
}
