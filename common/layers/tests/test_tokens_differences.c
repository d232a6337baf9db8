/*
 * The layers that work with tokens, and dropout, against finite differences (finite_differences.h).
 */
#include "common/layers/tests/finite_differences.h"

static struct layer linear_without_bias(void)
{
    return layer_linear_with(SHAPE(3, 7), (struct linear_options){.outputs = 5, .no_bias = true});
}

static struct layer causal(void)
{
    return layer_causal_attention(SHAPE(5, 6), 1);
}

static struct layer causal_of_three(void)
{
    return layer_causal_attention(SHAPE(7, 9), 3);
}

/* More tokens than one block of queries. */
static struct layer causal_of_many(void)
{
    return layer_causal_attention(SHAPE(67, 2), 1);
}

static struct layer dropout(void)
{
    return layer_dropout(SHAPE(7, 11), 0.4f);
}

static struct layer residual(void)
{
    const struct shape shape = SHAPE(4, 6);
    return layer_residual(shape,
                          (struct layer[]){layer_norm(shape), layer_causal_attention(shape, 2),
                                           layer_dropout(shape, 0.3f)},
                          3);
}

static const struct {
    const char *name;
    struct layer (*build)(void);
} layers[] = {
    {"linear without bias", linear_without_bias},
    {"causal attention, 1 head", causal},
    {"causal attention, 3 heads", causal_of_three},
    {"causal attention, 67 tokens", causal_of_many},
    {"dropout", dropout},
    {"residual with dropout", residual},
};
#define LAYERS (int)(sizeof layers / sizeof *layers)

START_TEST(backward_is_the_derivative)
{
    backward_is_the_derivative_of(layers[_i % LAYERS].name, layers[_i % LAYERS].build(),
                                  _i < LAYERS ? 3 : 1, 100 + _i);
}
END_TEST

/* A small language model, whose head works with the table of its embedding: by weights only, since
 * tokens can't be moved a little. */
START_TEST(gradients_of_embedding_and_tied_head_are_derivatives)
{
    enum { SAMPLES = 3, TOKENS = 4, VOCABULARY = 5, WIDTH = 6 };
    const struct shape shape = SHAPE(TOKENS, WIDTH);
    const struct layer part[] = {layer_embedding(TOKENS, VOCABULARY, WIDTH), layer_norm(shape),
                                 layer_causal_attention(shape, 2),
                                 layer_tied_head(shape, VOCABULARY)};
    struct layer layer = layer_sequence(part, _i == 0 ? 1 : 4);
    struct experiment experiment = {.layer = &layer, .samples = SAMPLES};
    experiment.x = numbers_new(SHAPE(SAMPLES, TOKENS), 300);
    experiment.parameters = numbers_new(SHAPE((int)layer.parameter_count), 301);
    experiment.dy = numbers_new(shape_with_batch(SAMPLES, layer.output), 302);
    experiment.y = calloc((size_t)experiment.dy.count, sizeof *experiment.y);
    double_tied = experiment.parameters.exact;
    struct tensor *x =
        tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, DEVICE_CPU, SHAPE(SAMPLES, TOKENS));
    for (int i = 0; i < x->count; i++) {
        tensor_integers(x)[i] = (int32_t)random_below(7, 7, (uint64_t)i, VOCABULARY);
        experiment.x.exact[i] = tensor_integers(x)[i];
    }

    struct tensor *gradients = tensor_new(MEMORY_GRADIENT, DTYPE_FLOAT32, tested_device(),
                                          experiment.parameters.single->shape);
    tensor_zero(gradients);
    struct tensor *parameters = to_device(fixture_copy(experiment.parameters.single));
    struct layer_memory memory = {.parameters = tensor_floats(parameters),
                                  .gradients = tensor_floats(gradients)};
    memory.tied = memory.parameters;
    memory.tied_gradient = memory.gradients;
    struct saved *saved = saved_new(&layer);
    tensor_free(layer_forward(&layer, memory, saved, to_device(x)));
    ck_assert_ptr_null(layer_backward_input(&layer, memory, saved,
                                            to_device(fixture_copy(experiment.dy.single)), false));
    layer_backward_weight(&layer, memory, saved);
    struct tensor *expected = differences(&experiment, &experiment.parameters);
    fixture_compare("language model", "weight gradients", gradients, expected,
                    (struct tolerance){.relative = 1e-4, .absolute = 2e-5, .norm = 1e-5});
    tensor_free(expected);
    tensor_free(gradients);
    tensor_free(parameters);
    saved_free(saved);
    numbers_free(&experiment.x);
    numbers_free(&experiment.parameters);
    numbers_free(&experiment.dy);
    free(experiment.y);
    layer_destroy(&layer);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("finite differences");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, backward_is_the_derivative, 0, 2 * LAYERS);
    tcase_add_loop_test(tests, gradients_of_embedding_and_tied_head_are_derivatives, 0, 2);

    Suite *suite = suite_create("finite differences, tokens");
    suite_add_tcase(suite, tests);
    return suite;
}
