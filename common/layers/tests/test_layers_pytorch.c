/*
 * Every layer and every model against PyTorch (fixtures/generate.py): outputs,
 * input gradients, weight gradients, and the losses of ten training steps.
 */
#include "common/layers/tests/model_and_pytorch.h"

static struct layer linear(struct shape input, int a, int b)
{
    (void)b;
    return layer_linear(input, a);
}

static struct layer relu(struct shape input, int a, int b)
{
    (void)a;
    (void)b;
    return layer_relu(input);
}

static struct layer gelu(struct shape input, int a, int b)
{
    (void)a;
    (void)b;
    return layer_gelu(input);
}

static struct layer norm(struct shape input, int a, int b)
{
    (void)a;
    (void)b;
    return layer_norm(input);
}

static struct layer convolution(struct shape input, int a, int b)
{
    return layer_convolution(input, a, b);
}

static struct layer max_pool(struct shape input, int a, int b)
{
    (void)b;
    return layer_max_pool(input, a);
}

static struct layer flatten(struct shape input, int a, int b)
{
    (void)a;
    (void)b;
    return layer_flatten(input);
}

static struct layer attention(struct shape input, int a, int b)
{
    (void)b;
    return layer_attention(input, a);
}

static struct layer residual_attention(struct shape input, int a, int b)
{
    (void)b;
    return layer_residual(input, (struct layer[]){layer_norm(input), layer_attention(input, a)}, 2);
}

static struct layer residual_perceptron(struct shape input, int a, int b)
{
    (void)b;
    struct layer inner[4];
    inner[0] = layer_norm(input);
    inner[1] = layer_linear(inner[0].output, a);
    inner[2] = layer_gelu(inner[1].output);
    inner[3] = layer_linear(inner[2].output, input.size[input.dimensions - 1]);
    return layer_residual(input, inner, 4);
}

static struct layer mean_tokens(struct shape input, int a, int b)
{
    (void)a;
    (void)b;
    return layer_mean_tokens(input);
}

static struct layer patch_embedding(struct shape input, int a, int b)
{
    return layer_patch_embedding(input, a, b);
}

static const struct layer_case cases[] = {
    {"linear", linear, 5, 0},
    {"linear-batch-1", linear, 4, 0},
    {"linear-wide", linear, 65, 0},
    {"linear-tokens", linear, 11, 0},
    {"relu", relu, 0, 0},
    {"relu-images", relu, 0, 0},
    {"gelu", gelu, 0, 0},
    {"gelu-tokens", gelu, 0, 0},
    {"layer-norm", norm, 0, 0},
    {"layer-norm-batch-1", norm, 0, 0},
    {"layer-norm-small", norm, 0, 0},
    {"convolution", convolution, 4, 3},
    {"convolution-batch-1", convolution, 5, 5},
    {"convolution-1x1", convolution, 3, 1},
    {"convolution-whole", convolution, 3, 5},
    {"convolution-wide", convolution, 6, 5},
    {"max-pool", max_pool, 2, 0},
    {"max-pool-ties", max_pool, 2, 0},
    {"max-pool-3", max_pool, 3, 0},
    {"flatten", flatten, 0, 0},
    {"attention-1-head", attention, 1, 0},
    {"attention-2-heads", attention, 2, 0},
    {"attention-3-heads", attention, 3, 0},
    {"attention-5-heads", attention, 5, 0},
    {"attention-1-token", attention, 2, 0},
    {"residual-attention", residual_attention, 2, 0},
    {"residual-perceptron", residual_perceptron, 20, 0},
    {"mean-tokens", mean_tokens, 0, 0},
    {"patch-embedding", patch_embedding, 3, 5},
    {"patch-embedding-batch-1", patch_embedding, 4, 7},
};

START_TEST(layer_agrees_with_pytorch)
{
    layer_agrees("layers", &cases[_i]);
}
END_TEST

static const char *const models[] = {"mlp", "mlp-1", "cnn-28", "cnn-32", "vit", "vit-28"};

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
    TCase *whole = tcase_create("models");
    int count = sizeof models / sizeof *models;
    tcase_set_timeout(whole, 60);
    tcase_add_loop_test(whole, model_agrees_with_pytorch, 0, count);
    tcase_add_loop_test(whole, training_with_sgd_agrees, 0, count);
    tcase_add_loop_test(whole, training_with_adamw_agrees, 0, count);

    Suite *suite = suite_create("layers and models against PyTorch");
    suite_add_tcase(suite, layers);
    suite_add_tcase(suite, whole);
    return suite;
}
