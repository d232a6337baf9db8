/*
 * A recomputed list of layers beside the same list as a sequence: the same bits come out, less is
 * held between forward and backward, running averages move once, and what is done twice is charged
 * twice.
 */
#include "common/base/flops.h"
#include "common/base/random.h"
#include "common/layers/layers.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 6 };

typedef struct layer maker(const struct layer *inner, int inner_layers);

/* Norms, dropout, a shortcut, and within it a recomputed list of its own where `deep` is one. */
static struct layer build(maker *outermost, maker *deep)
{
    const struct shape shape = SHAPE(3, 6, 6);
    const struct convolution_options wide = {.channels = 4, .kernel = 3, .padding = 1};
    const struct layer first[] = {layer_convolution_with(shape, wide),
                                  layer_batch_norm(SHAPE(4, 6, 6)), layer_relu(SHAPE(4, 6, 6)),
                                  layer_dropout(SHAPE(4, 6, 6), 0.4f)};
    const struct layer through[] = {deep(first, 4), layer_convolution_with(SHAPE(4, 6, 6), wide)};
    const struct layer round[] = {layer_convolution_with(shape, wide),
                                  layer_batch_norm(SHAPE(4, 6, 6))};
    const struct layer all[] = {layer_relu(shape),
                                layer_residual_with(shape, round, 2, through, 2),
                                layer_dropout(SHAPE(4, 6, 6), 0.3f),
                                layer_relu(SHAPE(4, 6, 6)),
                                layer_global_average_pool(SHAPE(4, 6, 6)),
                                layer_linear(SHAPE(4), 5)};
    return outermost(all, 6);
}

struct result {
    struct tensor *y, *dx, *gradients, *buffers;
    size_t held;    /* bytes of activations between forward and backward */
    uint64_t flops; /* of all three */
};

static struct tensor *drawn(struct shape shape, uint32_t stream)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    random_uniform(tensor_floats(tensor), tensor->elements, 4,
                   random_stream(RANDOM_TEST, stream, 0), 0, -1, 1);
    return to_device(tensor);
}

static enum dtype precision; /* of the passes */

static struct result run(struct layer layer, bool want_dx, bool in_halves)
{
    struct tensor *parameters = drawn(SHAPE((int)layer.parameter_count), 1);
    const struct pass pass = {
        .seed = 9, .step = 3, .first_sample = 12, .samples_together = 3, .precision = precision};
    struct result result = {.gradients = drawn(parameters->shape, 2),
                            .buffers = drawn(SHAPE((int)layer.buffer_count), 3)};
    const struct layer_memory memory = {.parameters = tensor_floats(parameters),
                                        .gradients = tensor_floats(result.gradients),
                                        .buffers = tensor_floats(result.buffers),
                                        .pass = &pass,
                                        .layer = 2};
    struct saved *saved = saved_new(&layer);
    const uint64_t before = flops_charged();
    const size_t live = memory_live(MEMORY_ACTIVATION);
    struct tensor *x = drawn(shape_with_batch(SAMPLES, layer.input), 4);
    result.y = layer_forward(&layer, memory, saved, tensor_retain(x));
    tensor_free(x);
    result.held = memory_live(MEMORY_ACTIVATION) - live - tensor_bytes(result.y);
    result.dx = layer_backward_input(&layer, memory, saved, drawn(result.y->shape, 5), want_dx);
    if (in_halves) { /* another micro-batch comes between the two */
        struct saved *other = saved_new(&layer);
        tensor_free(layer_forward(&layer, (struct layer_memory){.parameters = memory.parameters},
                                  other, drawn(shape_with_batch(SAMPLES, layer.input), 6)));
        saved_free(other);
    }
    layer_backward_weight(&layer, memory, saved);
    result.flops = flops_charged() - before;
    saved_free(saved);
    tensor_free(parameters);
    layer_destroy(&layer);
    result.y = to_host(result.y);
    result.dx = to_host(result.dx);
    result.gradients = to_host(result.gradients);
    result.buffers = to_host(result.buffers);
    return result;
}

static void result_clear(struct result *result)
{
    tensor_free(result->y);
    tensor_free(result->dx);
    tensor_free(result->gradients);
    tensor_free(result->buffers);
}

static void same_bits(const char *what, const struct tensor *a, const struct tensor *b)
{
    ck_assert_msg((a == NULL) == (b == NULL), "%s", what);
    ck_assert_msg(a == NULL || memcmp(a->data, b->data, tensor_bytes(a)) == 0, "%s", what);
}

static maker *const outermost[] = {layer_recomputed, layer_sequence, layer_recomputed};
static maker *const deep[] = {layer_sequence, layer_recomputed, layer_recomputed};

START_TEST(the_same_bits_come_out)
{
    const bool want_dx = _i % 2 == 0, in_halves = _i / 2 % 2 == 1;
    const int way = _i / 4 % 3;
    precision = (enum dtype[]){DTYPE_FLOAT32, DTYPE_BFLOAT16, DTYPE_FLOAT16}[_i / 12];
    struct result plain = run(build(layer_sequence, layer_sequence), want_dx, in_halves);
    struct result again = run(build(outermost[way], deep[way]), want_dx, in_halves);
    same_bits("y", again.y, plain.y);
    same_bits("dx", again.dx, plain.dx);
    same_bits("gradients", again.gradients, plain.gradients);
    same_bits("running averages", again.buffers, plain.buffers);
    result_clear(&plain);
    result_clear(&again);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

/* Between forward and backward: x alone, where the outermost list is recomputed. */
START_TEST(only_what_enters_is_held)
{
    struct result plain = run(build(layer_sequence, layer_sequence), true, false);
    struct result inside = run(build(layer_sequence, layer_recomputed), true, false);
    struct result again = run(build(layer_recomputed, layer_sequence), true, false);
    const size_t planes = SAMPLES * 6 * 6 * sizeof(float);
    /* x was drawn as workspace, so none of it is an activation. */
    ck_assert_uint_eq(again.held, 0);
    ck_assert_uint_lt(inside.held, plain.held);
    /* Saved by the four layers within: a statistics of two groups, and tensors of four channels. */
    ck_assert_uint_ge(plain.held - inside.held, 4 * planes);
    result_clear(&plain);
    result_clear(&inside);
    result_clear(&again);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

/* In 16 bits it is rounded first: what is held are two bytes for each of its numbers. */
START_TEST(what_enters_is_held_in_16_bits)
{
    precision = DTYPE_BFLOAT16;
    struct result again = run(build(layer_recomputed, layer_sequence), true, false);
    ck_assert_uint_eq(again.held, SAMPLES * 3 * 6 * 6 * 2);
    result_clear(&again);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

START_TEST(what_is_repeated_is_charged)
{
    struct layer layer = build(layer_sequence, layer_sequence);
    const double forward = SAMPLES * layer.forward_flops;
    const double backward = SAMPLES * (layer.backward_input_flops + layer.backward_weight_flops);
    struct result plain = run(layer, true, false);
    layer = build(layer_recomputed, layer_sequence);
    const double described =
        SAMPLES * (layer.forward_flops + layer.backward_input_flops + layer.backward_weight_flops);
    struct result again = run(layer, true, false);
    ck_assert_double_eq((double)plain.flops, forward + backward);
    ck_assert_double_eq((double)again.flops, 2 * forward + backward);
    ck_assert_double_eq((double)again.flops, described);
    result_clear(&plain);
    result_clear(&again);
    layer = build(layer_recomputed, layer_sequence);
    const double without_dx =
        SAMPLES *
        (layer.forward_flops + layer.backward_input_flops_without_dx + layer.backward_weight_flops);
    again = run(layer, false, false);
    ck_assert_double_eq((double)again.flops, without_dx);
    result_clear(&again);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("recomputed layers");
    TCase *tests = tcase_create("recomputed layers");
    tcase_add_loop_test(tests, the_same_bits_come_out, 0, 3 * 12);
    tcase_add_test(tests, only_what_enters_is_held);
    tcase_add_test(tests, what_enters_is_held_in_16_bits);
    tcase_add_test(tests, what_is_repeated_is_charged);
    suite_add_tcase(suite, tests);
    return suite;
}
