/*
 * How a training begins on a GPU: the first values of parameters, batches, and what is said of labels and tokens that
 * are wrong.
 */
#include "common/training/assert_close.h"
#include "common/training/tests/trained_on.h"
#include "tests/support/fatal.h"
#include "tests/support/small_batch.h"

#include <math.h>

START_TEST(parameters_begin_with_the_processors_values)
{
    const struct recipe *recipe = &recipes[_i];
    struct trained cpu = trained_new(recipe, DEVICE_CPU), gpu = trained_new(recipe, a_gpu());
    must_be_the_same(stage_parameters(gpu.stage), stage_parameters(cpu.stage));
    const size_t all = stage_parameter_count(gpu.stage), count = all - 5 - all / 4;
    struct tensor *some =
        tensor_new(MEMORY_WORKSPACE, recipe->precision, DEVICE_CUDA, shape_flat(count));
    struct tensor *expected = tensor_view(stage_parameters(cpu.stage), 5, shape_flat(count));
    stage_initial_parameters(gpu.stage, 5, count, some->data);
    must_be_the_same(some, expected);
    tensor_free(some);
    tensor_free(expected);
    trained_free(&gpu);
    trained_free(&cpu);
}
END_TEST

static struct batch *batch_on(enum device device, enum loss_kind loss)
{
    struct batch_options options = {
        .dataset = SMALL_BATCH_DATA,
        .batch_size = SMALL_BATCH_SIZE,
        .micro_batches = SMALL_BATCH_MICRO,
        .loss = loss,
        .seed = 11,
        .device = device,
        .data = {.input = SHAPE(1, 2, 3), .labels = 1, .classes = SMALL_BATCH_CLASSES}};
    return batch_new(&options);
}

static struct tensor *output_on(enum device device, int micro_batch)
{
    struct tensor *y = small_batch_output(micro_batch);
    if (device == DEVICE_CPU)
        return y;
    struct tensor *copy = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, device, y->shape);
    tensor_copy(copy, y);
    tensor_free(y);
    return copy;
}

/* _i: the kind of the loss. */
START_TEST(a_batch_is_the_processors)
{
    const enum device gpu = a_gpu();
    struct batch *one = batch_on(DEVICE_CPU, (enum loss_kind)_i),
                 *other = batch_on(gpu, (enum loss_kind)_i);
    struct batch *const both[] = {one, other};
    for (int i = 0; i < 2; i++) {
        batch_open_inputs(both[i]);
        batch_open_labels(both[i]);
        batch_load(both[i], 1);
    }
    for (int m = 0; m < 2; m++) { /* and no more: the other outputs are NaN */
        struct tensor *x = batch_inputs(one, m), *gpu_x = batch_inputs(other, m);
        ck_assert_int_eq(gpu_x->device, DEVICE_CUDA);
        must_be_the_same(gpu_x, x);
        must_be_the_same(batch_labels(other, m), batch_labels(one, m));
        batch_loss(one, m, output_on(DEVICE_CPU, m));
        batch_loss(other, m, output_on(gpu, m));
        struct tensor *dy = batch_loss_backward(one, m, 0.5f),
                      *gpu_dy = batch_loss_backward(other, m, 0.5f);
        ck_assert(assert_close("dy", gpu_dy, dy, tolerance_gradient()));
        tensor_free(x);
        tensor_free(gpu_x);
        tensor_free(dy);
        tensor_free(gpu_dy);
    }
    ck_assert_double_eq_tol(batch_mean_loss_of(other, 0, 2), batch_mean_loss_of(one, 0, 2), 1e-7);
    ck_assert_double_eq(batch_accuracy_of(other, 0, 2), batch_accuracy_of(one, 0, 2));
    struct tensor *outputs = tensor_on_host(batch_outputs(other), "be looked at");
    for (int i = 0; i < outputs->count; i++)
        ck_assert(!isnan(tensor_floats(outputs)[i]) == (i < outputs->count / 2));
    tensor_free(outputs);
    batch_free(one);
    batch_free(other);
}
END_TEST

/* ---- misuse ------------------------------------------------------------------------------------- */

static void labels_not_received(void)
{
    const enum device gpu = a_gpu();
    struct batch *batch = batch_on(gpu, LOSS_CROSS_ENTROPY);
    batch_load(batch, 0);
    batch_loss(batch, 1, output_on(gpu, 1));
}

static void labels_of_no_class(void)
{
    const enum device gpu = a_gpu();
    struct batch *batch = batch_on(gpu, LOSS_CROSS_ENTROPY);
    const int32_t labels[SMALL_BATCH_PART] = {1, SMALL_BATCH_CLASSES};
    batch_load(batch, 0);
    tensor_put(batch_labels(batch, 1), 0, SMALL_BATCH_PART, labels);
    batch_loss(batch, 1, output_on(gpu, 1));
}

static void tokens_of_no_vocabulary(void)
{
    struct trained trained = trained_new(&recipes[9], a_gpu());
    batch_load(trained.batch, 0);
    struct tensor *x = batch_inputs(trained.batch, 0);
    const int32_t token = 20;
    tensor_put(x, 17, 1, &token);
    stage_forward(trained.stage, 0, x);
}

static void output_on_the_host(void)
{
    struct batch *batch = batch_on(a_gpu(), LOSS_MEAN);
    batch_load(batch, 0);
    batch_loss(batch, 0, output_on(DEVICE_CPU, 0));
}

static void input_on_the_host(void)
{
    struct trained trained = trained_new(&recipes[9], a_gpu());
    batch_load(trained.batch, 0);
    stage_forward(trained.stage, 0, tensor_on_host(batch_inputs(trained.batch, 0), "looking"));
}

static void another_gpu(void)
{
    a_gpu();
    device_open(strcmp(device_back_end(), "cuda") == 0 ? "emulated" : "cuda", 0);
}

static const struct fatal_case misuses[] = {
    {labels_not_received, "the labels of micro-batch 1 are not here"},
    {labels_of_no_class, "label 4, number 1, is not in 0 … 3"},
    {tokens_of_no_vocabulary, "token 20, number 5 of sample 1, is not in 0 … 19"},
    {output_on_the_host, "last stage; it lies in the memory of the processor"},
    {input_on_the_host, "on the stage's device; it lies in the memory of the processor"},
    {another_gpu, "is in use: a program can't use"},
};

START_TEST(misuse_ends_the_program_with_a_message)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("batches on a GPU");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, parameters_begin_with_the_processors_values, 0, RECIPES);
    tcase_add_loop_test(tests, a_batch_is_the_processors, 0, 2);
    tcase_add_loop_test(tests, misuse_ends_the_program_with_a_message, 0,
                        sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, tests);
    return suite;
}
