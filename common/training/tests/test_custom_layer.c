/*
 * Layers of students (common/layers/custom_layer.h) in models and stages: a linear layer that is
 * not the kit's computes, costs and holds what the kit's does, wherever a model has one; who writes
 * it wrongly is told what is wrong.
 */
#include "common/base/flops.h"
#include "common/layers/custom_layer.h"
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the layer ------------------------------------------------------------------------------------ */

enum { X, DY };

static struct pass seen; /* in the last forward */
static int own_layers;   /* that live */

static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    seen = *call->pass;
    struct tensor *y = layer_output_new(call);
    compute_matrix_product(false, true, x, call->parameter[0], 0.0f, y);
    compute_add_bias(call->parameter[1], y);
    layer_keep(call, X, x);
    return y;
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    struct tensor *dx = want_dx ? layer_input_new(call) : NULL;
    if (want_dx)
        compute_matrix_product(false, false, dy, call->parameter[0], 0.0f, dx);
    layer_keep(call, DY, dy);
    return dx;
}

static void backward_weight(struct layer_call *call)
{
    struct tensor *x = layer_take(call, X); /* what is not taken is freed without being told */
    compute_matrix_product(true, false, layer_kept(call, DY), x, 1.0f, call->gradient[0]);
    compute_add_column_sums(layer_kept(call, DY), call->gradient[1]);
    tensor_free(x);
}

static void free_own(void *own)
{
    own_layers--;
    free(own);
}

static struct custom_layer linear_for(const struct layer *kit)
{
    return (struct custom_layer){.kind = "mine",
                                 .input = kit->input,
                                 .output = kit->output,
                                 .parameters = 2,
                                 .parameter = {kit->parameter[0], kit->parameter[1]},
                                 .forward_flops = kit->forward_flops,
                                 .backward_input_flops = kit->backward_input_flops,
                                 .backward_weight_flops = kit->backward_weight_flops,
                                 .own = malloc(1),
                                 .forward = forward,
                                 .backward_input = backward_input,
                                 .backward_weight = backward_weight,
                                 .free = free_own};
}

static bool is_linear(const struct layer_place *place)
{
    return strcmp(place->kit->operations->kind, "linear") == 0;
}

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
    result.gradients = fixture_copy(stage_gradients(stage));
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
        fixture_compare("own linear", "y", found.y[m], expected.y[m],
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
    const float *own = tensor_floats(stage_parameters(part)) + second->offset;
    const float *all = tensor_floats(stage_parameters(whole)) + kits->layer[2].parameter[4].offset;
    int wrong = 0;
    for (int i = 0; i < 24; i++)
        for (int j = 0; j < 48; j++)
            wrong += own[i * 48 + j] != all[i * 96 + j];
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
    ck_assert_mem_eq(y->data, y_again->data, tensor_bytes(y));
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

/* ---- what is wrong is told ------------------------------------------------------------------------ */

static struct custom_layer wrong_layer;

static bool put_wrong(const struct layer_place *place, struct layer *own, void *user)
{
    (void)user;
    if (!is_linear(place) || place->number != 1)
        return false;
    struct custom_layer layer = linear_for(place->kit);
    if (wrong_layer.forward != NULL)
        layer.forward = wrong_layer.forward;
    if (wrong_layer.backward_input != NULL)
        layer.backward_input = wrong_layer.backward_input;
    if (wrong_layer.backward_weight != NULL)
        layer.backward_weight = wrong_layer.backward_weight;
    if (wrong_layer.input.dimensions > 0)
        layer.input = wrong_layer.input;
    if (wrong_layer.parameters > 0)
        layer.parameters = wrong_layer.parameters;
    if (wrong_layer.parameter[0].name[0] != '\0')
        layer.parameter[0] = wrong_layer.parameter[0];
    if (wrong_layer.kind != NULL)
        layer.kind = wrong_layer.kind;
    *own = layer_custom(&layer);
    return true;
}

/* A step with the wrong layer. The first linear layer of the model is the kit's. */
static void step_with(struct custom_layer layer)
{
    wrong_layer = layer;
    layer_replace_with(put_wrong, NULL);
    struct model *model = small_model(0);
    struct stage *stage = small_whole(model, 3, 2);
    tensor_free(stage_forward(stage, 0, small_samples(model->input, 0, 3, 0)));
    stage_backward(stage, 0, small_samples(SHAPE(10), 0, 3, 1));
}
#define STEP_WITH(...) step_with((struct custom_layer){__VA_ARGS__})

static struct tensor *returns_null(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return NULL;
}
static struct tensor *returns_shape(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return compute_new(call->device, SHAPE(3, 34));
}
static struct tensor *returns_integers(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, call->device, SHAPE(3, 33));
}
static struct tensor *returns_meta(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return compute_new(DEVICE_META, SHAPE(3, 33));
}
static struct tensor *returns_freed(struct layer_call *call, struct tensor *x)
{
    (void)call;
    tensor_free(x);
    return x;
}
static struct tensor *forgets_x(struct layer_call *call, struct tensor *x)
{
    (void)x;
    return layer_output_new(call);
}
static struct tensor *keeps_and_frees(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    tensor_free(x);
    return layer_output_new(call);
}
static struct tensor *keeps_and_returns(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return x;
}
static struct tensor *keeps_twice(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    layer_keep(call, X, tensor_retain(x));
    return layer_output_new(call);
}
static struct tensor *keeps_elsewhere(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, 8, x);
    return layer_output_new(call);
}
static struct tensor *keeps_a_parameter(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    layer_keep(call, 5, tensor_retain(call->parameter[0]));
    return layer_output_new(call);
}
static struct tensor *frees_a_parameter(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    tensor_free(call->parameter[1]);
    return layer_output_new(call);
}
static struct tensor *no_dx(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    (void)want_dx;
    layer_keep(call, DY, dy);
    return NULL;
}
static struct tensor *dx_as_dy(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    (void)call;
    (void)want_dx;
    struct tensor *dx = compute_new(dy->device, SHAPE(4, 33));
    tensor_free(dy);
    return dx;
}
static void takes_what_is_not_there(struct layer_call *call)
{
    layer_take(call, 4);
}
static void takes_and_forgets(struct layer_call *call)
{
    layer_take(call, X);
}

static void null(void)
{
    STEP_WITH(.forward = returns_null);
}
static void shape(void)
{
    STEP_WITH(.forward = returns_shape);
}
static void integers(void)
{
    STEP_WITH(.forward = returns_integers);
}
static void device(void)
{
    STEP_WITH(.forward = returns_meta);
}
static void freed(void)
{
    STEP_WITH(.forward = returns_freed);
}
static void forgotten(void)
{
    STEP_WITH(.forward = forgets_x);
}
static void kept_and_freed(void)
{
    STEP_WITH(.forward = keeps_and_frees);
}
static void kept_and_returned(void)
{
    STEP_WITH(.forward = keeps_and_returns);
}
static void kept_twice(void)
{
    STEP_WITH(.forward = keeps_twice);
}
static void no_slot(void)
{
    STEP_WITH(.forward = keeps_elsewhere);
}
static void parameter_kept(void)
{
    STEP_WITH(.forward = keeps_a_parameter);
}
static void parameter_freed(void)
{
    STEP_WITH(.forward = frees_a_parameter);
}
static void dx_null(void)
{
    STEP_WITH(.backward_input = no_dx);
}
static void dx_shape(void)
{
    STEP_WITH(.backward_input = dx_as_dy);
}
static void empty_slot(void)
{
    STEP_WITH(.backward_weight = takes_what_is_not_there);
}
static void taken_and_forgotten(void)
{
    STEP_WITH(.backward_weight = takes_and_forgets);
}
static void unnamed(void)
{
    STEP_WITH(.kind = "");
}
static void other_input(void)
{
    STEP_WITH(.input = SHAPE(32));
}
static void one_parameter(void)
{
    STEP_WITH(.parameters = 1);
}
static void other_name(void)
{
    STEP_WITH(.parameter = {{.name = "w", .shape = SHAPE(33, 33)}});
}
static void other_whole(void)
{
    STEP_WITH(.parameter = {{.name = "weight", .shape = SHAPE(33, 32)}});
}
/* The kit's own layer with half of the outputs, which says that it is a slice, or does not. */
static bool put_half(const struct layer_place *place, struct layer *own, void *user)
{
    if (!is_linear(place) || place->number != 0)
        return false;
    *own = layer_linear(place->kit->input, 11);
    for (int k = 0; k < 2 && user == NULL; k++) {
        const struct parameter *whole = &place->whole->parameter[k];
        own->parameter[k] = layer_parameter_part(whole, slice_along(whole->shape, 0, 0, 11));
    }
    return true;
}
static bool put_third(const struct layer_place *place, struct layer *own, void *user)
{
    if (!put_half(place, own, user))
        return false;
    own->parameter[1] =
        layer_parameter_part(&place->whole->parameter[1], slice_along(SHAPE(33), 0, 0, 10));
    return true;
}
static void slice_too_short(void)
{
    layer_replace_with(put_third, NULL);
    small_model(0);
}
static void next_is_split(void)
{
    layer_replace_with(put_half, NULL);
    small_model(0);
}
static void kits_says_no_slice(void)
{
    layer_replace_with(put_half, &wrong_layer);
    small_model(0);
}
static bool says_true_only(const struct layer_place *place, struct layer *own, void *user)
{
    (void)own;
    (void)user;
    return is_linear(place);
}
static void nothing_made(void)
{
    layer_replace_with(says_true_only, NULL);
    small_model(0);
}
static void slice_of_another(void)
{
    const struct parameter whole = {.name = "weight", .shape = SHAPE(8, 4)};
    layer_parameter_part(&whole, slice_along(SHAPE(4, 4), 0, 0, 2));
}

#define MINE "mine, in place of linear 1: "
static const struct fatal_case misuses[] = {
    {null, MINE "forward returned NULL; expected y, a tensor (3, 33)"},
    {shape, MINE "forward returned float32 (3, 34); expected y, float32 (3, 33) (samples first)"},
    {integers, MINE "forward returned int32 (3, 33); expected y, float32 (3, 33)"},
    {device, MINE "forward returned y on another device than its input is on"},
    {freed, MINE "forward freed 1 tensor that it also kept or returned, or that others hold"},
    {forgotten, MINE "forward left 1 tensor behind: what it takes over (x, dy)"},
    {kept_and_freed, MINE "forward freed 1 tensor that it also kept or returned"},
    {kept_and_returned, MINE "forward freed 1 tensor that it also kept or returned"},
    {kept_twice, "layer_keep: " MINE "slot 0 still holds a tensor of this micro-batch"},
    {no_slot, "layer_keep: " MINE "there is no slot 8; they are numbered 0 to 7"},
    {parameter_kept, MINE "forward still refers to call->parameter[0] (\"weight\")"},
    {parameter_freed, MINE "forward freed call->parameter[1] (\"bias\")"},
    {dx_null, MINE "backward_input returned NULL; expected dx, a tensor (3, 33)"},
    {dx_shape, MINE "backward_input returned float32 (4, 33); expected dx, float32 (3, 33)"},
    {empty_slot, "layer_take: " MINE "slot 4 is empty"},
    {taken_and_forgotten, MINE "backward_weight left 1 tensor behind"},
    {unnamed, "layer_custom: a layer needs a kind"},
    {other_input, MINE "it takes float32 (32), but what comes to its place is float32 (33)"},
    {one_parameter, MINE "it has 1 parameter tensor(s), and the kit's layer has 2"},
    {other_name, MINE "its parameter 0 is \"w\", as a whole (33, 33); in a model of the "
                      "kit's layers it is \"weight\" (33, 33)"},
    {other_whole, MINE "its parameter 0 is \"weight\", as a whole (33, 32)"},
    {nothing_made, "said true for linear 0, and made no layer"},
    {next_is_split,
     "linear 1: its parameter 0 is \"weight\", as a whole (33, 11); in a model of the "
     "kit's layers it is \"weight\" (33, 33)"},
    {slice_too_short, "linear 0: its slices have 8634 numbers, and the layer was made with 8635"},
    {kits_says_no_slice,
     "linear 0: its parameter 0 is \"weight\", as a whole (11, 784); in a model of "
     "the kit's layers it is \"weight\" (33, 784)"},
    {slice_of_another, "\"weight\" is (8, 4), and the slice is of a whole (4, 4)"},
};

START_TEST(who_writes_a_layer_wrongly_is_told)
{
    fatal_expect(&misuses[_i]);
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
    tcase_add_test(cases, a_forward_may_be_run_again);
    tcase_add_loop_test(cases, who_writes_a_layer_wrongly_is_told, 0,
                        sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, cases);
    return suite;
}
