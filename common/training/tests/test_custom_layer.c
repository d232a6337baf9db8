/*
 * Layers of students (common/layers/custom_layer.h) in models and stages: a linear layer that is
 * not the kit's computes, costs and holds what the kit's does, wherever a model has one.
 */
#include "common/base/flops.h"
#include "common/training/tests/own_linear.h"
#include "tests/support/fixture.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

static bool replace(const struct layer_place *place, struct layer *own, void *user)
{
    int *numbers = user;
    if (!is_linear(place))
        return false;
    ck_assert_int_eq(place->number, (*numbers)++);
    const struct custom_layer layer = linear_for(place->kit);
    *own = layer_custom(&layer);
    own_layers++;
    return true;
}

/* One of the small models with own linear layers; how many. */
static struct model *own_model(int i, int *count)
{
    *count = 0;
    layer_replace_with(replace, count);
    struct model *model = small_model(i);
    layer_replace_with(NULL, NULL);
    return model;
}

/* ---- it is what the kit's is ---------------------------------------------------------------------- */

/* What two micro-batches leave, and what they took. */
struct result {
    struct tensor *y[2], *gradients;
    uint64_t flops;
    size_t peak, live;
};

static struct result run(const struct model *model, bool in_halves)
{
    struct result result = {0};
    const size_t live = memory_live(MEMORY_ACTIVATION);
    struct stage *stage = small_whole(model, 3, 2);
    memory_reset_peak();
    result.flops = flops_charged();
    for (int m = 0; m < 2; m++)
        result.y[m] = stage_forward(stage, m, small_samples(model->input, 3 * m, 3, 0));
    for (int m = 0; m < 2; m++) {
        struct tensor *dy = small_samples(SHAPE(10), 3 * m, 3, 1);
        if (in_halves)
            tensor_free(stage_backward_input(stage, m, dy));
        else
            tensor_free(stage_backward(stage, m, dy));
    }
    for (int m = 0; m < 2 && in_halves; m++)
        stage_backward_weight(stage, m);
    result.flops = flops_charged() - result.flops;
    result.peak = memory_peak(MEMORY_ACTIVATION) - live;
    result.gradients = to_host(fixture_copy(stage_gradients(stage)));
    stage_free(stage);
    result.live = memory_live(MEMORY_ACTIVATION) - live;
    return result;
}

START_TEST(an_own_linear_layer_is_what_the_kits_is)
{
    int count;
    struct model *kits = small_model(_i / 2), *own = own_model(_i / 2, &count);
    ck_assert_int_gt(count, 0);
    ck_assert_int_eq(own_layers, count);
    ck_assert_uint_eq(model_parameter_count(own, 0, own->layers),
                      model_parameter_count(kits, 0, kits->layers));
    double flops[2][64];
    model_layer_flops(kits, flops[0]);
    model_layer_flops(own, flops[1]);
    for (int l = 0; l < kits->layers; l++) {
        ck_assert_double_eq(flops[0][l], flops[1][l]);
        for (int k = 0; k < kits->layer[l].parameters; k++)
            ck_assert_str_eq(kits->layer[l].parameter[k].name, own->layer[l].parameter[k].name);
    }
    const struct result expected = run(kits, _i % 2 == 1), found = run(own, _i % 2 == 1);
    for (int m = 0; m < 2; m++)
        fixture_compare("own linear", "y", found.y[m], to_host(expected.y[m]),
                        tolerance_default(DTYPE_FLOAT32));
    fixture_compare("own linear", "gradients", found.gradients, expected.gradients,
                    tolerance_gradient());
    ck_assert_uint_eq(found.flops, expected.flops);
    ck_assert_uint_eq(found.peak, expected.peak);
    ck_assert_uint_eq(found.live, expected.live);
    model_free(own);
    ck_assert_int_eq(own_layers, 0);
    model_free(kits);
}
END_TEST

/* ---- places --------------------------------------------------------------------------------------- */

/* Every second linear layer gives half of its output; the next takes that. */
static bool halve(const struct layer_place *place, struct layer *own, void *user)
{
    int *halved = user;
    if (!is_linear(place))
        return false;
    const bool gives_half = place->number % 2 == 0 && shape_last(place->whole->output) > 10;
    struct custom_layer layer = linear_for(place->kit);
    layer.output = place->whole->output;
    for (int k = 0; k < 2; k++)
        layer.parameter[k] = place->whole->parameter[k];
    const struct shape whole = layer.parameter[0].shape;
    if (gives_half) {
        layer.output.size[layer.output.dimensions - 1] /= 2;
        for (int k = 0; k < 2; k++)
            layer.parameter[k] = layer_parameter_part(
                &place->whole->parameter[k],
                slice_along(place->whole->parameter[k].shape, 0, 0, whole.size[0] / 2));
    } else if (!shape_equal(place->kit->input, place->whole->input)) {
        layer.parameter[0] = layer_parameter_part(
            &place->whole->parameter[0], slice_along(whole, 1, 0, shape_last(place->kit->input)));
        ++*halved;
    }
    *own = layer_custom(&layer);
    own_layers++;
    return true;
}

START_TEST(following_layers_take_what_an_own_layer_gives)
{
    int halved = 0;
    layer_replace_with(halve, &halved);
    struct model *model = small_model(3);
    layer_replace_with(NULL, NULL);
    ck_assert_int_eq(halved, 2); /* one in each block */
    /* "1.weight" is the norm's, "1.weight" of the linear layer inside of the block (96, 24). */
    const struct layer *block = &model->layer[2];
    const struct parameter *first = &block->parameter[2], *second = &block->parameter[4];
    ck_assert_str_eq(first->name, "1.weight");
    ck_assert(shape_equal(first->shape, SHAPE(48, 24)) &&
              shape_equal(first->slice.whole, SHAPE(96, 24)));
    ck_assert_str_eq(second->name, "3.weight");
    ck_assert(shape_equal(second->shape, SHAPE(24, 48)) &&
              shape_equal(second->slice.whole, SHAPE(24, 96)));
    ck_assert(shape_equal(block->inner[2].input, SHAPE(16, 48))); /* the kit's gelu between them */

    /* They begin with the numbers of the whole. */
    struct model *kits = small_model(3);
    struct stage *part = small_stage(model, 2, 3, 2, 1, 1, 1),
                 *whole = small_stage(kits, 2, 3, 2, 1, 1, 1);
    const size_t own = second->offset, all = kits->layer[2].parameter[4].offset;
    int wrong = 0;
    for (int i = 0; i < 24; i++)
        for (int j = 0; j < 48; j++)
            wrong += number_at(stage_parameters(part), own + (size_t)(i * 48 + j)) !=
                     number_at(stage_parameters(whole), all + (size_t)(i * 96 + j));
    ck_assert_int_eq(wrong, 0);
    stage_free(part);
    stage_free(whole);
    model_free(kits);
    model_free(model);
    ck_assert_int_eq(own_layers, 0);
}
END_TEST

START_TEST(a_function_is_told_of_its_pass)
{
    int count;
    struct model *model = own_model(0, &count);
    struct stage *stage = small_whole(model, 3, 2);
    stage_set_step(stage, 7);
    tensor_free(stage_forward(stage, 1, small_samples(model->input, 0, 3, 0)));
    ck_assert_int_eq(seen.step, 7);
    ck_assert_int_eq(seen.first_sample, 3);
    ck_assert_uint_eq(seen.seed, 11);
    ck_assert(!seen.again && !seen.evaluating);
    stage_free(stage); /* and with it what was kept of a micro-batch that never came back */
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    model_free(model);
}
END_TEST

/* ---- tokens: an embedding by products ------------------------------------------------------------ */

static bool wanted; /* dx, in the last backward_input */

static struct tensor *embed(struct layer_call *call, struct tensor *tokens)
{
    const int rows = (int)tokens->elements, vocabulary = call->parameter[0]->shape.size[0];
    struct tensor *one_hot = compute_new(call->device, SHAPE(rows, vocabulary));
    tensor_zero(one_hot);
    compute_add_to_picked(tokens, 0, 1.0f, one_hot);
    struct tensor *y = layer_output_new(call);
    compute_matrix_product(false, false, one_hot, call->parameter[0], 0.0f, y);
    layer_keep(call, X, one_hot);
    tensor_free(tokens);
    return y;
}

static struct tensor *embed_backward(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    wanted = want_dx;
    compute_matrix_product(true, false, layer_kept(call, X), dy, 1.0f, call->gradient[0]);
    tensor_free(dy);
    return NULL;
}

static void nothing(struct layer_call *call)
{
    (void)call;
}

/* The gradients are added in backward_input, and nobody may ask for dx. */
START_TEST(a_layer_takes_tokens)
{
    struct layer layer = layer_custom(&(struct custom_layer){
        .kind = "embedding",
        .input = SHAPE(3),
        .output = SHAPE(3, 2),
        .input_dtype = DTYPE_INT32,
        .parameters = 1,
        .parameter = {{.name = "token", .shape = SHAPE(4, 2)}},
        .forward = embed,
        .backward_input = embed_backward,
        .backward_weight = nothing,
    });
    float table[8] = {0, 1, 2, 3, 4, 5, 6, 7}, gradient[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    float *lent_table = lend(table, sizeof table), *lent = lend(gradient, sizeof gradient);
    const struct layer_memory memory = {.parameters = lent_table, .gradients = lent};
    struct saved *saved = saved_new(&layer);
    struct tensor *x = tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, DEVICE_CPU, SHAPE(1, 3));
    memcpy(x->data, (int32_t[]){3, 0, 3}, 3 * sizeof(int32_t));
    struct tensor *y = layer_forward(&layer, memory, saved, to_device(x));
    const float rows[6] = {6, 7, 0, 1, 6, 7};
    for (size_t i = 0; i < 6; i++)
        ck_assert_float_eq(number_at(y, i), rows[i]);
    wanted = true;
    ck_assert_ptr_null(layer_backward_input(&layer, memory, saved, y, true));
    ck_assert(!wanted);
    layer_backward_weight(&layer, memory, saved);
    const float sums[8] = {1, 2, 1, 1, 1, 1, 13, 15};
    take_back(lent, gradient, sizeof gradient);
    lent_free(lent_table, table);
    ck_assert_mem_eq(gradient, sums, sizeof sums);
    saved_free(saved);
    layer_destroy(&layer);
}
END_TEST

/* A forward that is run for its output alone is thrown away, and run once more before the backward. */
START_TEST(a_forward_may_be_run_again)
{
    int count;
    struct model *model = own_model(0, &count);
    const struct layer *layer = &model->layer[1];
    struct stage *stage = small_stage(model, 1, 2, 1, 1, 3, 1);
    const struct pass again = {.again = true};
    struct layer_memory memory = stage_layer_memory(stage, 1, &again);
    struct saved *saved = saved_new(layer);
    struct tensor *x = small_samples(layer->input, 0, 3, 0);
    struct tensor *y = layer_forward(layer, memory, saved, tensor_retain(x));
    saved_free(saved);
    saved = saved_new(layer);
    struct tensor *y_again = layer_forward(layer, memory, saved, x);
    ck_assert(seen.again);
    ck_assert(same_numbers(y, y_again));
    tensor_free(
        layer_backward_input(layer, memory, saved, small_samples(layer->output, 0, 3, 1), true));
    layer_backward_weight(layer, memory, saved);
    saved_free(saved);
    tensor_free(y);
    tensor_free(y_again);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    stage_free(stage);
    model_free(model);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("layers of students");
    TCase *cases = tcase_create("custom layers");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, an_own_linear_layer_is_what_the_kits_is, 0, 2 * SMALL_MODELS);
    tcase_add_test(cases, following_layers_take_what_an_own_layer_gives);
    tcase_add_test(cases, a_function_is_told_of_its_pass);
    tcase_add_test(cases, a_layer_takes_tokens);
    tcase_add_test(cases, a_forward_may_be_run_again);
    suite_add_tcase(suite, cases);
    return suite;
}
