/*
 * Stages whose layers' numbers come and go, or have 16 bits: against a stage that has them all the time, in float32.
 */
#include "common/base/sixteen_bits.h"
#include "common/kernels/kernels.h"
#include "common/training/optimizer.h"
#include "tests/support/fatal.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 3, MICRO_BATCHES = 2 };

static struct stage *whole_stage(const struct model *model, struct stage_options options)
{
    options.stages = 1;
    options.layers = model->layers;
    options.micro_batch_size = SAMPLES;
    options.micro_batches = MICRO_BATCHES;
    options.seed = 1;
    options.device = tested_device();
    return stage_new(model, &options);
}

/* All gradients of two micro-batches, in a row; the outputs of the first one are *y, the caller's. */
static void run(struct stage *stage, const struct model *model, struct tensor **y)
{
    const struct shape output = model->layer[model->layers - 1].output;
    for (int m = 0; m < MICRO_BATCHES; m++) {
        struct tensor *x = small_samples(model->input, m * SAMPLES, SAMPLES, 0);
        struct tensor *out = stage_forward(stage, m, x);
        if (m == 0)
            *y = out;
        else
            tensor_free(out);
    }
    for (int m = 0; m < MICRO_BATCHES; m++)
        tensor_free(stage_backward(stage, m, small_samples(output, m * SAMPLES, SAMPLES, 1)));
}

/* ---- coming and going ---- */

struct traveller {
    struct stage *stage, *home; /* home has all numbers all the time */
    int moments[STAGE_MOMENTS + 1];
};

/* home's parameters of a layer, in a tensor of their own. */
static struct tensor *copy_of(struct tensor *view)
{
    struct tensor *copy = tensor_new(view->kind, view->dtype, view->device, view->shape);
    tensor_copy(copy, view);
    tensor_free(view);
    return copy;
}

static void at_layer(void *own, enum stage_moment moment, int micro_batch, int layer)
{
    struct traveller *t = own;
    (void)micro_batch;
    t->moments[moment]++;
    if (moment == AFTER_LAYER_FORWARD) {
        tensor_free(stage_take_parameters(t->stage, layer));
        return;
    }
    stage_put_parameters(t->stage, layer, copy_of(stage_layer_parameters(t->home, layer)));
    if (moment == BEFORE_LAYER_BACKWARD)
        stage_put_gradients(t->stage, layer, copy_of(stage_layer_gradients(t->home, layer)));
}

static void gradient_ready(void *own, int micro_batch, int layer)
{
    struct traveller *t = own;
    (void)micro_batch;
    struct tensor *at_home = stage_layer_gradients(t->home, layer);
    t->moments[STAGE_MOMENTS]++;
    if (at_home == NULL)
        return;
    struct tensor *gradients = stage_take_gradients(t->stage, layer);
    tensor_copy(at_home, gradients);
    tensor_free(at_home);
    tensor_free(gradients);
    tensor_free(stage_take_parameters(t->stage, layer));
}

static int layers_with_parameters(const struct model *model)
{
    int layers = 0;
    for (int i = 0; i < model->layers; i++)
        layers += model->layer[i].parameters > 0;
    return layers;
}

START_TEST(numbers_that_come_and_go_give_the_same_bits)
{
    struct model *model = small_model(_i);
    struct stage *plain = whole_stage(model, (struct stage_options){0});
    struct traveller t = {.home = whole_stage(model, (struct stage_options){0})};
    const size_t before = memory_live(MEMORY_PARAMETER) + memory_live(MEMORY_GRADIENT);
    t.stage = whole_stage(model, (struct stage_options){.parameters_come_and_go = true,
                                                        .gradients_come_and_go = true});
    ck_assert_uint_eq(memory_live(MEMORY_PARAMETER) + memory_live(MEMORY_GRADIENT), before);
    ck_assert_ptr_null(stage_parameters(t.stage));
    stage_visit_layers(t.stage, at_layer, &t);
    stage_tell_gradients(t.stage, gradient_ready, &t);
    struct tensor *expected, *found;
    run(plain, model, &expected);
    run(t.stage, model, &found);
    ck_assert(same_numbers(found, expected));
    ck_assert(same_numbers(stage_gradients(t.home), stage_gradients(plain)));
    const int told = layers_with_parameters(model) * MICRO_BATCHES;
    for (int moment = 0; moment < STAGE_MOMENTS; moment++)
        ck_assert_int_eq(t.moments[moment], told);
    ck_assert_int_eq(t.moments[STAGE_MOMENTS], model->layers * MICRO_BATCHES);
    ck_assert_uint_eq(memory_live(MEMORY_PARAMETER) + memory_live(MEMORY_GRADIENT), before);
    tensor_free(expected);
    tensor_free(found);
    stage_free(plain);
    stage_free(t.stage);
    stage_free(t.home);
    model_free(model);
}
END_TEST

/* A run of the first values, wherever it begins and ends. */
START_TEST(first_values_are_those_of_a_stage_that_has_all)
{
    struct model *model = small_model(_i);
    struct stage *plain = whole_stage(model, (struct stage_options){0});
    struct stage *empty =
        whole_stage(model, (struct stage_options){.parameters_come_and_go = true});
    const size_t count = stage_parameter_count(empty),
                 ends[] = {0, 1, 7, count / 3, count - 1, count};
    float *values = calloc(count, sizeof *values);
    ck_assert_uint_eq(count, stage_parameters(plain)->elements);
    struct tensor *all = tensor_on_host(stage_parameters(plain), "be compared");
    for (size_t i = 0; i + 1 < sizeof ends / sizeof *ends; i++) {
        memset(values, 0, count * sizeof *values);
        stage_initial_parameters(empty, ends[i], ends[i + 1] - ends[i], values);
        ck_assert_mem_eq(values, tensor_floats(all) + ends[i],
                         (ends[i + 1] - ends[i]) * sizeof *values);
    }
    free(values);
    tensor_free(all);
    stage_free(plain);
    stage_free(empty);
    model_free(model);
}
END_TEST

/* ---- 16 bits ---- */

static float widened(enum dtype dtype, uint16_t number)
{
    return dtype == DTYPE_BFLOAT16 ? bfloat16_to_float32(number) : float16_to_float32(number);
}

static uint16_t rounded(enum dtype dtype, float number)
{
    return dtype == DTYPE_BFLOAT16 ? bfloat16_from_float32(number) : float16_from_float32(number);
}

START_TEST(parameters_of_16_bits_are_rounded_once_and_gradients_after_each_micro_batch)
{
    const enum dtype dtype = _i % 2 == 0 ? DTYPE_BFLOAT16 : DTYPE_FLOAT16;
    struct model *model = small_model(_i / 2);
    struct stage *plain = whole_stage(model, (struct stage_options){0});
    struct stage *exact = whole_stage(model, (struct stage_options){.precision = dtype});
    struct stage *coarse =
        whole_stage(model, (struct stage_options){.precision = dtype, .gradients = dtype});
    const size_t count = stage_parameter_count(plain);
    struct tensor *narrow = tensor_on_host(stage_parameters(exact), "be compared");
    struct tensor *wide = tensor_on_host(stage_parameters(plain), "be compared");
    const uint16_t *parameters = narrow->data;
    ck_assert_uint_eq(tensor_bytes(stage_parameters(exact)), 2 * count);
    ck_assert_uint_eq(tensor_bytes(stage_gradients(exact)), 4 * count);
    ck_assert_uint_eq(tensor_bytes(stage_gradients(coarse)), 2 * count);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(parameters[i], rounded(dtype, tensor_floats(wide)[i]));
    /* One micro-batch: what is rounded once is what was exact, rounded. */
    const struct shape output = model->layer[model->layers - 1].output;
    struct stage *const both[] = {exact, coarse};
    for (int i = 0; i < 2; i++) {
        struct tensor *y =
            to_host(stage_forward(both[i], 0, small_samples(model->input, 0, SAMPLES, 0)));
        ck_assert_int_eq(y->dtype, DTYPE_FLOAT32);
        for (size_t k = 0; k < y->elements; k++)
            ck_assert_float_eq(widened(dtype, rounded(dtype, tensor_floats(y)[k])),
                               tensor_floats(y)[k]);
        tensor_free(y);
        tensor_free(stage_backward(both[i], 0, small_samples(output, 0, SAMPLES, 1)));
    }
    tensor_free(narrow);
    tensor_free(wide);
    narrow = tensor_on_host(stage_gradients(coarse), "be compared");
    wide = tensor_on_host(stage_gradients(exact), "be compared");
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(((const uint16_t *)narrow->data)[i],
                          rounded(dtype, tensor_floats(wide)[i]));
    tensor_free(narrow);
    tensor_free(wide);
    stage_free(plain);
    stage_free(exact);
    stage_free(coarse);
    model_free(model);
}
END_TEST

/* ---- an optimizer for numbers that are nobody's ---- */

static struct optimizer_options rules[] = {
    {.kind = OPTIMIZER_SGD, .learning_rate = 0.1, .momentum = 0.9},
    {.kind = OPTIMIZER_ADAMW,
     .learning_rate = 0.01,
     .weight_decay = 0.1,
     .beta1 = 0.9,
     .beta2 = 0.99,
     .epsilon = 1e-8}};

/* In pieces, with gradients that are 4 times too large and a factor of a quarter: the bits of the stage's own. */
START_TEST(steps_in_pieces_are_those_of_a_stage)
{
    struct model *model = small_model(1);
    struct stage *stage = whole_stage(model, (struct stage_options){0});
    struct optimizer *own = optimizer_new(&rules[_i], stage);
    const size_t count = stage_parameter_count(stage);
    struct optimizer *pieces = optimizer_new_for(&rules[_i], tested_device(), count);
    struct tensor *parameters =
        tensor_new(MEMORY_PARAMETER, DTYPE_FLOAT32, tested_device(), SHAPE((int)count));
    struct tensor *larger =
        tensor_new(MEMORY_GRADIENT, DTYPE_FLOAT32, tested_device(), SHAPE((int)count));
    tensor_copy(parameters, stage_parameters(stage));
    for (int step = 0; step < 3; step++) {
        struct tensor *y;
        run(stage, model, &y);
        tensor_free(y);
        tensor_copy(larger, stage_gradients(stage));
        kernels_for(tested_device())->scale(count, 4, tensor_floats(larger));
        optimizer_step(own);
        optimizer_step_begin(pieces, 0);
        for (size_t begin = 0, end; begin < count; begin = end) {
            end = begin + 5001 < count ? begin + 5001 : count;
            optimizer_step_on(pieces, begin, end - begin, tensor_floats(parameters) + begin,
                              tensor_floats(larger) + begin, DTYPE_FLOAT32, 0.25);
        }
        optimizer_step_end(pieces);
        ck_assert(same_numbers(parameters, stage_parameters(stage)));
    }
    ck_assert_int_eq(optimizer_steps_done(pieces), 3);
    for (int i = 0; i < optimizer_states(own); i++)
        ck_assert(same_numbers(optimizer_state(pieces, i), optimizer_state(own, i)));
    tensor_free(parameters);
    tensor_free(larger);
    optimizer_free(pieces);
    optimizer_free(own);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* ---- misuse ---- */

static struct stage *misused; /* all of an mlp's layers, whose numbers come and go */

static struct tensor *numbers(enum dtype dtype, int count)
{
    struct tensor *made = tensor_new(MEMORY_PARAMETER, dtype, tested_device(), SHAPE(count));
    tensor_zero(made);
    return made;
}
static int count_of(int layer)
{
    size_t begin, end;
    stage_layer_range(misused, layer, &begin, &end);
    return (int)(end - begin);
}
static void no_parameters(void)
{
    stage_forward(misused, 0, small_samples(SHAPE(1, 28, 28), 0, SAMPLES, 0));
}
static void put_twice(void)
{
    stage_put_parameters(misused, 1, numbers(DTYPE_FLOAT32, count_of(1)));
    stage_put_parameters(misused, 1, numbers(DTYPE_FLOAT32, count_of(1)));
}
static void take_nothing(void)
{
    stage_take_gradients(misused, 1);
}
static void put_too_few(void)
{
    stage_put_gradients(misused, 1, numbers(DTYPE_FLOAT32, 5));
}
static void put_other_dtype(void)
{
    stage_put_parameters(misused, 1, numbers(DTYPE_BFLOAT16, count_of(1)));
}
static void put_null(void)
{
    stage_put_parameters(misused, 1, NULL);
}
static void put_on_another_layer(void)
{
    stage_put_parameters(misused, 77, numbers(DTYPE_FLOAT32, 1));
}
static void put_where_all_are(void)
{
    struct model *model = small_model(0);
    stage_put_parameters(whole_stage(model, (struct stage_options){0}), 1,
                         numbers(DTYPE_FLOAT32, count_of(1)));
}
static void run_outside(void)
{
    stage_run_forward(misused, 0, 0, 1, small_samples(SHAPE(784), 0, SAMPLES, 0), RUN_KEEPS, 0);
}
static void optimizer_of_nothing(void)
{
    optimizer_new(&rules[0], misused);
}
static void gradients_of_another_dtype(void)
{
    struct model *model = small_model(0);
    whole_stage(model,
                (struct stage_options){.precision = DTYPE_FLOAT16, .gradients = DTYPE_BFLOAT16});
}

static const struct fatal_case misuses[] = {
    {no_parameters, "layer 1 runs, and its parameters are not there"},
    {put_twice, "the parameters of layer 1 are put there, and they are there already"},
    {take_nothing, "the gradients of layer 1 are taken, and they are not there"},
    {put_too_few, "stage_put_gradients of layer 1 was given float32 (5); expected float32 ("},
    {put_other_dtype, "stage_put_parameters of layer 1 was given bfloat16"},
    {put_null, "stage_put_parameters of layer 1 was given NULL"},
    {put_on_another_layer, "layer 77 is not here"},
    {put_where_all_are, "stage 0 has all its parameters in one piece"},
    {run_outside, "neither stage_forward nor stage_backward of micro-batch 0 is running"},
    {optimizer_of_nothing, "its parameters come and go, or have 16 bits"},
    {gradients_of_another_dtype, "gradients of bfloat16, with parameters of float16"},
};

/* The stage is made in the child: of a GPU a child has nothing that was opened before. */
static void misuse(int which)
{
    misused = whole_stage(small_model(0), (struct stage_options){.parameters_come_and_go = true,
                                                                 .gradients_come_and_go = true});
    misuses[which].misuse();
}

START_TEST(misuse_ends_the_program_with_a_message)
{
    check_fatal(misuse, _i, misuses[_i].says);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("stage_numbers");
    TCase *tests = tcase_create("stage_numbers");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, numbers_that_come_and_go_give_the_same_bits, 0, SMALL_MODELS);
    tcase_add_loop_test(tests, first_values_are_those_of_a_stage_that_has_all, 0, SMALL_MODELS);
    tcase_add_loop_test(tests,
                        parameters_of_16_bits_are_rounded_once_and_gradients_after_each_micro_batch,
                        0, 2 * SMALL_MODELS);
    tcase_add_loop_test(tests, steps_in_pieces_are_those_of_a_stage, 0, 2);
    tcase_add_loop_test(tests, misuse_ends_the_program_with_a_message, 0,
                        sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, tests);
    return suite;
}
