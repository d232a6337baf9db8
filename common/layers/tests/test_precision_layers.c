/*
 * Layers in 16 bits that are not all arithmetic: dropout, a student's own, one with borders, several that look
 * at one tensor; and what is refused. Numbers are small whole ones, which have no rounding.
 */
#include "common/base/sixteen_bits.h"
#include "common/kernels/convert.h"
#include "common/layers/custom_layer.h"
#include "common/layers/layers.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <string.h>

static const enum dtype precisions[] = {DTYPE_BFLOAT16, DTYPE_FLOAT16};

/* 1, 2, …, of `samples` samples. */
static struct tensor *counted(enum dtype dtype, int samples, struct shape sample)
{
    struct tensor *wide =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape_with_batch(samples, sample));
    for (int i = 0; i < wide->count; i++)
        tensor_floats(wide)[i] = (float)(i + 1);
    wide = to_device(wide);
    if (dtype == DTYPE_FLOAT32)
        return wide;
    struct tensor *narrow = tensor_narrowed(wide, dtype, MEMORY_ACTIVATION);
    tensor_free(wide);
    return narrow;
}

static float number(const struct tensor *tensor, int i)
{
    uint16_t bits;
    float wide;
    if (tensor->dtype == DTYPE_FLOAT32) {
        tensor_get(tensor, (size_t)i, 1, &wide);
        return wide;
    }
    tensor_get(tensor, (size_t)i, 1, &bits);
    return tensor->dtype == DTYPE_BFLOAT16 ? bfloat16_to_float32(bits) : float16_to_float32(bits);
}

static void nothing_lives(void)
{
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}

/* ---- dropout ---- */

static struct tensor *dropped(enum dtype precision, bool backward)
{
    const struct pass pass = {.seed = 5, .step = 2, .precision = precision};
    const struct layer_memory memory = {.pass = &pass, .layer = 3};
    struct layer layer = layer_dropout(SHAPE(2, 50), 0.3f);
    struct saved *saved = saved_new(&layer);
    struct tensor *y = layer_forward(&layer, memory, saved, counted(precision, 2, layer.input));
    struct tensor *dx =
        layer_backward_input(&layer, memory, saved, counted(precision, 2, layer.input), true);
    layer_backward_weight(&layer, memory, saved);
    saved_free(saved);
    tensor_free(backward ? y : dx);
    return backward ? dx : y;
}

/* The same numbers as in float32 are dropped, and the others are those, rounded. */
START_TEST(dropout_drops_the_same)
{
    for (int backward = 0; backward < 2; backward++) {
        struct tensor *wide = dropped(DTYPE_FLOAT32, backward == 1);
        struct tensor *narrow = dropped(precisions[_i], backward == 1);
        wide = to_host(wide);
        narrow = to_host(narrow);
        struct tensor *rounded = tensor_narrowed(wide, precisions[_i], MEMORY_WORKSPACE);
        int zeros = 0;
        for (int i = 0; i < wide->count; i++)
            zeros += tensor_floats(wide)[i] == 0;
        ck_assert_int_gt(zeros, 30);
        ck_assert_mem_eq(narrow->data, rounded->data, tensor_bytes(narrow));
        tensor_free(wide);
        tensor_free(narrow);
        tensor_free(rounded);
    }
    nothing_lives();
}
END_TEST

/* Where nothing is dropped the same tensor comes out. */
START_TEST(dropout_of_nothing_hands_on)
{
    const struct pass pass = {.evaluating = true, .precision = precisions[_i]};
    struct layer layer = layer_dropout(SHAPE(7), 0.3f);
    struct saved *saved = saved_new(&layer);
    struct tensor *x = counted(precisions[_i], 2, layer.input);
    struct tensor *y =
        layer_forward(&layer, (struct layer_memory){.pass = &pass}, saved, tensor_retain(x));
    ck_assert_ptr_eq(y, x);
    tensor_free(x);
    tensor_free(y);
    saved_free(saved);
    nothing_lives();
}
END_TEST

/* ---- one tensor, several layers ---- */

/* ReLU works in place on its own copy: x, which its owner and the linear layer before keep, stays. */
START_TEST(what_others_keep_is_not_written_into)
{
    const struct pass pass = {.precision = precisions[_i]};
    const struct layer_memory memory = {.pass = &pass};
    struct layer relu = layer_relu(SHAPE(4)), gelu = layer_gelu(SHAPE(4));
    struct saved *saved[2] = {saved_new(&relu), saved_new(&gelu)};
    struct tensor *x = counted(precisions[_i], 1, relu.input);
    uint16_t bits;
    tensor_get(x, 2, 1, &bits);
    bits ^= 0x8000; /* -3 */
    tensor_put(x, 2, 1, &bits);
    struct tensor *y = layer_forward(&relu, memory, saved[0], tensor_retain(x));
    struct tensor *z = layer_forward(&gelu, memory, saved[1], tensor_retain(x));
    ck_assert_float_eq(number(y, 2), 0);
    ck_assert_float_eq(number(x, 2), -3);
    ck_assert_float_eq(number(x, 3), 4);
    ck_assert_ptr_eq(y, saved[0]->tensor[0]); /* kept as it was given out */
    tensor_free(x);
    tensor_free(y);
    tensor_free(z);
    saved_free(saved[0]);
    saved_free(saved[1]);
    nothing_lives();
}
END_TEST

/* ---- a student's layer: y = x / 3, which triples what it kept in the backward ---- */

enum { X, THIRD, WHOLE, DY };

static struct tensor *own_forward(struct layer_call *call, struct tensor *x)
{
    ck_assert_int_eq(x->dtype, DTYPE_FLOAT32);
    ck_assert_int_eq(call->pass->precision, DTYPE_FLOAT32);
    ck_assert(tensor_is_shared(x)); /* so it is not worked on in place */
    struct tensor *y = layer_output_new(call);
    struct tensor *third = compute_new(call->device, SHAPE(1));
    struct tensor *whole = tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, call->device, SHAPE(1));
    tensor_put(third, 0, 1, &(float){1.0f / 3});
    tensor_put(whole, 0, 1, &(int32_t){1234567});
    for (int i = 0; i < x->count; i++)
        tensor_put(y, (size_t)i, 1, &(float){number(x, i) / 3});
    layer_keep(call, X, x);
    layer_keep_exact(call, THIRD, third);
    layer_keep(call, WHOLE, whole);
    return y;
}

static struct tensor *own_backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    ck_assert(want_dx);
    struct tensor *x = layer_kept(call, X), *dx = layer_input_new(call);
    ck_assert_int_eq(x->dtype, DTYPE_FLOAT32);
    ck_assert_ptr_eq(layer_kept(call, X), x);
    for (int i = 0; i < dy->count; i++) {
        tensor_put(dx, (size_t)i, 1, &(float){number(dy, i) * number(layer_kept(call, THIRD), 0)});
        tensor_put(x, (size_t)i, 1, &(float){number(x, i) * 3});
    }
    layer_keep(call, DY, dy);
    return dx;
}

static void own_backward_weight(struct layer_call *call)
{
    struct tensor *x = layer_take(call, X);
    ck_assert_float_eq(number(layer_kept(call, THIRD), 0), 1.0f / 3);
    int32_t whole;
    tensor_get(layer_kept(call, WHOLE), 0, 1, &whole);
    ck_assert_int_eq(whole, 1234567);
    float sum = number(call->gradient[0], 0);
    for (int i = 0; i < x->count; i++)
        sum += number(x, i) * number(layer_kept(call, DY), i);
    tensor_put(call->gradient[0], 0, 1, &sum);
    tensor_free(x);
}

START_TEST(a_student_s_layer_sees_float32)
{
    const struct pass pass = {.precision = precisions[_i]};
    float weight = 0, gradient = 0;
    float *lent_weight = lend(&weight, sizeof weight), *lent = lend(&gradient, sizeof gradient);
    const struct layer_memory memory = {
        .parameters = lent_weight, .gradients = lent, .pass = &pass};
    const struct custom_layer description = {
        .kind = "own",
        .input = SHAPE(4),
        .output = SHAPE(4),
        .parameters = 1,
        .parameter = {{.name = "weight", .shape = SHAPE(1)}},
        .forward = own_forward,
        .backward_input = own_backward_input,
        .backward_weight = own_backward_weight,
    };
    struct layer layer = layer_custom(&description);
    struct saved *saved = saved_new(&layer);
    struct tensor *x = counted(precisions[_i], 2, layer.input);
    struct tensor *y = layer_forward(&layer, memory, saved, tensor_retain(x));
    ck_assert_ptr_eq(saved->tensor[X], x); /* kept once */
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 2 * 8 + 2 * 8 + 4 + 4);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
    ck_assert_float_eq(number(y, 5), 2);
    tensor_free(y);
    struct tensor *dx =
        layer_backward_input(&layer, memory, saved, counted(precisions[_i], 2, layer.input), true);
    ck_assert_float_eq(number(dx, 2), 1);
    ck_assert_float_eq(number(x, 6), 7); /* its owner's */
    tensor_free(dx);
    layer_backward_weight(&layer, memory, saved);
    take_back(lent, &gradient, sizeof gradient);
    lent_free(lent_weight, &weight);
    ck_assert_float_eq(gradient, 3 * (1 + 4 + 9 + 16 + 25 + 36 + 49 + 64));
    tensor_free(x);
    saved_free(saved);
    layer_destroy(&layer);
    nothing_lives();
}
END_TEST

/* ---- borders ---- */

static struct tensor *doubled(void *own, struct tensor *x)
{
    (void)own;
    ck_assert_int_eq(x->dtype, DTYPE_FLOAT32);
    compute_scale(2, x);
    return x;
}

START_TEST(borders_see_float32)
{
    const struct pass pass = {.precision = precisions[_i]};
    const struct layer_memory memory = {.pass = &pass};
    const struct layer relu = layer_relu(SHAPE(3));
    const struct layer_border border = {
        .outside = SHAPE(3), .forward = doubled, .backward = doubled};
    struct layer layer = layer_with_borders(&relu, border, border, NULL, NULL);
    struct saved *saved = saved_new(&layer);
    struct tensor *x = counted(precisions[_i], 2, layer.input);
    struct tensor *y = layer_forward(&layer, memory, saved, tensor_retain(x));
    ck_assert_int_eq(y->dtype, precisions[_i]);
    ck_assert_int_eq(y->kind, MEMORY_ACTIVATION);
    ck_assert_float_eq(number(y, 5), 24);
    ck_assert_float_eq(number(x, 5), 6);
    tensor_free(y);
    struct tensor *dx = layer_backward_input(&layer, memory, saved, x, true);
    ck_assert_float_eq(number(dx, 5), 24);
    tensor_free(dx);
    layer_backward_weight(&layer, memory, saved);
    saved_free(saved);
    layer_destroy(&layer);
    nothing_lives();
}
END_TEST

/* ---- what is refused ---- */

static void misuse(int which)
{
    static const enum dtype pass_of[] = {DTYPE_FLOAT32, DTYPE_BFLOAT16, DTYPE_INT32};
    const struct pass pass = {.precision = pass_of[which]};
    struct layer layer = layer_relu(SHAPE(4));
    layer_forward(&layer, (struct layer_memory){.pass = &pass}, saved_new(&layer),
                  counted(DTYPE_FLOAT16, 2, layer.input));
}

START_TEST(what_does_not_fit_is_refused)
{
    check_fatal(misuse, 0, "(relu) is given float16 numbers, and its pass computes in float32");
    check_fatal(misuse, 1, "(relu) is given float16 numbers in a pass of precision bfloat16");
    check_fatal(misuse, 2, "a pass of precision int32");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("layers in 16 bits");
    TCase *tests = tcase_create("layers in 16 bits");
    tcase_add_loop_test(tests, dropout_drops_the_same, 0, 2);
    tcase_add_loop_test(tests, dropout_of_nothing_hands_on, 0, 2);
    tcase_add_loop_test(tests, what_others_keep_is_not_written_into, 0, 2);
    tcase_add_loop_test(tests, a_student_s_layer_sees_float32, 0, 2);
    tcase_add_loop_test(tests, borders_see_float32, 0, 2);
    tcase_add_test(tests, what_does_not_fit_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
