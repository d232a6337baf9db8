/*
 * Tests of loss.h and optimizer.h against PyTorch.
 */
#include "common/base/flops.h"
#include "common/training/loss.h"
#include "common/training/optimizer.h"
#include "tests/support/fixture.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- losses ---- */

#define SCALE 0.25f /* as in generate.py */

static const struct {
    const char *name;
    enum loss_kind kind;
} losses[] = {{"cross-entropy", LOSS_CROSS_ENTROPY},
              {"cross-entropy-batch-1", LOSS_CROSS_ENTROPY},
              {"cross-entropy-large", LOSS_CROSS_ENTROPY},
              {"mean", LOSS_MEAN},
              {"mean-batch-1", LOSS_MEAN}};

START_TEST(loss_agrees_with_pytorch)
{
    const char *name = losses[_i].name;
    struct tensor_file *file = fixture_open("losses");
    struct tensor *outputs = to_device(tensor_retain(fixture_get(file, "%s.outputs", name)));
    struct tensor *labels = to_device(tensor_retain(fixture_get(file, "%s.labels", name)));
    int correct;
    double loss = loss_forward(losses[_i].kind, outputs, labels, &correct);
    double expected = (double)tensor_floats(fixture_get(file, "%s.loss", name))[0];
    ck_assert_double_le(fabs(loss - expected), 1e-7 + 1e-7 * fabs(expected));
    struct tensor *gradient = loss_backward(losses[_i].kind, outputs, labels, SCALE);
    fixture_compare(name, "gradient", gradient, fixture_get(file, "%s.gradient", name),
                    (struct tolerance){.relative = 2e-6, .absolute = 1e-9, .norm = 1e-6});
    tensor_free(gradient);
    tensor_free(outputs);
    tensor_free(labels);
    tensor_file_free(file);
}
END_TEST

static struct tensor *outputs_of(int samples, int classes, const float *value)
{
    return to_device(fixture_wrap(value, SHAPE(samples, classes)));
}

static struct tensor *labels_of(int samples, const int32_t *value)
{
    struct tensor *labels = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(samples));
    memcpy(labels->data, value, (size_t)samples * sizeof *value);
    return to_device(labels);
}

START_TEST(counts_right_answers)
{
    struct tensor *outputs = outputs_of(3, 3, (float[]){1, 2, 0, /* */ 5, 4, 3, /* */ -3, -2, -1});
    struct tensor *labels = labels_of(3, (int32_t[]){1, 2, 2});
    int correct;
    loss_forward(LOSS_CROSS_ENTROPY, outputs, labels, &correct);
    ck_assert_int_eq(correct, 2);
    ck_assert_double_eq(loss_forward(LOSS_MEAN, outputs, NULL, &correct), 1);
    ck_assert_int_eq(correct, 0);
    tensor_free(outputs);
    tensor_free(labels);
}
END_TEST

START_TEST(nan_makes_a_nan_loss)
{
    struct tensor *outputs = outputs_of(1, 2, (float[]){NAN, 1});
    struct tensor *labels = labels_of(1, (int32_t[]){1});
    int correct;
    ck_assert(isnan(loss_forward(LOSS_CROSS_ENTROPY, outputs, labels, &correct)));
    tensor_free(outputs);
    tensor_free(labels);
}
END_TEST

static void loss_of_label(int32_t label)
{
    int correct;
    loss_forward(LOSS_CROSS_ENTROPY, outputs_of(1, 2, (float[]){0, 1}), labels_of(1, &label),
                 &correct);
}

START_TEST(a_label_too_large_is_fatal)
{
    loss_of_label(2);
}
END_TEST

START_TEST(a_negative_label_is_fatal)
{
    loss_of_label(-1);
}
END_TEST

START_TEST(no_labels_are_fatal)
{
    int correct;
    loss_forward(LOSS_CROSS_ENTROPY, outputs_of(1, 2, (float[]){0, 1}), NULL, &correct);
}
END_TEST

/* ---- optimizers ---- */

/* A stage of one linear layer with 5 · 6 + 5 = 35 parameters. */
struct little {
    struct layer layer;
    struct model model;
    struct stage *stage;
    struct tensor *parameters, *gradients;
};

static void little_new(struct little *little)
{
    little->layer = layer_linear(SHAPE(6), 5);
    little->model = (struct model){
        .name = "little", .layers = 1, .layer = &little->layer, .input = SHAPE(6), .outputs = 5};
    struct stage_options options = {.stages = 1,
                                    .layers = 1,
                                    .micro_batch_size = 1,
                                    .micro_batches = 1,
                                    .device = tested_device()};
    little->stage = stage_new(&little->model, &options);
    little->parameters = stage_layer_parameters(little->stage, 0);
    little->gradients = stage_layer_gradients(little->stage, 0);
    ck_assert_int_eq(little->parameters->count, 35);
}

static void little_free(struct little *little)
{
    tensor_free(little->parameters);
    tensor_free(little->gradients);
    stage_free(little->stage);
    layer_destroy(&little->layer);
}

static const struct {
    const char *name;
    struct optimizer_options options;
} optimizers[] = {
    {"sgd", {.kind = OPTIMIZER_SGD, .learning_rate = 0.05, .momentum = 0.9}},
    {"sgd-plain", {.kind = OPTIMIZER_SGD, .learning_rate = 0.3}},
    {"adamw",
     {.kind = OPTIMIZER_ADAMW,
      .learning_rate = 1e-3,
      .beta1 = 0.9,
      .beta2 = 0.999,
      .epsilon = 1e-8,
      .weight_decay = 0.01}},
    {"adamw-other",
     {.kind = OPTIMIZER_ADAMW,
      .learning_rate = 0.02,
      .beta1 = 0.8,
      .beta2 = 0.95,
      .epsilon = 1e-4,
      .weight_decay = 0.2}},
};

static void check_row(const char *name, const char *what, const struct tensor_file *file, int step,
                      const struct tensor *actual)
{
    struct tensor *history = fixture_get(file, "%s.%s", name, what);
    struct tensor *all = tensor_on_host(actual, "be compared");
    struct tensor *found = fixture_wrap(tensor_floats(all), SHAPE(35));
    struct tensor *expected = tensor_view(history, (size_t)step * 35, SHAPE(35));
    fixture_compare(name, what, found, expected,
                    (struct tolerance){.relative = 2e-6, .absolute = 2e-7, .norm = 1e-6});
    tensor_free(expected);
    tensor_free(found);
    tensor_free(all);
}

START_TEST(optimizer_agrees_with_pytorch)
{
    const char *name = optimizers[_i].name;
    struct tensor_file *file = fixture_open("optimizers");
    struct tensor *gradients = fixture_get(file, "%s.gradients", name);
    struct little little;
    little_new(&little);
    tensor_copy(little.parameters, fixture_get(file, "%s.start", name));
    struct optimizer *optimizer = optimizer_new(&optimizers[_i].options, little.stage);
    int steps = gradients->shape.size[0];
    for (int step = 0; step < steps; step++) {
        struct tensor *row = tensor_view(gradients, (size_t)step * 35, SHAPE(35));
        tensor_copy(little.gradients, row);
        tensor_free(row);
        optimizer_step(optimizer);
        check_row(name, "parameters", file, step, little.parameters);
        if (optimizers[_i].options.momentum != 0 || optimizers[_i].options.kind == OPTIMIZER_ADAMW)
            for (int i = 0; i < optimizer_states(optimizer); i++)
                check_row(name, optimizer_state_name(optimizer, i), file, step,
                          optimizer_state(optimizer, i));
    }
    ck_assert_int_eq(optimizer_steps_done(optimizer), steps);
    optimizer_free(optimizer);
    little_free(&little);
    tensor_file_free(file);
}
END_TEST

/* Stored in the middle and restored into a new one, an optimizer goes on as if nothing was. */
START_TEST(state_can_be_stored_and_restored)
{
    const char *name = optimizers[_i].name;
    struct tensor_file *file = fixture_open("optimizers");
    struct tensor *gradients = fixture_get(file, "%s.gradients", name);
    struct little little;
    little_new(&little);
    tensor_copy(little.parameters, fixture_get(file, "%s.start", name));
    struct optimizer *optimizer = optimizer_new(&optimizers[_i].options, little.stage);
    int steps = gradients->shape.size[0];
    for (int step = 0; step < steps; step++) {
        if (step == 3) {
            struct optimizer *fresh = optimizer_new(&optimizers[_i].options, little.stage);
            optimizer_set_steps_done(fresh, optimizer_steps_done(optimizer));
            for (int i = 0; i < optimizer_states(fresh); i++)
                tensor_copy(optimizer_state(fresh, i), optimizer_state(optimizer, i));
            optimizer_free(optimizer);
            optimizer = fresh;
        }
        struct tensor *row = tensor_view(gradients, (size_t)step * 35, SHAPE(35));
        tensor_copy(little.gradients, row);
        tensor_free(row);
        optimizer_step(optimizer);
    }
    check_row(name, "parameters", file, steps - 1, little.parameters);
    optimizer_free(optimizer);
    little_free(&little);
    tensor_file_free(file);
}
END_TEST

START_TEST(a_step_is_charged_and_its_state_accounted)
{
    struct little little;
    little_new(&little);
    size_t bytes = tensor_bytes(stage_parameters(little.stage));
    for (int kind = OPTIMIZER_SGD; kind <= OPTIMIZER_ADAMW; kind++) {
        struct optimizer_options options = optimizer_defaults((enum optimizer_kind)kind);
        struct optimizer *optimizer = optimizer_new(&options, little.stage);
        ck_assert_uint_eq(memory_live(MEMORY_OPTIMIZER), bytes * (kind == OPTIMIZER_SGD ? 1 : 2));
        uint64_t before = flops_charged();
        optimizer_step(optimizer);
        ck_assert_uint_gt(flops_charged(), before);
        optimizer_free(optimizer);
        ck_assert_uint_eq(memory_live(MEMORY_OPTIMIZER), 0);
    }
    little_free(&little);
}
END_TEST

Suite *test_suite(void)
{
    TCase *loss = tcase_create("loss");
    tcase_add_loop_test(loss, loss_agrees_with_pytorch, 0, sizeof losses / sizeof *losses);
    tcase_add_test(loss, counts_right_answers);
    tcase_add_test(loss, nan_makes_a_nan_loss);
    tcase_add_exit_test(loss, a_label_too_large_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(loss, a_negative_label_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(loss, no_labels_are_fatal, EXIT_FAILURE);

    TCase *optimizer = tcase_create("optimizer");
    int count = sizeof optimizers / sizeof *optimizers;
    tcase_add_loop_test(optimizer, optimizer_agrees_with_pytorch, 0, count);
    tcase_add_loop_test(optimizer, state_can_be_stored_and_restored, 0, count);
    tcase_add_test(optimizer, a_step_is_charged_and_its_state_accounted);

    Suite *suite = suite_create("loss and optimizer");
    suite_add_tcase(suite, loss);
    suite_add_tcase(suite, optimizer);
    return suite;
}
