/*
 * Convolutions as operations with tensors, against the kit's layer: numbers and charged operations; and what
 * they say of tensors that do not fit.
 */
#include "common/base/flops.h"
#include "common/base/random.h"
#include "common/layers/layer.h"
#include "common/layers/operations.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

enum { SAMPLES = 3 };

static struct tensor *numbers_on(enum device device, struct shape shape, uint32_t which)
{
    if (device == DEVICE_META)
        return compute_new(device, shape);
    struct tensor *x = compute_new(DEVICE_CPU, shape);
    random_uniform(tensor_floats(x), x->elements, 5, random_stream(RANDOM_TEST, which, 0), 0, -1,
                   1);
    return to_device(x);
}

static struct tensor *numbers(struct shape shape, uint32_t which)
{
    return numbers_on(tested_device(), shape, which);
}

static float each(const struct tensor *x, int i)
{
    float number;
    tensor_get(x, (size_t)i, 1, &number);
    return number;
}

static int unlike(const struct tensor *a, const struct tensor *b)
{
    int unlike = !shape_equal(a->shape, b->shape);
    for (int i = 0; unlike == 0 && i < a->count; i++)
        unlike += each(a, i) != each(b, i);
    return unlike;
}

/* ---- against the kit's layer ----------------------------------------------------------------------- */

static const struct {
    struct shape input;
    struct convolution_options options;
} convolutions[] = {
    {{3, {3, 12, 11}}, {.channels = 6, .kernel = 5}},
    {{3, {6, 9, 10}}, {.channels = 5, .kernel = 3, .stride = 2, .padding = 1, .no_bias = true}},
    {{3, {16, 9, 7}}, {.channels = 32, .kernel = 3, .padding = 1}},
    {{3, {5, 8, 8}}, {.channels = 1, .kernel = 1, .stride = 2}},
};

START_TEST(they_are_what_the_kits_layer_computes_and_costs)
{
    const struct convolution_options options = convolutions[_i].options;
    struct layer layer = layer_convolution_with(convolutions[_i].input, options);
    const struct shape flat = SHAPE((int)layer.parameter_count);
    struct tensor *parameters = numbers(flat, 1), *expected = numbers(flat, 2),
                  *found = numbers(flat, 2);
    struct layer_memory memory = {.parameters = tensor_floats(parameters),
                                  .gradients = tensor_floats(expected)};
    struct saved *saved = saved_new(&layer);
    uint64_t before = flops_charged();
    struct tensor *y =
        layer_forward(&layer, memory, saved, numbers(shape_with_batch(SAMPLES, layer.input), 3));
    struct tensor *dx = layer_backward_input(&layer, memory, saved, numbers(y->shape, 4), true);
    layer_backward_weight(&layer, memory, saved);
    const uint64_t charged = flops_charged() - before;
    saved_free(saved);

    const bool has_bias = layer.parameters > 1;
    const struct parameter *bias_is = &layer.parameter[1];
    struct tensor *weight = tensor_view(parameters, 0, layer.parameter[0].shape),
                  *bias =
                      has_bias ? tensor_view(parameters, bias_is->offset, bias_is->shape) : NULL,
                  *weight_gradient = tensor_view(found, 0, layer.parameter[0].shape),
                  *bias_gradient =
                      has_bias ? tensor_view(found, bias_is->offset, bias_is->shape) : NULL;
    struct tensor *x = numbers(shape_with_batch(SAMPLES, layer.input), 3),
                  *dy = numbers(y->shape, 4), *own_y = compute_new_like(y),
                  *own_dx = compute_new_like(x);
    const int stride = layer.stride, padding = layer.padding;
    before = flops_charged();
    compute_convolution(x, weight, bias, stride, padding, own_y);
    compute_convolution_backward_input(weight, dy, stride, padding, own_dx);
    compute_convolution_backward_weight(x, dy, stride, padding, weight_gradient, bias_gradient);
    ck_assert_uint_eq(flops_charged() - before, charged);
    ck_assert_int_eq(unlike(own_y, y), 0);
    ck_assert_int_eq(unlike(own_dx, dx), 0);
    ck_assert_int_eq(unlike(found, expected), 0);

    struct tensor *all[] = {
        parameters, expected, found,  weight, bias, weight_gradient, bias_gradient, x,
        dy,         own_y,    own_dx, y,      dx};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_free(all[i]);
    layer_destroy(&layer);
}
END_TEST

START_TEST(a_channels_bias_is_added_to_its_plane)
{
    const struct shape shape = SHAPE(SAMPLES, 4, 5, 3);
    struct tensor *y = numbers(shape, 1), *before = numbers(shape, 1), *bias = numbers(SHAPE(4), 2);
    const uint64_t charged = flops_charged();
    compute_add_channel_bias(bias, y);
    ck_assert_uint_eq(flops_charged() - charged, y->elements);
    int wrong = 0;
    for (int i = 0; i < y->count; i++)
        wrong += each(y, i) != each(before, i) + each(bias, i / (5 * 3) % 4);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

/* ---- the meta device --------------------------------------------------------------------------------- */

static uint64_t cost_on(enum device device)
{
    const uint64_t charged = flops_charged();
    struct tensor *x = numbers_on(device, SHAPE(2, 3, 6, 6), 1),
                  *weight = numbers_on(device, SHAPE(4, 3, 3, 3), 2),
                  *bias = numbers_on(device, SHAPE(4), 3),
                  *y = numbers_on(device, SHAPE(2, 4, 4, 4), 4);
    compute_convolution(x, weight, bias, 1, 0, y);
    compute_convolution_backward_input(weight, y, 1, 0, x);
    compute_convolution_backward_weight(x, y, 1, 0, weight, NULL);
    compute_add_channel_bias(bias, y);
    return flops_charged() - charged;
}

START_TEST(without_numbers_they_cost_the_same)
{
    const uint64_t results = 2 * 4 * 4 * 4;
    ck_assert_uint_eq(cost_on(tested_device()), 3 * 2 * 27 * results + 2 * results);
    ck_assert_uint_eq(cost_on(DEVICE_META), cost_on(tested_device()));
}
END_TEST

/* ---- what does not fit -------------------------------------------------------------------------------- */

static struct tensor *of(int a, int b, int c, int d)
{
    return numbers(SHAPE(a, b, c, d), 1);
}

static void other_inputs(void)
{
    compute_convolution(of(2, 3, 6, 6), of(4, 2, 3, 3), NULL, 1, 0, of(2, 4, 4, 4));
}
static void other_stride(void)
{
    compute_convolution_backward_input(of(4, 3, 3, 3), of(2, 4, 4, 4), 2, 1, of(2, 3, 6, 6));
}
static void no_convolution(void)
{
    compute_convolution_backward_weight(of(2, 3, 6, 6), of(2, 4, 4, 4), 0, 0, of(4, 3, 3, 3), NULL);
}
static void other_bias(void)
{
    compute_convolution(of(2, 3, 6, 6), of(4, 3, 3, 3), numbers(SHAPE(3), 1), 1, 0, of(2, 4, 4, 4));
}
static void no_planes(void)
{
    compute_add_channel_bias(numbers(SHAPE(4), 1), numbers(SHAPE(2, 4), 2));
}
static void nothing(void)
{
    compute_convolution(of(2, 3, 6, 6), NULL, NULL, 1, 0, of(2, 4, 4, 4));
}

static const struct fatal_case misuses[] = {
    {other_inputs, "compute_convolution: x is (2, 3, 6, 6), weight is (4, 2, 3, 3), y is (2, 4, 4, "
                   "4), with stride 1 and padding 0; expected (samples, inputs, height, width)"},
    {other_stride, "compute_convolution_backward_input: dx is (2, 3, 6, 6), weight is (4, 3, 3, "
                   "3), dy is (2, 4, 4, 4), with stride 2 and padding 1"},
    {no_convolution, "with stride 0 and padding 0"},
    {other_bias,
     "compute_convolution: bias is (3); expected one number for each of the 4 channels"},
    {no_planes,
     "compute_add_channel_bias: y is (2, 4); expected (samples, channels, height, width)"},
    {nothing, "compute_convolution: weight is NULL"},
};

START_TEST(tensors_that_do_not_fit_are_told)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("convolutions as operations");
    TCase *cases = tcase_create("convolutions");
    tcase_add_loop_test(cases, they_are_what_the_kits_layer_computes_and_costs, 0,
                        sizeof convolutions / sizeof *convolutions);
    tcase_add_test(cases, a_channels_bias_is_added_to_its_plane);
    tcase_add_test(cases, without_numbers_they_cost_the_same);
    tcase_add_loop_test(cases, tensors_that_do_not_fit_are_told, 0,
                        sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, cases);
    return suite;
}
