/*
 * Every layer's backward against finite differences (finite_differences.h).
 */
#include "common/layers/tests/finite_differences.h"

static struct layer linear(void)
{
    return layer_linear(SHAPE(7), 5);
}

static struct layer linear_of_tokens(void)
{
    return layer_linear(SHAPE(3, 6), 4);
}

static struct layer relu(void)
{
    return layer_relu(SHAPE(2, 3, 5));
}

static struct layer gelu(void)
{
    return layer_gelu(SHAPE(3, 11));
}

static struct layer norm(void)
{
    return layer_norm(SHAPE(3, 7));
}

static struct layer convolution(void)
{
    return layer_convolution(SHAPE(2, 7, 6), 3, 3);
}

static struct layer convolution_of_five(void)
{
    return layer_convolution(SHAPE(3, 6, 9), 2, 5);
}

static struct layer max_pool(void)
{
    return layer_max_pool(SHAPE(2, 6, 4), 2);
}

static struct layer max_pool_with_rest(void)
{
    return layer_max_pool(SHAPE(1, 7, 8), 3);
}

static struct layer flatten(void)
{
    return layer_flatten(SHAPE(2, 3, 4));
}

static struct layer attention(void)
{
    return layer_attention(SHAPE(5, 6), 1);
}

static struct layer attention_of_three(void)
{
    return layer_attention(SHAPE(4, 9), 3);
}

static struct layer residual_attention_of(struct shape shape)
{
    return layer_residual(shape, (struct layer[]){layer_norm(shape), layer_attention(shape, 2)}, 2);
}

static struct layer residual_attention(void)
{
    return residual_attention_of(SHAPE(3, 6));
}

static struct layer residual_perceptron(void)
{
    struct shape narrow = SHAPE(3, 5), wide = SHAPE(3, 9);
    return layer_residual(narrow,
                          (struct layer[]){layer_norm(narrow), layer_linear(narrow, 9),
                                           layer_gelu(wide), layer_linear(wide, 5)},
                          4);
}

/* Also with other shapes at its ends than inside. */
static struct layer sequence(void)
{
    struct layer part[5] = {layer_patch_embedding(SHAPE(2, 2, 4), 2, 6)};
    part[1] = residual_attention_of(part[0].output);
    part[2] = layer_norm(part[1].output);
    part[3] = layer_mean_tokens(part[2].output);
    part[4] = layer_linear(part[3].output, 4);
    return layer_sequence(part, 5);
}

static struct layer mean_tokens(void)
{
    return layer_mean_tokens(SHAPE(4, 7));
}

static struct layer patch_embedding(void)
{
    return layer_patch_embedding(SHAPE(2, 4, 6), 2, 5);
}

static const struct {
    const char *name;
    struct layer (*build)(void);
} layers[] = {
    {"linear", linear},
    {"linear of tokens", linear_of_tokens},
    {"relu", relu},
    {"gelu", gelu},
    {"layer norm", norm},
    {"convolution 3", convolution},
    {"convolution 5", convolution_of_five},
    {"max pool", max_pool},
    {"max pool with a rest", max_pool_with_rest},
    {"flatten", flatten},
    {"attention, 1 head", attention},
    {"attention, 3 heads", attention_of_three},
    {"residual attention", residual_attention},
    {"residual perceptron", residual_perceptron},
    {"sequence", sequence},
    {"mean of tokens", mean_tokens},
    {"patch embedding", patch_embedding},
};

#define LAYERS (int)(sizeof layers / sizeof *layers)

START_TEST(backward_is_the_derivative)
{
    backward_is_the_derivative_of(layers[_i % LAYERS].name, layers[_i % LAYERS].build(),
                                  _i < LAYERS ? 3 : 1, _i);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("finite differences");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, backward_is_the_derivative, 0, 2 * LAYERS);

    Suite *suite = suite_create("finite differences");
    suite_add_tcase(suite, tests);
    return suite;
}
