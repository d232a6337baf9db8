/*
 * Models: their layers, shapes and parameters as counted by hand, and names
 * and options that must be refused.
 */
#include "common/base/random.h"
#include "common/training/model.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model *make(const char *name, struct shape input)
{
    char error[MODEL_ERROR_SIZE] = "";
    struct model *model = model_new(name, input, 10, error);
    ck_assert_msg(model != NULL, "%s: %s", name, error);
    return model;
}

static void check_kinds(const struct model *model, const char *const *kind, int layers)
{
    ck_assert_int_eq(model->layers, layers);
    for (int i = 0; i < layers; i++) {
        ck_assert_str_eq(model->layer[i].operations->kind, kind[i]);
        ck_assert_int_eq(model->layer[i].index, i);
    }
}

/* Every layer's input is what the one before gives, and the last gives the classes. */
static void check_chain(const struct model *model)
{
    struct shape shape = model->input;
    for (int i = 0; i < model->layers; i++) {
        ck_assert(shape_equal(model->layer[i].input, shape));
        shape = model->layer[i].output;
    }
    ck_assert(shape_equal(shape, SHAPE(10)));
}

START_TEST(mlp_is_flatten_linear_relu)
{
    struct model *model = make("mlp:depth=3,width=20", SHAPE(1, 28, 28));
    const char *const kind[] = {"flatten", "linear", "relu", "linear", "relu", "linear"};
    check_kinds(model, kind, 6);
    check_chain(model);
    ck_assert_uint_eq(model_parameter_count(model, 0, 6),
                      784 * 20 + 20 + 20 * 20 + 20 + 20 * 10 + 10);
    ck_assert_uint_eq(model_parameter_count(model, 2, 2), 20 * 20 + 20);
    model_free(model);
}
END_TEST

START_TEST(mlp_defaults)
{
    struct model *model = make("mlp", SHAPE(1, 28, 28));
    ck_assert_int_eq(model->layers, 8);
    ck_assert_int_eq(model->layer[1].output.size[0], 512);
    model_free(model);
    model = make("mlp:depth=1", SHAPE(3, 32, 32));
    ck_assert_int_eq(model->layers, 2);
    check_chain(model);
    model_free(model);
}
END_TEST

START_TEST(mlp_drops_behind_each_relu)
{
    struct model *model = make("mlp:depth=3,width=20,norm=layer,dropout=0.25", SHAPE(1, 28, 28));
    const char *const kind[] = {"flatten", "linear",     "layer_norm", "relu",    "dropout",
                                "linear",  "layer_norm", "relu",       "dropout", "linear"};
    check_kinds(model, kind, 10);
    check_chain(model);
    ck_assert_float_eq(model->layer[4].rate, 0.25f);
    ck_assert(shape_equal(model->layer[4].slice.whole, SHAPE(20)));
    model_free(model);
}
END_TEST

/* Behind the embedding, behind attention's projection and behind both linear layers of a perceptron. */
START_TEST(vit_drops_behind_its_linear_layers)
{
    struct model *model = make("vit:depth=2,width=8,heads=2,dropout=0.125", SHAPE(1, 28, 28));
    const char *const kind[] = {"patch_embedding", "dropout",     "residual",
                                "residual",        "residual",    "residual",
                                "layer_norm",      "mean_tokens", "linear"};
    const char *const attention[] = {"layer_norm", "attention", "dropout"};
    const char *const perceptron[] = {"layer_norm", "linear", "gelu",
                                      "dropout",    "linear", "dropout"};
    check_kinds(model, kind, 9);
    check_chain(model);
    for (int i = 2; i < 6; i++) {
        const struct layer *half = &model->layer[i];
        const bool first = i % 2 == 0;
        ck_assert_int_eq(half->inner_layers, first ? 3 : 6);
        for (int k = 0; k < half->inner_layers; k++)
            ck_assert_str_eq(half->inner[k].operations->kind, first ? attention[k] : perceptron[k]);
        ck_assert_int_eq(half->dropouts, first ? 1 : 2);
    }
    ck_assert(shape_equal(model->layer[3].inner[3].slice.whole, SHAPE(16, 32)));
    model_free(model);
}
END_TEST

/* In whole blocks: three each, and one more behind the embedding. */
START_TEST(transformer_drops_as_the_vit)
{
    struct model *model = make("transformer:depth=4,dropout=0.1", SHAPE(1, 28, 28));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(model->layer[i].dropouts, i == 0 ? 4 : 3);
    model_free(model);
    model = make("transformer:depth=1,dropout=0.1", SHAPE(1, 28, 28));
    ck_assert_int_eq(model->layer[0].dropouts, 4);
    model_free(model);
}
END_TEST

START_TEST(cnn_is_the_tutorials_network)
{
    const char *const kind[] = {"convolution", "relu",     "max_pool", "convolution",
                                "relu",        "max_pool", "flatten",  "linear",
                                "relu",        "linear",   "relu",     "linear"};
    struct model *model = make("cnn", SHAPE(3, 32, 32));
    check_kinds(model, kind, 12);
    check_chain(model);
    /* What PyTorch counts for the tutorial's Net. */
    ck_assert_uint_eq(model_parameter_count(model, 0, 12), 62006);
    ck_assert(shape_equal(model->layer[2].output, SHAPE(6, 14, 14)));
    ck_assert(shape_equal(model->layer[6].output, SHAPE(400)));
    model_free(model);

    model = make("cnn", SHAPE(1, 28, 28));
    check_chain(model);
    ck_assert(shape_equal(model->layer[6].output, SHAPE(256)));
    model_free(model);
}
END_TEST

START_TEST(vit_is_patches_blocks_mean)
{
    const char *const kind[] = {"patch_embedding", "residual",   "residual",    "residual",
                                "residual",        "layer_norm", "mean_tokens", "linear"};
    struct model *model = make("vit:depth=2,width=12,heads=3,patch=7", SHAPE(1, 28, 28));
    check_kinds(model, kind, 8);
    check_chain(model);
    ck_assert(shape_equal(model->layer[0].output, SHAPE(16, 12)));
    size_t attention = 2 * 12 + 36 * 12 + 36 + 12 * 12 + 12;
    size_t perceptron = 2 * 12 + 48 * 12 + 48 + 12 * 48 + 12;
    ck_assert_uint_eq(model_parameter_count(model, 1, 1), attention);
    ck_assert_uint_eq(model_parameter_count(model, 2, 1), perceptron);
    ck_assert_uint_eq(model_parameter_count(model, 0, 1), 12 * 49 + 12 + 16 * 12);
    model_free(model);

    model = make("vit", SHAPE(3, 32, 32));
    ck_assert_int_eq(model->layers, 12);
    ck_assert(shape_equal(model->layer[0].output, SHAPE(16, 64)));
    model_free(model);
}
END_TEST

START_TEST(transformer_is_the_vit_in_whole_blocks)
{
    const char *const kind[] = {"sequence", "sequence", "sequence", "sequence", "sequence"};
    struct model *model = make("transformer:depth=5,width=12,heads=3,patch=7", SHAPE(1, 28, 28));
    struct model *vit = make("vit:depth=5,width=12,heads=3,patch=7", SHAPE(1, 28, 28));
    check_kinds(model, kind, 5);
    check_chain(model);
    double flops[5], vit_flops[14], sum = 0, vit_sum = 0;
    model_layer_flops(model, flops);
    model_layer_flops(vit, vit_flops);
    ck_assert_uint_eq(model_parameter_count(model, 0, 1), model_parameter_count(vit, 0, 3));
    for (int i = 1; i < 4; i++) {
        ck_assert_uint_eq(model_parameter_count(model, i, 1),
                          model_parameter_count(vit, 1 + 2 * i, 2));
        ck_assert_double_eq(flops[i], vit_flops[1 + 2 * i] + vit_flops[2 + 2 * i]);
    }
    ck_assert_uint_eq(model_parameter_count(model, 4, 1), model_parameter_count(vit, 9, 5));
    for (int i = 0; i < 5; i++)
        sum += flops[i];
    for (int i = 0; i < 14; i++)
        vit_sum += vit_flops[i];
    ck_assert_double_eq(sum, vit_sum);
    ck_assert_str_eq(model->layer[0].parameter[2].name, "0.position");
    ck_assert_str_eq(model->layer[0].parameter[5].name, "1.1.qkv.weight");
    ck_assert_str_eq(model->layer[2].parameter[2].name, "0.1.qkv.weight");
    ck_assert_str_eq(model->layer[4].parameter[15].name, "4.bias");
    model_free(vit);
    model_free(model);

    model = make("transformer:depth=1", SHAPE(1, 28, 28));
    ck_assert_int_eq(model->layers, 1);
    check_chain(model);
    model_free(model);
}
END_TEST

/* Brown et al. 2020, table 2.1: 175 billion parameters in 96 layers of 12288, 96 heads. */
START_TEST(gpt_3_has_its_size)
{
    struct model *model = make("transformer:depth=96,width=12288,heads=96,patch=1",
                               SHAPE(1, 32, 64)); /* 2048 tokens */
    size_t width = 12288, block = 12 * width * width + 13 * width;
    ck_assert_uint_eq(model_parameter_count(model, 1, 1), block);
    ck_assert_uint_eq(model_parameter_count(model, 0, 96),
                      96 * block + 2 * width + 2048 * width + 2 * width + 10 * width + 10);
    ck_assert_double_eq_tol((double)model_parameter_count(model, 0, 96), 175e9, 1.5e9);
    /* About two operations per parameter and token, and attention's own products. */
    double flops[96], products = 2.0 * 2048 * (double)block + 4.0 * 2048 * 2048 * (double)width;
    model_layer_flops(model, flops);
    ck_assert_double_eq_tol(flops[1] / products, 1, 0.01);
    model_free(model);
}
END_TEST

START_TEST(parameters_have_names_and_places)
{
    struct model *model = make("vit:depth=1,width=8,heads=2,patch=14", SHAPE(1, 28, 28));
    const struct layer *block = &model->layer[1];
    const char *const name[] = {
        "0.weight",         "0.bias", "1.qkv.weight", "1.qkv.bias", "1.projection.weight",
        "1.projection.bias"};
    ck_assert_int_eq(block->parameters, 6);
    size_t offset = 0;
    for (int i = 0; i < 6; i++) {
        ck_assert_str_eq(block->parameter[i].name, name[i]);
        ck_assert_uint_eq(block->parameter[i].offset, offset);
        offset += (size_t)shape_count(block->parameter[i].shape);
    }
    ck_assert_uint_eq(offset, block->parameter_count);
    ck_assert_str_eq(model->layer[0].parameter[2].name, "position");
    model_free(model);
}
END_TEST

START_TEST(flops_of_a_linear_layer)
{
    struct model *model = make("mlp:depth=2,width=20", SHAPE(1, 28, 28));
    double flops[4];
    model_layer_flops(model, flops);
    ck_assert_double_eq(flops[0], 0);
    ck_assert_double_eq(flops[1], 2.0 * 784 * 20 + 20);
    ck_assert_double_eq(flops[3], 2.0 * 20 * 10 + 10);
    model_free(model);
}
END_TEST

/* The initial values of a parameter depend on seed, layer and parameter, and on nothing else. */
START_TEST(initial_values_are_pytorchs_defaults)
{
    struct model *model = make("mlp:depth=2,width=20", SHAPE(1, 28, 28));
    const struct layer *layer = &model->layer[1];
    float *value = malloc(sizeof *value * layer->parameter_count);
    ck_assert_ptr_nonnull(value);
    layer_initialise(layer, 7, value);
    float expected[20], bound = 1.0f / 28.0f, largest = 0;
    random_uniform(expected, 20, 7, random_stream(RANDOM_PARAMETER, 1, 1), 0, -bound, bound);
    for (int i = 0; i < 20; i++)
        ck_assert_float_eq(value[784 * 20 + i], expected[i]);
    for (size_t i = 0; i < layer->parameter_count; i++)
        largest = value[i] > largest ? value[i] : largest;
    ck_assert_float_le(largest, bound);
    ck_assert_float_ge(largest, 0.99f * bound);
    free(value);
    model_free(model);
}
END_TEST

static const struct {
    const char *name;
    const char *part; /* of the message */
} refused[] = {
    {"lenet", "mlp, cnn, vit, transformer, gpt and resnet"},
    {"", "there is no model ''"},
    {"mlpx", "there is no model 'mlpx'"},
    {"mlp:depth=0", "depth is a whole number from 1"},
    {"mlp:depth=-3", "depth is a whole number from 1"},
    {"mlp:depth=2x", "depth is a whole number from 1"},
    {"mlp:depth=", "depth is a whole number from 1"},
    {"mlp:depth=99999999999999999999", "depth is a whole number from 1"},
    {"mlp:heads=2", "'heads=2' is no option of this model; it has depth=NUMBER, width=NUMBER, "
                    "norm=none|layer|batch, dropout=NUMBER"},
    {"mlp:width", "'width' is no option"},
    {"mlp:,", "'' is no option"},
    {"mlp:depth=1000,width=16000", "more than 2147483647 parameters"},
    {"cnn:width=3", "'width=3' is no option of this model"},
    {"vit:heads=7", "must divide width=64"},
    {"vit:patch=5", "must divide the image's sides, 28×28"},
    {"vit:patch=29", "must divide the image's sides"},
    {"transformer:heads=7", "must divide width=64"},
    {"transformer:patch=5", "must divide the image's sides, 28×28"},
    {"transformer:blocks=5",
     "it has depth=NUMBER, width=NUMBER, heads=NUMBER, patch=NUMBER, dropout=NUMBER"},
    {"mlp:dropout=1", "dropout is a number from 0 to less than 1"},
    {"vit:dropout=1.5", "dropout is a number from 0 to less than 1"},
    {"mlp:depth=1,depth=1,depth=1,depth=1,depth=1,depth=1,depth=1,depth=1", "longer than 63"},
};

START_TEST(bad_names_are_refused)
{
    char error[MODEL_ERROR_SIZE] = "";
    ck_assert_ptr_null(model_new(refused[_i].name, SHAPE(1, 28, 28), 10, error));
    ck_assert_msg(strstr(error, refused[_i].part) != NULL, "%s: %s", refused[_i].name, error);
}
END_TEST

START_TEST(bad_inputs_are_refused)
{
    char error[MODEL_ERROR_SIZE] = "";
    ck_assert_ptr_null(model_new("cnn", SHAPE(1, 15, 28), 10, error));
    ck_assert_ptr_nonnull(strstr(error, "at least 16×16"));
    ck_assert_ptr_null(model_new("transformer:heads=16,patch=1", SHAPE(1, 128, 128), 10, error));
    ck_assert_ptr_nonnull(strstr(error, "a sample has more than 2147483647 numbers"));
    ck_assert_ptr_null(model_new("mlp", SHAPE(784), 10, error));
    ck_assert_ptr_null(model_new("mlp", SHAPE(1, 0, 28), 10, error));
    ck_assert_ptr_null(model_new("mlp", SHAPE(1, 28, 28), 0, error));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("models");
    TCase *tests = tcase_create("models");
    tcase_add_test(tests, mlp_is_flatten_linear_relu);
    tcase_add_test(tests, mlp_defaults);
    tcase_add_test(tests, mlp_drops_behind_each_relu);
    tcase_add_test(tests, vit_drops_behind_its_linear_layers);
    tcase_add_test(tests, transformer_drops_as_the_vit);
    tcase_add_test(tests, cnn_is_the_tutorials_network);
    tcase_add_test(tests, vit_is_patches_blocks_mean);
    tcase_add_test(tests, transformer_is_the_vit_in_whole_blocks);
    tcase_add_test(tests, gpt_3_has_its_size);
    tcase_add_test(tests, parameters_have_names_and_places);
    tcase_add_test(tests, flops_of_a_linear_layer);
    tcase_add_test(tests, initial_values_are_pytorchs_defaults);
    tcase_add_loop_test(tests, bad_names_are_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tests, bad_inputs_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
