/*
 * Convolution with stride, padding and groups, and pooling, against PyTorch
 * (fixtures/generate_images.py, which has the same list of sizes); and what they say to sizes that
 * don't fit.
 */
#include "common/base/fatal.h"
#include "common/layers/tests/layer_and_pytorch.h"

#include <unistd.h>

static const struct {
    const char *name;
    struct convolution_options options; /* channels, kernel, stride, padding, groups, no_bias */
} convolutions[] = {
    {"convolution-0", {16, 3, 1, 1, 1, false}},  {"convolution-1", {16, 3, 1, 1, 1, true}},
    {"convolution-2", {32, 3, 2, 1, 1, true}},   {"convolution-3", {32, 3, 1, 1, 1, false}},
    {"convolution-4", {64, 3, 2, 1, 1, true}},   {"convolution-5", {32, 1, 2, 0, 1, true}},
    {"convolution-6", {40, 3, 1, 1, 1, false}},  {"convolution-7", {33, 3, 1, 1, 1, false}},
    {"convolution-8", {24, 1, 1, 0, 1, false}},  {"convolution-9", {18, 5, 1, 2, 1, false}},
    {"convolution-10", {16, 7, 2, 3, 1, true}},  {"convolution-11", {20, 3, 3, 0, 1, false}},
    {"convolution-12", {16, 3, 3, 2, 1, false}}, {"convolution-13", {16, 3, 1, 1, 1, false}},
    {"convolution-14", {16, 5, 1, 0, 1, false}}, {"convolution-15", {5, 3, 1, 1, 1, false}},
    {"convolution-16", {3, 3, 1, 2, 1, false}},  {"convolution-17", {3, 2, 2, 1, 1, false}},
    {"convolution-18", {4, 3, 2, 3, 1, false}},  {"convolution-19", {6, 3, 1, 1, 2, false}},
    {"convolution-20", {4, 3, 2, 1, 2, true}},   {"convolution-21", {48, 3, 1, 1, 2, false}},
    {"convolution-22", {36, 3, 2, 1, 2, true}},  {"convolution-23", {6, 3, 1, 1, 6, false}},
    {"convolution-24", {10, 3, 2, 1, 5, true}},  {"convolution-25", {1, 3, 1, 3, 1, false}},
    {"convolution-26", {16, 3, 1, 1, 1, false}}, {"convolution-27", {16, 3, 2, 1, 1, false}},
    {"convolution-28", {16, 1, 3, 2, 1, false}},
};

#define CONVOLUTIONS (int)(sizeof convolutions / sizeof *convolutions)

static const struct {
    const char *name;
    struct layer (*build)(struct shape input, struct pooling_options options);
    struct pooling_options options; /* kernel, stride, padding */
} pools[] = {
    {"max-pool-0", layer_max_pool_with, {3, 2, 1}},
    {"max-pool-1", layer_max_pool_with, {3, 2, 1}},
    {"max-pool-2", layer_max_pool_with, {3, 1, 1}},
    {"max-pool-3", layer_max_pool_with, {2, 1, 0}},
    {"max-pool-4", layer_max_pool_with, {2, 3, 1}},
    {"max-pool-5", layer_max_pool_with, {5, 3, 2}},
    {"max-pool-6", layer_max_pool_with, {4, 4, 2}},
    {"max-pool-7", layer_max_pool_with, {3, 3, 0}},
    {"max-pool-8", layer_max_pool_with, {1, 2, 0}},
    {"average-pool-0", layer_average_pool, {3, 2, 1}},
    {"average-pool-1", layer_average_pool, {3, 2, 1}},
    {"average-pool-2", layer_average_pool, {3, 1, 1}},
    {"average-pool-3", layer_average_pool, {2, 1, 0}},
    {"average-pool-4", layer_average_pool, {2, 3, 1}},
    {"average-pool-5", layer_average_pool, {5, 3, 2}},
    {"average-pool-6", layer_average_pool, {4, 4, 2}},
    {"average-pool-7", layer_average_pool, {3, 3, 0}},
    {"average-pool-8", layer_average_pool, {1, 2, 0}},
    {"max-pool-ties", layer_max_pool_with, {3, 2, 1}},
    {"max-pool-low", layer_max_pool_with, {3, 2, 1}},
};

#define POOLS (int)(sizeof pools / sizeof *pools)

static const char *const global[] = {"global-average-pool", "global-average-pool-batch-1",
                                     "global-average-pool-wide"};

static struct layer convolution(struct shape input, int number, int unused)
{
    (void)unused;
    return layer_convolution_with(input, convolutions[number].options);
}

static struct layer pool(struct shape input, int number, int unused)
{
    (void)unused;
    return pools[number].build(input, pools[number].options);
}

static struct layer global_average_pool(struct shape input, int number, int unused)
{
    (void)number;
    (void)unused;
    return layer_global_average_pool(input);
}

START_TEST(convolution_agrees)
{
    struct layer_case which = {convolutions[_i].name, convolution, _i, 0};
    layer_agrees("layers-images", &which);
}
END_TEST

START_TEST(pooling_agrees)
{
    struct layer_case which = {pools[_i].name, pool, _i, 0};
    layer_agrees("layers-images", &which);
}
END_TEST

START_TEST(global_average_pooling_agrees)
{
    struct layer_case which = {global[_i], global_average_pool, 0, 0};
    layer_agrees("layers-images", &which);
}
END_TEST

/* ---- sizes that don't fit ---- */

static void unfit(int number)
{
    const struct shape image = SHAPE(4, 6, 5);
    switch (number) {
    case 0:
        layer_convolution_with(image, (struct convolution_options){.channels = 2, .kernel = 6});
        break;
    case 1:
        layer_convolution_with(
            image, (struct convolution_options){.channels = 6, .kernel = 3, .groups = 4});
        break;
    case 2:
        layer_convolution_with(
            image, (struct convolution_options){.channels = 2, .kernel = 3, .padding = -1});
        break;
    case 3:
        layer_convolution_with(
            image, (struct convolution_options){.channels = 2, .kernel = 3, .stride = -2});
        break;
    case 4:
        layer_convolution_with(SHAPE(4, 6),
                               (struct convolution_options){.channels = 2, .kernel = 3});
        break;
    case 5:
        layer_max_pool_with(image, (struct pooling_options){.kernel = 3, .padding = 2});
        break;
    case 6:
        layer_average_pool(image, (struct pooling_options){.kernel = 6});
        break;
    case 7:
        layer_average_pool(image, (struct pooling_options){.kernel = 2, .stride = -1});
        break;
    default:
        layer_global_average_pool(SHAPE(7));
    }
}

static const char *const reasons[] = {
    "with 0 of padding on each side, is no smaller than the window, not (4, 6, 5)",
    "from 4 to 6 channels can't be cut into 4 groups",
    "padding must be at least 0",
    "stride -2",
    "not (4, 6)",
    "padding at most half of the window",
    "average pooling with a 6×6 window needs an input",
    "window and stride must be at least 1",
    "global average pooling needs an input (channels, height, width), not (7)",
};

static const char *expected_reason;

/* The hook runs behind the message, which went to standard error. */
static void check_words_and_exit(void)
{
    char text[1024] = "";
    rewind(stderr);
    text[fread(text, 1, sizeof text - 1, stderr)] = '\0';
    if (strstr(text, expected_reason) != NULL)
        _exit(EXIT_FAILURE); /* as it should be */
    printf("\"%s\" lacks \"%s\"\n", text, expected_reason);
    fflush(stdout);
    _exit(3);
}

START_TEST(sizes_that_do_not_fit_are_fatal)
{
    expected_reason = reasons[_i];
    stderr = tmpfile();
    ck_assert_ptr_nonnull(stderr);
    fatal_set_hook(check_words_and_exit);
    unfit(_i);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("images");
    tcase_add_loop_test(tests, convolution_agrees, 0, CONVOLUTIONS);
    tcase_add_loop_test(tests, pooling_agrees, 0, POOLS);
    tcase_add_loop_test(tests, global_average_pooling_agrees, 0, sizeof global / sizeof *global);
    tcase_add_loop_exit_test(tests, sizes_that_do_not_fit_are_fatal, EXIT_FAILURE, 0,
                             sizeof reasons / sizeof *reasons);

    Suite *suite = suite_create("convolution and pooling against PyTorch");
    suite_add_tcase(suite, tests);
    return suite;
}
