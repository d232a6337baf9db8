/*
 * Convolution and pooling on the meta device take the memory that they take on the CPU, scratch
 * space included, and charge what the formulas say.
 */
#include "common/base/flops.h"
#include "common/layers/layer.h"
#include "tests/support/test.h"

#include <stdlib.h>

/* One for each kernel that a convolution may choose, and the poolings. */
static struct layer layer_of(int number)
{
    switch (number) {
    case 0:
        return layer_convolution(SHAPE(3, 12, 11), 6, 5);
    case 1:
        return layer_convolution_with(SHAPE(16, 9, 10),
                                      (struct convolution_options){32, 3, 1, 1, 1, false});
    case 2:
        return layer_convolution_with(SHAPE(20, 9, 10),
                                      (struct convolution_options){36, 3, 2, 1, 2, true});
    case 3:
        return layer_convolution_with(SHAPE(16, 9, 10),
                                      (struct convolution_options){32, 1, 2, 0, 1, true});
    case 4:
        return layer_convolution_with(SHAPE(6, 9, 10),
                                      (struct convolution_options){6, 3, 2, 1, 6, false});
    case 5:
        return layer_convolution_with(SHAPE(3, 9, 10),
                                      (struct convolution_options){12, 7, 2, 3, 1, true});
    case 6:
        return layer_max_pool_with(SHAPE(4, 9, 10), (struct pooling_options){3, 2, 1});
    case 7:
        return layer_average_pool(SHAPE(4, 9, 10), (struct pooling_options){3, 2, 1});
    default:
        return layer_global_average_pool(SHAPE(4, 9, 10));
    }
}

#define LAYERS 9

struct cost {
    size_t scratch, activations;
    uint64_t flops;
};

/* What a forward and a backward cost, with arenas that only the CPU's have. */
static struct cost cost_on(enum device device, const struct layer *layer)
{
    const int samples = 3;
    float *arena = calloc(2 * layer->parameter_count + 1, sizeof *arena);
    struct layer_memory memory = {.parameters = arena, .gradients = arena + layer->parameter_count};
    struct saved *saved = saved_new(layer);
    const uint64_t before = flops_charged();
    memory_reset_peak();
    struct tensor *x = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, device,
                                  shape_with_batch(samples, layer->input));
    if (device == DEVICE_CPU)
        tensor_zero(x);
    struct tensor *y = layer_forward(layer, memory, saved, x);
    tensor_free(layer_backward_input(layer, memory, saved, y, true));
    layer_backward_weight(layer, memory, saved);
    saved_free(saved);
    free(arena);
    return (struct cost){memory_peak(MEMORY_WORKSPACE), memory_peak(MEMORY_ACTIVATION),
                         flops_charged() - before};
}

START_TEST(meta_costs_what_the_cpu_costs)
{
    struct layer layer = layer_of(_i);
    struct cost cpu = cost_on(DEVICE_CPU, &layer), meta = cost_on(DEVICE_META, &layer);
    ck_assert_uint_eq(cpu.scratch, meta.scratch);
    ck_assert_uint_eq(cpu.activations, meta.activations);
    ck_assert_uint_eq(cpu.flops, meta.flops);
    if (_i < LAYERS - 1)
        ck_assert_uint_gt(cpu.scratch, 0);
    layer_destroy(&layer);
}
END_TEST

/* The multiplications of ResNet-50's first layer, and of a layer in groups, as published and by
 * hand: each output channel sees half of the inputs. */
START_TEST(operations_are_counted)
{
    struct layer stem = layer_convolution_with(SHAPE(3, 224, 224),
                                               (struct convolution_options){64, 7, 2, 3, 1, true});
    ck_assert_double_eq(stem.forward_flops, 2.0 * 118013952);
    ck_assert_double_eq(stem.backward_input_flops, 2.0 * 118013952);
    struct layer halves =
        layer_convolution_with(SHAPE(4, 6, 6), (struct convolution_options){6, 3, 1, 1, 2, false});
    const double results = 6 * 6 * 6;
    ck_assert_double_eq(halves.forward_flops, results * (2 * 2 * 9 + 1));
    ck_assert_double_eq(halves.backward_weight_flops, results * (2 * 2 * 9 + 1));
    ck_assert_double_eq(halves.backward_input_flops, results * 2 * 2 * 9);
    layer_destroy(&stem);
    layer_destroy(&halves);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("meta");
    tcase_add_loop_test(tests, meta_costs_what_the_cpu_costs, 0, LAYERS);
    tcase_add_test(tests, operations_are_counted);

    Suite *suite = suite_create("convolution and pooling on the meta device");
    suite_add_tcase(suite, tests);
    return suite;
}
