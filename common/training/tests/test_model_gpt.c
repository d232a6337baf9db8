/*
 * The gpt: published numbers of parameters, its layers, what it is refused for, and a tied head that is
 * cut off from the embedding.
 */
#include "common/training/stage.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model *make(const char *name, int tokens, int vocabulary)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new(name, SHAPE(tokens), vocabulary, error);
    ck_assert_msg(model != NULL, "%s", error);
    return model;
}

/* GPT-2 in its four sizes, as counted in the published weights (huggingface.co/openai-community). */
static const struct {
    const char *options;
    size_t parameters;
} published[] = {
    {"depth=12,width=768,heads=12", 124439808},
    {"depth=24,width=1024,heads=16", 354823168},
    {"depth=36,width=1280,heads=20", 774030080},
    {"depth=48,width=1600,heads=25", 1557611200},
};

START_TEST(has_the_published_parameters)
{
    char name[64];
    snprintf(name, sizeof name, "gpt:%s,tied=1", published[_i].options);
    struct model *model = make(name, 1024, 50257);
    ck_assert_uint_eq(model_parameter_count(model, 0, model->layers), published[_i].parameters);
    ck_assert(model_is_tied(model));
    /* One stage on the meta device has them once. */
    struct stage *stage = stage_new(model, &(struct stage_options){.stages = 1,
                                                                   .layers = model->layers,
                                                                   .micro_batch_size = 1,
                                                                   .micro_batches = 1,
                                                                   .device = DEVICE_META});
    ck_assert_uint_ge(memory_live(MEMORY_PARAMETER), 4 * published[_i].parameters);
    ck_assert_uint_lt(memory_live(MEMORY_PARAMETER), 4 * published[_i].parameters + 4096);
    tensor_free(stage_forward(stage, 0, stage_input_new(stage)));
    ck_assert_ptr_null(stage_backward(stage, 0, stage_output_new(stage)));
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    stage_free(stage);

    struct model *untied = make(strcat(strcpy(name, "gpt:"), published[_i].options), 1024, 50257);
    ck_assert(!model_is_tied(untied));
    const size_t width = (size_t)untied->layer[0].output.size[1];
    ck_assert_uint_eq(model_parameter_count(untied, 0, untied->layers),
                      published[_i].parameters + 50257 * width);
    model_free(untied);
    model_free(model);
}
END_TEST

START_TEST(has_as_many_layers_as_its_depth)
{
    for (int depth = 1; depth <= 6; depth++) {
        char name[64];
        snprintf(name, sizeof name, "gpt:depth=%d,width=12,heads=3", depth);
        struct model *model = make(name, 10, 7);
        ck_assert_int_eq(model->layers, depth);
        ck_assert_int_eq((int)model->layer[0].input_dtype, (int)DTYPE_INT32);
        ck_assert(shape_equal(model->layer[depth - 1].output, SHAPE(10, 7)));
        ck_assert_str_eq(model->layer[0].parameter[0].name, "0.token");
        for (int i = 1; i < depth; i++) {
            ck_assert_int_eq((int)model->layer[i].input_dtype, (int)DTYPE_FLOAT32);
            ck_assert(shape_equal(model->layer[i].input, SHAPE(10, 12)));
            ck_assert_int_eq(model->layer[i].index, i);
        }
        const struct data_shape data = model_data(model);
        ck_assert(shape_equal(data.input, SHAPE(10)) && data.dtype == DTYPE_INT32);
        ck_assert_int_eq(data.labels, 10);
        ck_assert_int_eq(data.classes, 7);
        model_free(model);
    }
}
END_TEST

/* Each block has two, and the first one more behind the embedding. */
START_TEST(has_dropouts_where_it_says)
{
    struct model *model = make("gpt:depth=5,dropout=0.1", 10, 7);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(model->layer[i].dropouts, i == 0 ? 3 : 2);
    model_free(model);
    model = make("gpt:depth=5", 10, 7);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(model->layer[i].dropouts, 0);
    model_free(model);
}
END_TEST

static const struct {
    const char *model;
    struct shape input;
    const char *message;
} refused[] = {
    {"gpt", {3, {1, 28, 28}}, "--data text"},
    {"mlp", {1, {64}}, "gpt, which is for text"},
    {"cnn", {1, {64}}, "gpt, which is for text"},
    {"vit", {1, {64}}, "gpt, which is for text"},
    {"transformer", {1, {64}}, "gpt, which is for text"},
    {"gpt:heads=3", {1, {64}}, "must divide width=64"},
    {"gpt:tied=2", {1, {64}}, "tied is 0 or 1"},
    {"gpt:dropout=1", {1, {64}}, "dropout is a number from 0 to less than 1"},
    {"gpt:patch=2", {1, {64}}, "no option"},
    {"gpt:heads=1024,width=1024", {1, {2048}}, "make one of them smaller"},
    {"gpt", {1, {0}}, "not (0)"},
    {"gpt", {2, {3, 4}}, "not (3, 4)"},
};

START_TEST(refuses_and_says_why)
{
    char error[MODEL_ERROR_SIZE] = "";
    ck_assert_ptr_null(model_new(refused[_i].model, refused[_i].input, 10, error));
    ck_assert_msg(strstr(error, refused[_i].message) != NULL, "%s: %s", refused[_i].model, error);
}
END_TEST

static struct stage *half(const struct model *model, int index, bool sums)
{
    return stage_new(model, &(struct stage_options){.index = index,
                                                    .stages = 2,
                                                    .first_layer = index,
                                                    .layers = 1,
                                                    .micro_batch_size = 2,
                                                    .micro_batches = 1,
                                                    .seed = 4,
                                                    .sums_tied_gradients = sums});
}

static void cut_tied(int index)
{
    half(make("gpt:depth=2,width=8,heads=2,tied=1", 6, 11), index, false);
}

START_TEST(a_tied_head_elsewhere_needs_a_program_that_sums)
{
    check_fatal(cut_tied, 1, "unless the program adds up their gradients");
}
END_TEST

/* The copy begins as the table does, and lies behind the layers' own. */
START_TEST(a_copy_begins_as_the_table)
{
    struct model *model = make("gpt:depth=2,width=8,heads=2,tied=1", 6, 11);
    struct stage *first = half(model, 0, true), *last = half(model, 1, true);
    struct tensor *table = stage_tied_parameters(first), *copy = stage_tied_parameters(last);
    ck_assert(shape_equal(table->shape, SHAPE(11, 8)) && shape_equal(copy->shape, table->shape));
    ck_assert_mem_eq(table->data, copy->data, tensor_bytes(table));
    ck_assert_uint_eq(stage_parameters(last)->elements,
                      model_parameter_count(model, 1, 1) + table->elements);
    tensor_free(table);
    tensor_free(copy);
    stage_free(first);
    stage_free(last);
    model_free(model);
}
END_TEST

/* Of 6 tokens a causal attention looks at 1 + 2 + … + 6 = 21 pairs of the 36; each pair costs a
 * multiplication and an addition by Q · K and by P · V for each number of the width. An embedding adds a
 * position to each number. */
START_TEST(only_what_is_looked_at_is_charged)
{
    enum { TOKENS = 6, WIDTH = 8, HEADS = 2, SOFTMAX = 20 };
    struct layer all = layer_attention(SHAPE(TOKENS, WIDTH), HEADS);
    struct layer causal = layer_causal_attention(SHAPE(TOKENS, WIDTH), HEADS);
    ck_assert_double_eq(all.forward_flops - causal.forward_flops,
                        (36 - 21) * (4 * WIDTH + SOFTMAX * HEADS));
    ck_assert_double_eq(all.backward_weight_flops, causal.backward_weight_flops);
    ck_assert_double_eq(layer_embedding(TOKENS, 11, WIDTH).forward_flops, TOKENS * WIDTH);
    layer_destroy(&all);
    layer_destroy(&causal);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("gpt");
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, has_the_published_parameters, 0,
                        sizeof published / sizeof *published);
    tcase_add_test(tests, only_what_is_looked_at_is_charged);
    tcase_add_test(tests, has_as_many_layers_as_its_depth);
    tcase_add_test(tests, has_dropouts_where_it_says);
    tcase_add_loop_test(tests, refuses_and_says_why, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tests, a_tied_head_elsewhere_needs_a_program_that_sums);
    tcase_add_test(tests, a_copy_begins_as_the_table);

    Suite *suite = suite_create("gpt");
    suite_add_tcase(suite, tests);
    return suite;
}
