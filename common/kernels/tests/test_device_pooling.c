/*
 * The GPU's pooling and patches, emulated, against their definitions in double precision.
 */
#include "common/kernels/tests/on_device.h"

/* ---- windows ---------------------------------------------------------------------------------------------------- */

struct windows {
    struct pooling_sizes sizes;
    int pixels, results; /* of all planes */
    struct array x, dy, maximum, mean, dx_maximum, dx_mean;
    int32_t *place; /* shared */
    int *true_place;
};

/* Few values, so that there are ties. */
static void fill_with_ties(struct array x)
{
    for (int k = 0; k < x.count; k++) {
        x.single[k] = roundf(8 * x.single[k]);
        x.exact[k] = (double)x.single[k];
    }
}

/* Whether pixel (i, j) of a window lies on the plane, and where. */
static bool pixel_of(const struct pooling_sizes *sizes, int row, int column, int place, int *pixel)
{
    const int i = row * sizes->stride - sizes->padding + place / sizes->kernel;
    const int j = column * sizes->stride - sizes->padding + place % sizes->kernel;
    *pixel = i * sizes->width + j;
    return i >= 0 && j >= 0 && i < sizes->height && j < sizes->width;
}

/* Window k of all: its maximum, its mean, and what both give back to the pixels. */
static void by_definition(struct windows *all, int k, int first, int row, int column)
{
    const struct pooling_sizes *sizes = &all->sizes;
    const double share = 1.0 / (sizes->kernel * sizes->kernel);
    int pixel, largest = -1;
    for (int place = 0; place < sizes->kernel * sizes->kernel; place++)
        if (pixel_of(sizes, row, column, place, &pixel)) {
            pixel += first;
            all->mean.exact[k] += all->x.exact[pixel] * share;
            all->dx_mean.exact[pixel] += all->dy.exact[k] * share;
            if (largest < 0 || all->x.exact[pixel] > all->x.exact[largest]) {
                largest = pixel;
                all->true_place[k] = place;
            }
        }
    all->maximum.exact[k] = all->x.exact[largest];
    all->dx_maximum.exact[largest] += all->dy.exact[k];
}

static struct windows windows_new(const struct pooling_sizes *sizes)
{
    const int rows = windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding);
    const int columns = windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    const int plane = sizes->height * sizes->width;
    const int pixels = sizes->planes * plane, results = sizes->planes * rows * columns;
    struct windows all = {*sizes,
                          pixels,
                          results,
                          array_new(pixels, true),
                          array_new(results, true),
                          array_new(results, false),
                          array_new(results, false),
                          array_new(pixels, false),
                          array_new(pixels, false),
                          shared_numbers(results),
                          calloc((size_t)results, sizeof(int))};
    fill_with_ties(all.x);
    for (int k = 0; k < results; k++)
        by_definition(&all, k, k / columns / rows * plane, k / columns % rows, k % columns);
    return all;
}

static void pool(const void *what)
{
    const struct windows *all = what;
    const struct kernels *kernels = kernels_for(tested_device());
    float *x = array_lend(all->x, true);
    float *dy = array_lend(all->dy, true);
    float *maximum = array_lend(all->maximum, true);
    float *mean = array_lend(all->mean, true);
    float *dx_maximum = array_lend(all->dx_maximum, true);
    float *dx_mean = array_lend(all->dx_mean, true);
    int32_t *place = lend(all->place, sizeof *place * (size_t)all->results);
    kernels->max_pool(&all->sizes, x, maximum, place);
    kernels->max_pool_backward(&all->sizes, place, dy, dx_maximum);
    kernels->average_pool(&all->sizes, x, mean);
    kernels->average_pool_backward(&all->sizes, dy, dx_mean);
    array_take_back(x, all->x);
    array_take_back(dy, all->dy);
    array_take_back(maximum, all->maximum);
    array_take_back(mean, all->mean);
    array_take_back(dx_maximum, all->dx_maximum);
    array_take_back(dx_mean, all->dx_mean);
    take_back(place, all->place, sizeof *place * (size_t)all->results);
}

static const struct pooling_sizes windows[] = {
    {1, 1, 1, 1, 1, 0},  {49, 12, 17, 3, 2, 1}, {7, 5, 9, 2, 2, 0},  {30, 6, 28, 3, 1, 1},
    {5, 10, 9, 3, 3, 0}, {13, 8, 8, 5, 3, 2},   {4, 11, 9, 2, 3, 0}, {3, 4, 5, 1, 1, 0},
    {2, 7, 1, 3, 2, 1},  {300, 4, 4, 2, 2, 0},  {3, 3, 3, 3, 1, 0},  {1, 2, 2, 4, 2, 1},
};

START_TEST(windows_agree_with_the_definition)
{
    const struct windows all = windows_new(&windows[_i]);
    in_every_order(pool, &all);
    int wrong = 0;
    for (int k = 0; k < all.results; k++)
        wrong += all.place[k] != all.true_place[k] ||
                 (double)all.maximum.single[k] != all.maximum.exact[k];
    ck_assert_int_eq(wrong, 0);
    ck_assert_double_lt(array_distance(all.mean), 1e-6);
    ck_assert_double_lt(array_distance(all.dx_maximum), 1e-6);
    ck_assert_double_lt(array_distance(all.dx_mean), 1e-6);
}
END_TEST

START_TEST(not_a_number_is_the_largest)
{
    const struct pooling_sizes sizes = {2, 2, 4, 2, 2, 0};
    struct windows all = windows_new(&sizes);
    all.x.single[5] = NAN;           /* plane 0, row 1, column 1: place 3 of window 0 */
    all.x.single[8 + 2] = -INFINITY; /* all of window 3 */
    all.x.single[8 + 3] = -INFINITY;
    all.x.single[8 + 6] = -INFINITY;
    all.x.single[8 + 7] = -INFINITY;
    in_every_order(pool, &all);
    ck_assert_float_nan(all.maximum.single[0]);
    ck_assert_int_eq(all.place[0], 3);
    ck_assert_float_infinite(all.maximum.single[3]);
    ck_assert_int_eq(all.place[3], 0);
}
END_TEST

/* ---- planes, tokens and patches ---------------------------------------------------------------------------------- */

struct means {
    int count, together, width; /* x (count, together, width): means over the middle one */
    struct array x, y, dx;
};

static struct means means_new(int count, int together, int width)
{
    struct means means = {count,
                          together,
                          width,
                          array_new(count * together * width, true),
                          array_new(count * width, false),
                          array_new(count * together * width, false)};
    for (int k = 0; k < means.x.count; k++)
        means.y.exact[k / width / together * width + k % width] += means.x.exact[k] / together;
    for (int k = 0; k < means.x.count; k++)
        means.dx.exact[k] = means.y.exact[k / width / together * width + k % width] / together;
    return means;
}

/* Of planes where the width is 1, of tokens otherwise. */
static void take_means(const void *what)
{
    const struct means *means = what;
    const struct kernels *kernels = kernels_for(tested_device());
    float *x = array_lend(means->x, true);
    float *y = array_lend(means->y, true);
    float *dx = array_lend(means->dx, true);
    if (means->width == 1) {
        kernels->plane_means(means->count, means->together, x, y);
        kernels->plane_means_backward(means->count, means->together, y, dx);
    } else {
        kernels->mean_tokens(means->count, means->together, means->width, x, y);
        kernels->mean_tokens_backward(means->count, means->together, means->width, y, dx);
    }
    array_take_back(x, means->x);
    array_take_back(y, means->y);
    array_take_back(dx, means->dx);
}

static const int means_of[][3] = {{1, 1, 1},  {5, 49, 1},  {300, 16, 1}, {3, 1000, 1}, {1, 1, 2},
                                  {3, 16, 5}, {2, 65, 33}, {4, 1, 300},  {1, 31, 512}};

START_TEST(means_agree_with_the_definition)
{
    const struct means means = means_new(means_of[_i][0], means_of[_i][1], means_of[_i][2]);
    in_every_order(take_means, &means);
    ck_assert_double_lt(array_distance(means.y), 1e-6);
    ck_assert_double_lt(array_distance(means.dx), 1e-6);
}
END_TEST

struct patches {
    struct patch_sizes sizes;
    struct array images, patches, pasted;
};

/* Where pixel number k of all images stands among the patches. */
static int place_of_pixel(const struct patch_sizes *sizes, int k)
{
    const int side = sizes->patch, across = sizes->width / side;
    const int x = k % sizes->width, y = k / sizes->width % sizes->height;
    const int channel = k / sizes->width / sizes->height % sizes->channels;
    const int sample = k / sizes->width / sizes->height / sizes->channels;
    const int patch = (sample * (sizes->height / side) + y / side) * across + x / side;
    return ((patch * sizes->channels + channel) * side + y % side) * side + x % side;
}

static void cut_and_paste(const void *what)
{
    const struct patches *all = what;
    const struct kernels *kernels = kernels_for(tested_device());
    float *images = array_lend(all->images, true);
    float *patches = array_lend(all->patches, true);
    float *pasted = array_lend(all->pasted, true);
    kernels->cut_patches(&all->sizes, images, patches);
    kernels->paste_patches(&all->sizes, patches, pasted);
    array_take_back(images, all->images);
    array_take_back(patches, all->patches);
    array_take_back(pasted, all->pasted);
}

static const struct patch_sizes patch_sizes[] = {{1, 1, 1, 1, 1},   {2, 3, 8, 12, 4},
                                                 {3, 1, 28, 28, 7}, {1, 5, 6, 2, 2},
                                                 {4, 2, 3, 5, 1},   {2, 3, 16, 16, 16}};

START_TEST(patches_are_where_they_belong)
{
    const struct patch_sizes *sizes = &patch_sizes[_i];
    const int count = sizes->samples * sizes->channels * sizes->height * sizes->width;
    const struct patches all = {*sizes, array_new(count, true), array_new(count, false),
                                array_new(count, false)};
    in_every_order(cut_and_paste, &all);
    int wrong = 0;
    for (int k = 0; k < count; k++) {
        wrong += (double)all.patches.single[place_of_pixel(sizes, k)] != all.images.exact[k];
        wrong += (double)all.pasted.single[k] != all.images.exact[k];
    }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("pooling");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, windows_agree_with_the_definition, 0,
                        sizeof windows / sizeof *windows);
    tcase_add_test(tests, not_a_number_is_the_largest);
    tcase_add_loop_test(tests, means_agree_with_the_definition, 0,
                        sizeof means_of / sizeof *means_of);
    tcase_add_loop_test(tests, patches_are_where_they_belong, 0,
                        sizeof patch_sizes / sizeof *patch_sizes);

    Suite *suite = suite_create("the GPU's pooling and patches, emulated, against the definition");
    suite_add_tcase(suite, tests);
    return suite;
}
