/*
 * The resnet: blocks as layers, and sizes as published: He et al. 2015 for small images, torchvision
 * for ImageNet's.
 */
#include "common/base/flops.h"
#include "common/training/stage.h"
#include "tests/support/test.h"

#include <string.h>

static struct model *make(const char *name, struct shape input, int classes)
{
    char error[MODEL_ERROR_SIZE] = "";
    struct model *model = model_new(name, input, classes, error);
    ck_assert_msg(model != NULL, "%s: %s", name, error);
    return model;
}

/* The number of parameters of all layers, and that each takes what the one before gives. */
static size_t count_all(const struct model *model)
{
    struct shape shape = model->input;
    for (int i = 0; i < model->layers; i++) {
        ck_assert_str_eq(model->layer[i].operations->kind, "sequence");
        ck_assert(shape_equal(model->layer[i].input, shape));
        shape = model->layer[i].output;
    }
    ck_assert(shape_equal(shape, SHAPE(model->outputs)));
    return model_parameter_count(model, 0, model->layers);
}

START_TEST(small_resnets_have_their_sizes)
{
    static const struct {
        const char *name;
        int layers;
        size_t parameters;
    } known[] = {
        /* Table 6 of the paper has 0.27, 0.46, 0.66, 0.85 and 1.7 million, without projections:
         * to 269722, 464154, 658586, 853018 and 1727962 these add 2752. */
        {"resnet:depth=20", 10, 272474},
        {"resnet:depth=32", 16, 466906},
        {"resnet:depth=44", 22, 661338},
        {"resnet:depth=56", 28, 855770},
        {"resnet:depth=110", 55, 1730714}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct model *model = make(known[i].name, SHAPE(3, 32, 32), 10);
        ck_assert_int_eq(model->layers, known[i].layers);
        ck_assert_uint_eq(count_all(model), known[i].parameters);
        model_free(model);
    }
}
END_TEST

START_TEST(groups_double_the_width_and_halve_the_sides)
{
    struct model *model = make("resnet:depth=14", SHAPE(1, 28, 28), 10);
    const struct shape output[] = {SHAPE(16, 28, 28), SHAPE(16, 28, 28), SHAPE(16, 28, 28),
                                   SHAPE(32, 14, 14), SHAPE(32, 14, 14), SHAPE(64, 7, 7),
                                   SHAPE(10)};
    ck_assert_int_eq(model->layers, 7);
    for (int i = 0; i < 7; i++)
        ck_assert(shape_equal(model->layer[i].output, output[i]));
    model_free(model);
    model = make("resnet", SHAPE(3, 5, 7), 4);
    ck_assert_int_eq(model->layers, 4);
    ck_assert(shape_equal(model->layer[2].output, SHAPE(32, 3, 4)));
    count_all(model);
    model_free(model);
}
END_TEST

/* Where the image is one pixel in the end, a batch norm has one number of each channel in a sample. */
START_TEST(a_variance_needs_two_numbers)
{
    static const struct {
        const char *name;
        int side, least;
    } needs[] = {{"resnet", 5, 1},
                 {"resnet", 4, 2},
                 {"resnet:bottleneck=1", 33, 1},
                 {"cnn:norm=batch", 28, 2},
                 {"mlp:norm=batch", 8, 2},
                 {"mlp:norm=layer", 8, 1},
                 {"mlp", 8, 1}};
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        struct model *model = make(needs[i].name, SHAPE(1, needs[i].side, needs[i].side), 10);
        ck_assert_msg(model_least_samples(model) == needs[i].least, "%s on %d: %d", needs[i].name,
                      needs[i].side, model_least_samples(model));
        model_free(model);
    }
}
END_TEST

START_TEST(parameters_and_averages_have_names)
{
    struct model *model = make("resnet:depth=8", SHAPE(1, 28, 28), 10);
    const char *const name[] = {"0.0.weight",          "0.1.weight",          "0.1.bias",
                                "0.3.weight",          "0.4.weight",          "0.4.bias",
                                "0.shortcut.0.weight", "0.shortcut.1.weight", "0.shortcut.1.bias"};
    const struct layer *second = &model->layer[2];
    ck_assert_int_eq(second->parameters, 9);
    for (int i = 0; i < 9; i++)
        ck_assert_str_eq(second->parameter[i].name, name[i]);
    ck_assert_int_eq(second->buffers, 6);
    ck_assert_str_eq(second->buffer[0].name, "0.1.running_mean");
    ck_assert_str_eq(second->buffer[5].name, "0.shortcut.1.running_var");
    ck_assert_uint_eq(second->buffer_count, 6 * 32);
    ck_assert_str_eq(model->layer[0].parameter[0].name, "0.weight");
    ck_assert_str_eq(model->layer[1].parameter[0].name, "0.0.weight");
    ck_assert_str_eq(model->layer[3].parameter[10].name, "3.bias");
    model_free(model);
}
END_TEST

/* torchvision 0.20's resnet50: conv1 and bn1, the blocks of layer1 to layer4, fc. */
START_TEST(resnet_50_is_torchvisions)
{
    enum { STEM = 9408 + 128, HEAD = 2049000 };
    const size_t first[] = {75008, 379392, 1512448, 6039552}; /* block of each group */
    const size_t other[] = {70400, 280064, 1117184, 4462592};
    const int blocks[] = {3, 4, 6, 3}, sides[] = {56, 28, 14, 7};
    struct model *model = make("resnet:bottleneck=1", SHAPE(3, 224, 224), 1000);
    ck_assert_int_eq(model->layers, 17);
    ck_assert_uint_eq(model_parameter_count(model, 0, 1), STEM);
    ck_assert(shape_equal(model->layer[0].output, SHAPE(64, 56, 56)));
    int layer = 1;
    for (int group = 0; group < 4; group++)
        for (int block = 0; block < blocks[group]; block++, layer++) {
            const size_t expected = (block == 0 ? first : other)[group] + (layer == 16 ? HEAD : 0);
            ck_assert_uint_eq(model_parameter_count(model, layer, 1), expected);
            if (layer < 16)
                ck_assert(shape_equal(model->layer[layer].output,
                                      SHAPE(256 << group, sides[group], sides[group])));
        }
    ck_assert_uint_eq(count_all(model), 25557032);
    model_free(model);
}
END_TEST

START_TEST(deeper_ones_are_torchvisions)
{
    struct model *model = make("resnet:depth=101,bottleneck=1", SHAPE(3, 224, 224), 1000);
    ck_assert_uint_eq(count_all(model), 44549160);
    model_free(model);
    model = make("resnet:bottleneck=1,depth=152", SHAPE(3, 224, 224), 1000);
    ck_assert_int_eq(model->layers, 51);
    ck_assert_uint_eq(count_all(model), 60192808);
    model_free(model);
}
END_TEST

/* torchvision counts 4.09, 7.80 and 11.51 billion multiplications (with an addition each) of
 * convolutions and the linear layer. Norms, ReLUs and sums come to less than 2% more. */
START_TEST(flops_are_those_of_torchvision)
{
    static const struct {
        const char *name;
        double multiplications;
    } known[] = {{"resnet:bottleneck=1", 4.089e9},
                 {"resnet:bottleneck=1,depth=101", 7.801e9},
                 {"resnet:bottleneck=1,depth=152", 11.514e9}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct model *model = make(known[i].name, SHAPE(3, 224, 224), 1000);
        double flops[64], sum = 0;
        model_layer_flops(model, flops);
        for (int layer = 0; layer < model->layers; layer++)
            sum += flops[layer];
        ck_assert_double_ge(sum, 2 * known[i].multiplications);
        ck_assert_double_le(sum, 2 * known[i].multiplications * 1.03);
        model_free(model);
    }
}
END_TEST

/* Two images through all of it and back, without numbers; what is charged is what the layers say. */
START_TEST(resnet_50_runs_on_the_meta_device)
{
    struct model *model = make("resnet:bottleneck=1", SHAPE(3, 224, 224), 1000);
    struct stage *stage = stage_new(model, &(struct stage_options){.index = 1,
                                                                   .stages = 2,
                                                                   .layers = model->layers,
                                                                   .micro_batch_size = 2,
                                                                   .micro_batches = 1,
                                                                   .device = DEVICE_META});
    ck_assert_uint_eq(stage_parameters(stage)->elements, 25557032);
    double forward = 0, backward = 0;
    for (int i = 0; i < model->layers; i++) {
        forward += 2 * model->layer[i].forward_flops;
        backward +=
            2 * (model->layer[i].backward_input_flops + model->layer[i].backward_weight_flops);
    }
    const uint64_t before = flops_charged();
    struct tensor *y = stage_forward(stage, 0, stage_input_new(stage));
    ck_assert(shape_equal(y->shape, SHAPE(2, 1000)));
    const uint64_t between = flops_charged();
    struct tensor *dx = stage_backward(stage, 0, y);
    ck_assert(shape_equal(dx->shape, SHAPE(2, 3, 224, 224)));
    ck_assert_double_eq((double)(between - before), forward);
    ck_assert_double_eq((double)(flops_charged() - between), backward);
    tensor_free(dx);
    stage_free(stage);
    model_free(model);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

static const struct {
    const char *name;
    const char *part; /* of the message */
} refused[] = {
    {"resnet:depth=18", "a depth of 6n + 2, so 8, 14, 20, 26, 32 and so on; with bottleneck=1 one "
                        "of 50, 101 or 152"},
    {"resnet:depth=2", "depth=2: a resnet has a depth of 6n + 2"},
    {"resnet:depth=9", "depth=9: a resnet has a depth of 6n + 2"},
    {"resnet:depth=8,bottleneck=1", "depth=8: a resnet with bottleneck=1 has a depth of 50, 101 or "
                                    "152"},
    {"resnet:bottleneck=2", "bottleneck is 0 or 1"},
    {"resnet:width=0", "width is a whole number from 1"},
    {"resnet:width=4096", "has more than 2147483647 numbers"},
    {"resnet:norm=batch", "it has depth=NUMBER, width=NUMBER, bottleneck=0|1"},
};

START_TEST(others_are_refused)
{
    char error[MODEL_ERROR_SIZE] = "";
    ck_assert_ptr_null(model_new(refused[_i].name, SHAPE(1, 28, 28), 10, error));
    ck_assert_msg(strstr(error, refused[_i].part) != NULL, "%s: %s", refused[_i].name, error);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("resnets");
    TCase *tests = tcase_create("resnets");
    tcase_add_test(tests, small_resnets_have_their_sizes);
    tcase_add_test(tests, groups_double_the_width_and_halve_the_sides);
    tcase_add_test(tests, a_variance_needs_two_numbers);
    tcase_add_test(tests, parameters_and_averages_have_names);
    tcase_add_test(tests, resnet_50_is_torchvisions);
    tcase_add_test(tests, deeper_ones_are_torchvisions);
    tcase_add_test(tests, flops_are_those_of_torchvision);
    tcase_add_test(tests, resnet_50_runs_on_the_meta_device);
    tcase_add_loop_test(tests, others_are_refused, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tests);
    return suite;
}
