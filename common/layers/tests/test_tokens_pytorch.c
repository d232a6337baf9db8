/*
 * Layers and models that work with tokens against PyTorch: fixtures/generate_tokens.py.
 */
#include "common/base/random.h"
#include "common/kernels/kernels.h"
#include "common/layers/tests/model_and_pytorch.h"
#include "tests/support/fatal.h"

#include <omp.h>

static struct layer embedding(struct shape input, int vocabulary, int width)
{
    return layer_embedding(input.size[0], vocabulary, width);
}

static struct layer linear_without_bias(struct shape input, int outputs, int b)
{
    (void)b;
    return layer_linear_with(input, (struct linear_options){.outputs = outputs, .no_bias = true});
}

static struct layer attention(struct shape input, int heads, int b)
{
    (void)b;
    return layer_attention(input, heads);
}

static struct layer causal(struct shape input, int heads, int b)
{
    (void)b;
    return layer_causal_attention(input, heads);
}

static struct layer tied_head(struct shape input, int outputs, int b)
{
    (void)b;
    return layer_tied_head(input, outputs);
}

static const struct layer_case cases[] = {
    {"embedding", embedding, 7, 6},
    {"embedding-batch-1", embedding, 3, 33},
    {"embedding-1-token", embedding, 4, 5},
    {"linear-without-bias", linear_without_bias, 5, 0},
    {"linear-without-bias-wide", linear_without_bias, 65, 0},
    {"causal-1-head", causal, 1, 0},
    {"causal-2-heads", causal, 2, 0},
    {"causal-3-heads", causal, 3, 0},
    {"causal-5-heads", causal, 5, 0},
    {"causal-1-token", causal, 2, 0},
    {"causal-33-tokens", causal, 2, 0},
    {"causal-64-tokens", causal, 1, 0},
    {"causal-77-tokens", causal, 2, 0},
    {"causal-150-tokens", causal, 2, 0},
    {"causal-270-tokens", causal, 1, 0},
    {"attention-77-tokens", attention, 2, 0},
    {"attention-150-tokens", attention, 2, 0},
};

START_TEST(layer_agrees_with_pytorch)
{
    layer_agrees("layers-tokens", &cases[_i]);
}
END_TEST

static const struct layer_case heads[] = {
    {"tied-head", tied_head, 11, 0},
    {"tied-head-wide", tied_head, 65, 0},
};

START_TEST(tied_head_agrees_with_pytorch)
{
    const char *name = heads[_i].name;
    struct tensor_file *file = fixture_open("layers-tokens");
    struct tensor *tied = to_device(tensor_retain(fixture_get(file, "%s.tied", name)));
    struct tensor *gradient =
        tensor_new(MEMORY_GRADIENT, DTYPE_FLOAT32, tested_device(), tied->shape);
    tensor_zero(gradient);
    struct layer layer =
        heads[_i].build(without_batch(fixture_get(file, "%s.x", name)->shape), heads[_i].a, 0);
    ck_assert(layer.tied && layer.parameters == 0);
    struct layer_memory memory = {.tied = tensor_floats(tied),
                                  .tied_gradient = tensor_floats(gradient)};
    for (int times = 1; times <= 3; times++) { /* the gradients add up */
        run_layer(&heads[_i], file, &layer, memory, times == 2, times < 3);
        struct tensor *mean = fixture_copy(gradient);
        for (int i = 0; i < mean->count; i++)
            tensor_floats(mean)[i] /= (float)times;
        fixture_compare(name, "tied gradient", mean, fixture_get(file, "%s.tied_gradient", name),
                        tolerance_gradient());
        tensor_free(mean);
    }
    tensor_free(gradient);
    tensor_free(tied);
    layer_destroy(&layer);
    tensor_file_free(file);
}
END_TEST

/* ---- what no fixture says ---- */

/* A later token makes no difference, not in a bit, forwards or backwards. */
START_TEST(nothing_comes_from_later_tokens)
{
    const int tokens[] = {5, 16, 47, 64, 65, 130, 300};
    const struct shape shape = SHAPE(tokens[_i], 12);
    struct layer layer = layer_causal_attention(shape, 3);
    const size_t count = (size_t)shape_count(shape), early = (size_t)(tokens[_i] / 2) * 12;
    float *arena = calloc(2 * layer.parameter_count, sizeof *arena);
    layer_initialise(&layer, 5, arena);
    float *lent = lend(arena, 2 * layer.parameter_count * sizeof *arena);
    struct layer_memory memory = {.parameters = lent, .gradients = lent + layer.parameter_count};
    struct tensor *y[2], *dx[2];
    for (int other = 0; other < 2; other++) {
        struct tensor *x =
            tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, shape_with_batch(1, shape));
        struct tensor *dy = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, x->shape);
        random_normal(tensor_floats(x), count, 3, 1, 0, 0, 1);
        random_normal(tensor_floats(dy), count, 3, 2, 0, 0, 1);
        if (other == 1) /* much larger, and what comes back to early tokens is 0 then */
            random_normal(tensor_floats(x) + early, count - early, 4, 1, 0, 0, 30);
        memset(tensor_floats(dy) + early, 0, sizeof(float) * (count - early));
        struct saved *saved = saved_new(&layer);
        y[other] = to_host(layer_forward(&layer, memory, saved, to_device(x)));
        dx[other] = to_host(layer_backward_input(&layer, memory, saved, to_device(dy), true));
        layer_backward_weight(&layer, memory, saved);
        saved_free(saved);
    }
    ck_assert_mem_eq(y[0]->data, y[1]->data, sizeof(float) * early);
    ck_assert_mem_eq(dx[0]->data, dx[1]->data, sizeof(float) * early);
    for (size_t i = early; i < count; i++)
        ck_assert_msg(tensor_floats(dx[1])[i] == 0, "dx of token %zu is %g", i / 12,
                      (double)tensor_floats(dx[1])[i]);
    for (int other = 0; other < 2; other++) {
        tensor_free(y[other]);
        tensor_free(dx[other]);
    }
    lent_free(lent, arena);
    free(arena);
    layer_destroy(&layer);
}
END_TEST

static const struct {
    int32_t token;
    const char *message;
} strangers[] = {{-1, "token -1, number 2 of sample 1, is not in 0 … 6"},
                 {7, "token 7, number 2 of sample 1, is not in 0 … 6"}};

static void embed_stranger(int which)
{
    struct layer layer = layer_embedding(5, 7, 4);
    float parameters[(7 + 5) * 4] = {0};
    struct tensor *x = tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, DEVICE_CPU, SHAPE(2, 5));
    tensor_zero(x);
    tensor_integers(x)[7] = strangers[which].token;
    layer_forward(&layer, (struct layer_memory){.parameters = lend(parameters, sizeof parameters)},
                  saved_new(&layer), to_device(x));
}

START_TEST(a_token_that_is_none_is_fatal)
{
    check_fatal(embed_stranger, _i, strangers[_i].message);
}
END_TEST

/* The gradient of a table is the same bits on any number of threads. */
START_TEST(threads_make_no_difference_to_an_embedding)
{
    enum { SAMPLES = 16, TOKENS = 40, VOCABULARY = 5, WIDTH = 75 };
    static int32_t token[SAMPLES * TOKENS];
    static float dy[SAMPLES * TOKENS * WIDTH], gradient[3][VOCABULARY * WIDTH];
    const struct embedding_sizes sizes = {SAMPLES, TOKENS, VOCABULARY, WIDTH, 0};
    for (int i = 0; i < SAMPLES * TOKENS; i++)
        token[i] = (int32_t)random_below(1, 2, (uint64_t)i, VOCABULARY);
    random_normal(dy, SAMPLES * TOKENS * WIDTH, 1, 3, 0, 0, 1);
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        kernels_for(DEVICE_CPU)->embedding_backward(&sizes, token, dy, gradient[threads - 1]);
    }
    ck_assert_mem_eq(gradient[0], gradient[1], sizeof gradient[0]);
    ck_assert_mem_eq(gradient[0], gradient[2], sizeof gradient[0]);
}
END_TEST

/* ---- models ---- */

static const char *const models[] = {"gpt", "gpt-tied", "gpt-long"};

START_TEST(model_agrees_with_pytorch)
{
    model_agrees(models[_i]);
}
END_TEST

START_TEST(training_with_sgd_agrees)
{
    training_agrees(models[_i], OPTIMIZER_SGD, true);
    training_agrees(models[_i], OPTIMIZER_SGD, false);
}
END_TEST

START_TEST(training_with_adamw_agrees)
{
    training_agrees(models[_i], OPTIMIZER_ADAMW, true);
    training_agrees(models[_i], OPTIMIZER_ADAMW, false);
}
END_TEST

Suite *test_suite(void)
{
    TCase *layers = tcase_create("layers");
    tcase_add_loop_test(layers, layer_agrees_with_pytorch, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(layers, tied_head_agrees_with_pytorch, 0, sizeof heads / sizeof *heads);
    tcase_add_loop_test(layers, nothing_comes_from_later_tokens, 0, 7);
    tcase_add_test(layers, threads_make_no_difference_to_an_embedding);
    tcase_add_loop_test(layers, a_token_that_is_none_is_fatal, 0, 2);
    TCase *whole = tcase_create("models");
    int count = sizeof models / sizeof *models;
    tcase_set_timeout(whole, 60);
    tcase_add_loop_test(whole, model_agrees_with_pytorch, 0, count);
    tcase_add_loop_test(whole, training_with_sgd_agrees, 0, count);
    tcase_add_loop_test(whole, training_with_adamw_agrees, 0, count);

    Suite *suite = suite_create("tokens against PyTorch");
    suite_add_tcase(suite, layers);
    suite_add_tcase(suite, whole);
    return suite;
}
