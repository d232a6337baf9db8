/*
 * A layer with borders, in numbers worked out by hand: what is cut before it and doubled behind it reaches
 * the layer, its gradients and the way back; and whoever writes a border wrongly is told so.
 */
#include "common/base/flops.h"
#include "common/layers/custom_layer.h"
#include "common/layers/layers.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <stdlib.h>
#include <string.h>

/* ---- borders --------------------------------------------------------------------------------------- */

enum { FIRST = 1, SAMPLES = 3 }; /* only samples from FIRST on go through the layer */

static int calls; /* with the right `own` */

static struct tensor *cut(void *own, struct tensor *x)
{
    calls += *(int *)own;
    struct shape shape = x->shape;
    shape.size[0] -= FIRST;
    struct tensor *part = compute_new(x->device, shape);
    compute_copy_part(x, FIRST, 0, part, 0, shape.size[0]);
    tensor_free(x);
    return part;
}

static struct tensor *paste(void *own, struct tensor *dx)
{
    calls += *(int *)own;
    struct shape shape = dx->shape;
    shape.size[0] += FIRST;
    struct tensor *all = compute_new(dx->device, shape);
    tensor_zero(all);
    compute_copy_part(dx, 0, 0, all, FIRST, dx->shape.size[0]);
    tensor_free(dx);
    return all;
}

static struct tensor *doubled(void *own, struct tensor *y)
{
    calls += *(int *)own;
    compute_scale(2, y);
    return y;
}

static struct tensor *leaves_behind(void *own, struct tensor *x)
{
    (void)own;
    return compute_new_like(x);
}

static struct tensor *of_another_shape(void *own, struct tensor *x)
{
    (void)own;
    tensor_free(x);
    return compute_new(tested_device(), SHAPE(2, 5));
}

static const struct layer_border cutting = {.forward = cut, .backward = paste},
                                 doubling = {.forward = doubled, .backward = doubled},
                                 one_way = {.forward = cut}, nothing = {.forward = NULL};

/* ---- a linear layer of two inputs and one output ------------------------------------------------------ */

static struct layer with_borders(struct layer_border before, struct layer_border behind)
{
    const struct layer linear = layer_linear(SHAPE(2), 1);
    int *one = malloc(sizeof *one);
    *one = 1;
    before.outside = linear.input;
    behind.outside = linear.output;
    return layer_with_borders(&linear, before, behind, one, free);
}

static struct tensor *numbers(struct shape shape, const float *number)
{
    struct tensor *tensor = compute_new(DEVICE_CPU, shape);
    memcpy(tensor->data, number, tensor_bytes(tensor));
    return to_device(tensor);
}

static float parameters[] = {3, 5, 7}, gradients[3];
static struct layer_memory memory;

/* Before each test, which is a process of its own. */
static void lend_memory(void)
{
    memory.parameters = lend(parameters, sizeof parameters);
    memory.gradients = lend(gradients, sizeof gradients);
}

static void same(const char *what, const struct tensor *found, int count, const float *expected)
{
    ck_assert_msg(found != NULL && found->count == count, "%s: %d numbers", what,
                  found == NULL ? 0 : found->count);
    for (int i = 0; i < count; i++) {
        float number;
        tensor_get(found, (size_t)i, 1, &number);
        ck_assert_msg(number == expected[i], "%s: number %d is %g, not %g", what, i, (double)number,
                      (double)expected[i]);
    }
}

static struct tensor *run_forward(const struct layer *layer, struct saved *saved)
{
    return layer_forward(layer, memory, saved,
                         numbers(SHAPE(SAMPLES, 2), (const float[]){9, 9, 1, 2, 4, 8}));
}

START_TEST(what_goes_through_is_what_the_borders_make)
{
    struct layer layer = with_borders(cutting, doubling);
    ck_assert_str_eq(layer.parameter[1].name, "bias");
    struct saved *saved = saved_new(&layer);
    calls = 0;
    struct tensor *y = run_forward(&layer, saved);
    same("y", y, 2, (const float[]){2 * (3 + 10 + 7), 2 * (12 + 40 + 7)});
    tensor_free(y);
    struct tensor *dx = layer_backward_input(&layer, memory, saved,
                                             numbers(SHAPE(2, 1), (const float[]){1, 10}), true);
    same("dx", dx, 6, (const float[]){0, 0, 6, 10, 60, 100});
    tensor_free(dx);
    layer_backward_weight(&layer, memory, saved);
    look_at_lent(memory.gradients, gradients, sizeof gradients);
    ck_assert_float_eq(gradients[0], 2 * 1 + 20 * 4);
    ck_assert_float_eq(gradients[1], 2 * 2 + 20 * 8);
    ck_assert_float_eq(gradients[2], 22);
    ck_assert_int_eq(calls, 4);
    saved_free(saved);
    layer_destroy(&layer);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

START_TEST(nobody_wants_dx)
{
    struct layer layer = with_borders(one_way, nothing);
    struct saved *saved = saved_new(&layer);
    tensor_free(run_forward(&layer, saved));
    ck_assert_ptr_null(layer_backward_input(&layer, memory, saved,
                                            numbers(SHAPE(2, 1), (const float[]){1, 10}), false));
    layer_backward_weight(&layer, memory, saved);
    look_at_lent(memory.gradients, gradients, sizeof gradients);
    ck_assert_float_eq(gradients[2], 11);
    saved_free(saved);
    layer_destroy(&layer);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

START_TEST(costs_are_those_of_the_layer_inside)
{
    struct layer layer = with_borders(cutting, nothing);
    struct layer linear = layer_linear(SHAPE(2), 1);
    struct saved *saved = saved_new(&layer);
    const uint64_t before = flops_charged();
    tensor_free(run_forward(&layer, saved));
    ck_assert_double_eq((double)(flops_charged() - before), 2 * linear.forward_flops);
    saved_free(saved);
    layer_destroy(&layer);
    layer_destroy(&linear);
}
END_TEST

static struct tensor *(*const wrong[])(void *own, struct tensor *x) = {leaves_behind,
                                                                       of_another_shape};

/* In a child, which has to open a GPU by itself. */
static void run_wrong(int which)
{
    lend_memory();
    const struct layer_border border = {.forward = wrong[which]};
    struct layer layer = with_borders(border, nothing);
    run_forward(&layer, saved_new(&layer));
}

START_TEST(a_wrong_border_is_named)
{
    check_fatal(run_wrong, 0, "linear: the function before it left tensors behind");
    check_fatal(run_wrong, 1, "returned (2, 5); expected (2) for each sample");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("layers with borders");
    TCase *tests = tcase_create("layers with borders");
    tcase_add_checked_fixture(tests, lend_memory, NULL);
    tcase_add_test(tests, what_goes_through_is_what_the_borders_make);
    tcase_add_test(tests, nobody_wants_dx);
    tcase_add_test(tests, costs_are_those_of_the_layer_inside);
    suite_add_tcase(suite, tests);
    TCase *wrong_ones = tcase_create("wrong borders");
    tcase_add_test(wrong_ones, a_wrong_border_is_named);
    suite_add_tcase(suite, wrong_ones);
    return suite;
}
