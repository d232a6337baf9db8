/*
 * Convolution with stride, padding and groups, and pooling, against finite differences.
 */
#include "common/layers/tests/finite_differences.h"

static const struct {
    int input[3];
    struct convolution_options options; /* channels, kernel, stride, padding, groups, no_bias */
} convolutions[] = {
    {{3, 5, 6}, {4, 3, 1, 1, 1, false}},   {{4, 6, 5}, {6, 3, 2, 1, 2, true}},
    {{3, 5, 5}, {3, 3, 1, 1, 3, false}},   {{2, 7, 4}, {16, 2, 3, 1, 1, false}},
    {{16, 3, 4}, {16, 1, 2, 0, 1, true}},  {{16, 4, 3}, {17, 3, 1, 1, 1, false}},
    {{17, 4, 5}, {16, 3, 2, 1, 1, false}}, {{2, 4, 4}, {3, 3, 1, 3, 1, false}},
};

#define CONVOLUTIONS (int)(sizeof convolutions / sizeof *convolutions)

static const struct {
    int input[3];
    struct layer (*build)(struct shape input, struct pooling_options options);
    struct pooling_options options; /* kernel, stride, padding */
} pools[] = {
    {{2, 7, 6}, layer_max_pool_with, {3, 2, 1}}, {{2, 5, 6}, layer_max_pool_with, {2, 1, 0}},
    {{2, 7, 6}, layer_average_pool, {3, 2, 1}},  {{1, 6, 8}, layer_average_pool, {2, 0, 0}},
    {{1, 5, 5}, layer_average_pool, {4, 3, 2}},
};

#define POOLS (int)(sizeof pools / sizeof *pools)

static struct shape shape_of(const int input[3])
{
    return SHAPE(input[0], input[1], input[2]);
}

START_TEST(convolution)
{
    int number = _i % CONVOLUTIONS;
    backward_is_the_derivative_of(
        "convolution",
        layer_convolution_with(shape_of(convolutions[number].input), convolutions[number].options),
        _i < CONVOLUTIONS ? 2 : 1, 100 + _i);
}
END_TEST

START_TEST(pooling)
{
    backward_is_the_derivative_of(
        "pooling", pools[_i].build(shape_of(pools[_i].input), pools[_i].options), 2, 200 + _i);
}
END_TEST

START_TEST(global_average_pooling)
{
    backward_is_the_derivative_of("global average pooling",
                                  layer_global_average_pool(SHAPE(3, 2, 5)), 2, 300);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("finite differences");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, convolution, 0, 2 * CONVOLUTIONS);
    tcase_add_loop_test(tests, pooling, 0, POOLS);
    tcase_add_test(tests, global_average_pooling);

    Suite *suite = suite_create("finite differences of convolution and pooling");
    suite_add_tcase(suite, tests);
    return suite;
}
