/*
 * The meta device: a run on it has the CPU's FLOPs and, byte for byte, the CPU's
 * memory, and costs neither. And the model that is there for it: a transformer
 * in whole blocks is the vit, whose gradients PyTorch has checked.
 */
#include "common/base/flops.h"
#include "common/base/random.h"
#include "common/training/assert_close.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"
#include "common/training/stage.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model *make_model(const char *name, struct shape input)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new(name, input, 10, error);
    ck_assert_msg(model != NULL, "%s", error);
    return model;
}

static struct stage *make_stage(const struct model *model, int size, int micro_batches,
                                enum device device)
{
    return stage_new(model, &(struct stage_options){.stages = 1,
                                                    .layers = model->layers,
                                                    .micro_batch_size = size,
                                                    .micro_batches = micro_batches,
                                                    .seed = 3,
                                                    .device = device});
}

/* ---- the transformer is the vit ---- */

static struct tensor *random_tensor(struct shape shape, uint32_t stream)
{
    struct tensor *tensor = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, shape);
    random_normal(tensor_floats(tensor), tensor->elements, 6, random_stream(RANDOM_TEST, stream, 0),
                  0, 0, 1);
    return tensor;
}

static void check_equal(const char *what, const struct tensor *actual,
                        const struct tensor *expected)
{
    ck_assert_int_eq(actual->count, expected->count);
    for (int i = 0; i < actual->count; i++)
        ck_assert_msg(tensor_floats(actual)[i] == tensor_floats(expected)[i],
                      "%s, number %d: %.9g, expected %.9g", what, i,
                      (double)tensor_floats(actual)[i], (double)tensor_floats(expected)[i]);
}

/* The same numbers in the same order of operations: not a bit may differ. halves: the
 * transformer's backward in two halves. */
static void compare_with_vit(const char *options, struct shape input, bool halves)
{
    char name[64];
    snprintf(name, sizeof name, "transformer:%s", options);
    struct model *model = make_model(name, input);
    snprintf(name, sizeof name, "vit:%s", options);
    struct model *vit = make_model(name, input);
    struct stage *stage = make_stage(model, 3, 1, DEVICE_CPU);
    struct stage *other = make_stage(vit, 3, 1, DEVICE_CPU);
    tensor_copy(stage_parameters(stage), stage_parameters(other));

    struct shape batch = shape_with_batch(3, input);
    uint64_t begin = flops_charged();
    struct tensor *y = stage_forward(stage, 0, random_tensor(batch, 1));
    if (halves) {
        ck_assert_ptr_null(stage_backward_input(stage, 0, random_tensor(SHAPE(3, 10), 2)));
        stage_backward_weight(stage, 0);
    } else {
        ck_assert_ptr_null(stage_backward(stage, 0, random_tensor(SHAPE(3, 10), 2)));
    }
    uint64_t middle = flops_charged();
    struct tensor *expected = stage_forward(other, 0, random_tensor(batch, 1));
    ck_assert_ptr_null(stage_backward(other, 0, random_tensor(SHAPE(3, 10), 2)));
    ck_assert_uint_eq(middle - begin, flops_charged() - middle);

    check_equal("y", y, expected);
    check_equal("gradients", stage_gradients(stage), stage_gradients(other));
    tensor_free(y);
    tensor_free(expected);
    stage_free(stage);
    stage_free(other);
    model_free(model);
    model_free(vit);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}

START_TEST(a_transformer_is_the_vit)
{
    compare_with_vit("depth=4,width=24,heads=3,patch=7", SHAPE(1, 28, 28), _i == 1);
    compare_with_vit("depth=1,width=8,heads=2,patch=4", SHAPE(3, 8, 12), _i == 1);
    compare_with_vit("depth=2,width=8,heads=2,patch=1", SHAPE(1, 2, 4), _i == 1);
}
END_TEST

/* ---- the CPU's FLOPs and memory ---- */

struct cost {
    uint64_t flops;
    size_t peak[MEMORY_KINDS];
    size_t live[MEMORY_KINDS];
};

static const struct {
    const char *name;
    struct shape input;
} models[] = {
    {"mlp:depth=3,width=33", {3, {1, 28, 28}}},
    {"cnn", {3, {3, 32, 32}}},
    {"vit:depth=2,width=24,heads=3,patch=7", {3, {1, 28, 28}}},
    {"transformer:depth=3,width=24,heads=3,patch=7", {3, {1, 28, 28}}},
    {"gpt:depth=3,width=24,heads=3,dropout=0.1", {1, {20}}},
    {"gpt:depth=2,width=10,heads=2,tied=1", {1, {70}}},
    {"mlp:depth=3,width=33,norm=layer", {3, {1, 28, 28}}},
    {"cnn:norm=batch", {3, {3, 32, 32}}},
    {"resnet:width=5", {3, {3, 16, 12}}},
    {"resnet:width=16", {3, {1, 9, 9}}},
};
#define MODELS (int)(sizeof models / sizeof *models)

/* Two steps of a stage that keeps up to `in_flight` of its 6 micro-batches. The batch is made by
 * hand, so that no data set is in the accounts. */
static struct cost train(int which, enum device device, int in_flight, bool halves)
{
    struct model *model = make_model(models[which].name, models[which].input);
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        ck_assert_uint_eq(memory_live((enum memory_kind)kind), 0);
    memory_reset_peak();
    uint64_t before = flops_charged();
    struct stage *stage = make_stage(model, 2, 6, device);
    struct optimizer_options options = optimizer_defaults(OPTIMIZER_ADAMW);
    struct optimizer *optimizer = optimizer_new(&options, stage);
    for (int step = 0; step < 2; step++) {
        stage_zero_gradients(stage);
        for (int m = 0; m < 6 + in_flight; m++) {
            if (m < 6) {
                struct tensor *x = stage_input_new(stage);
                tensor_zero(x);
                struct tensor *y = stage_forward(stage, m, x);
                int correct;
                loss_forward(LOSS_MEAN, y, NULL, &correct);
                tensor_free(y);
            }
            if (m < in_flight)
                continue;
            struct tensor *dy = stage_output_new(stage);
            tensor_zero(dy);
            if (halves) {
                stage_backward_input(stage, m - in_flight, dy);
                stage_backward_weight(stage, m - in_flight);
            } else {
                stage_backward(stage, m - in_flight, dy);
            }
        }
        optimizer_step(optimizer);
    }
    struct cost cost = {.flops = flops_charged() - before};
    for (int kind = 0; kind < MEMORY_KINDS; kind++) {
        cost.peak[kind] = memory_peak((enum memory_kind)kind);
        cost.live[kind] = memory_live((enum memory_kind)kind);
    }
    optimizer_free(optimizer);
    stage_free(stage);
    model_free(model);
    return cost;
}

START_TEST(flops_and_memory_are_the_cpus)
{
    for (int in_flight = 0; in_flight <= 6; in_flight += 2) {
        for (int halves = 0; halves < 2; halves++) {
            struct cost cpu = train(_i, DEVICE_CPU, in_flight, halves);
            struct cost meta = train(_i, DEVICE_META, in_flight, halves);
            ck_assert_uint_eq(meta.flops, cpu.flops);
            for (int kind = 0; kind < MEMORY_KINDS; kind++) {
                const char *name = memory_kind_name((enum memory_kind)kind);
                ck_assert_msg(meta.peak[kind] == cpu.peak[kind], "peak of %s: %zu, on the cpu %zu",
                              name, meta.peak[kind], cpu.peak[kind]);
                ck_assert_msg(meta.live[kind] == cpu.live[kind], "live %s: %zu, on the cpu %zu",
                              name, meta.live[kind], cpu.live[kind]);
            }
        }
    }
}
END_TEST

/* ---- sizes that no computer here has ---- */

/* A tensor for which there is not enough of it brings more; those that were made before still are in it. */
START_TEST(folded_memory_that_grows_is_folded_all_the_same)
{
    const char *small = machine_folded_memory(1), *large = machine_folded_memory((size_t)1 << 33);
    ck_assert(machine_is_folded(small));
    ck_assert(machine_is_folded(large));
    ck_assert(machine_is_folded(large + ((size_t)1 << 33) - 1));
    ck_assert(!machine_is_folded(&small));
}
END_TEST

/* Two layers as wide as GPT-3's with micro-batches of 5 samples: more parameters, and more numbers in one
 * tensor, than an int counts. Bytes as counted by hand. */
START_TEST(a_stage_may_be_larger_than_an_int_counts)
{
    struct model *model =
        make_model("transformer:depth=4,width=12288,heads=128,patch=1", SHAPE(1, 32, 64));
    size_t block = (size_t)12 * 12288 * 12288 + 13 * 12288;
    struct stage *stage = stage_new(model, &(struct stage_options){.index = 1,
                                                                   .stages = 3,
                                                                   .first_layer = 1,
                                                                   .layers = 2,
                                                                   .micro_batch_size = 5,
                                                                   .micro_batches = 1,
                                                                   .device = DEVICE_META});
    ck_assert_uint_ge(memory_live(MEMORY_PARAMETER), 4 * 2 * block);
    ck_assert_uint_lt(memory_live(MEMORY_PARAMETER), 4 * 2 * block + 4096);
    struct tensor *y = stage_forward(stage, 0, stage_input_new(stage));
    /* Per block and token: x, norm, qkv, heads, x again, norm, and twice the perceptron's middle:
     * widths 1 + 1 + 3 + 1 + 1 + 1 + 4 + 4; the probabilities; two times two statistics. x of the
     * second block is y of the first. */
    size_t tokens = (size_t)5 * 2048, wide = tokens * 12288, square = (size_t)5 * 128 * 2048 * 2048;
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION),
                      4 * (2 * (16 * wide + square + 4 * tokens) + wide));
    tensor_free(y);
    tensor_free(stage_backward(stage, 0, stage_output_new(stage)));
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    struct optimizer_options options = optimizer_defaults(OPTIMIZER_ADAMW);
    struct optimizer *optimizer = optimizer_new(&options, stage);
    optimizer_step(optimizer);
    optimizer_free(optimizer);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* What the program itself needs depends on the micro-batches in flight, not on all of them. */
START_TEST(many_micro_batches_need_little)
{
    struct model *model =
        make_model("transformer:depth=1,width=12288,heads=96,patch=1", SHAPE(1, 32, 64));
    struct stage *stage = make_stage(model, 1, 100000, DEVICE_META);
    size_t before = 0;
    for (int m = 0; m < 100000; m++) {
        tensor_free(stage_forward(stage, m, stage_input_new(stage)));
        if (m >= 10)
            stage_backward(stage, m - 10, stage_output_new(stage));
        if (m == 20)
            before = memory_from_system();
    }
    ck_assert_int_eq(stage_in_flight(stage), 10);
#if !defined(__SANITIZE_ADDRESS__) /* which keeps no blocks to be used again */
    ck_assert_uint_eq(memory_from_system(), before);
#endif
    ck_assert_uint_lt(before, 1000000);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* ---- a batch without samples ---- */

START_TEST(a_batch_needs_no_data_set)
{
    memory_reset_peak();
    struct batch *batch = batch_new(
        &(struct batch_options){.dataset = "fashion-mnist",
                                .batch_size = 1000000,
                                .micro_batches = 500000,
                                .loss = LOSS_CROSS_ENTROPY,
                                .data = {.input = SHAPE(1, 28, 28), .labels = 1, .classes = 10},
                                .device = DEVICE_META});
    ck_assert_int_eq(batch_steps_per_epoch(batch), 1);
    batch_open_inputs(batch);
    batch_open_labels(batch);
    for (int step = 0; step < 2; step++) {
        batch_load(batch, step);
        struct tensor *x = batch_inputs(batch, 499999);
        ck_assert_int_eq(x->device, DEVICE_META);
        ck_assert(shape_equal(x->shape, SHAPE(2, 1, 28, 28)));
        tensor_free(x);
        ck_assert(shape_equal(batch_labels(batch, 7)->shape, SHAPE(2)));
        batch_loss(batch, 5,
                   tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_META, SHAPE(2, 10)));
        struct tensor *dy = batch_loss_backward(batch, 5, 1.0f);
        ck_assert(shape_equal(dy->shape, SHAPE(2, 10)));
        tensor_free(dy);
        ck_assert_int_eq(batch_losses_computed(batch), 1);
    }
    batch_free(batch);
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        ck_assert_uint_eq(memory_live((enum memory_kind)kind), 0);
}
END_TEST

START_TEST(inputs_must_be_opened_all_the_same)
{
    struct batch *batch = batch_new(
        &(struct batch_options){.dataset = "synthetic",
                                .batch_size = 2,
                                .micro_batches = 1,
                                .data = {.input = SHAPE(1, 28, 28), .labels = 1, .classes = 10},
                                .device = DEVICE_META});
    batch_load(batch, 0);
    batch_inputs(batch, 0);
}
END_TEST

/* 1.6 GB: more than what all meta tensors share, and MPI would read beyond it. */
START_TEST(a_message_must_fit_into_what_is_shared)
{
    struct model *model =
        make_model("transformer:depth=2,width=12288,heads=96,patch=1", SHAPE(1, 32, 64));
    stage_new(model, &(struct stage_options){.index = _i,
                                             .stages = 2,
                                             .first_layer = _i,
                                             .layers = 1,
                                             .micro_batch_size = 16,
                                             .micro_batches = 2,
                                             .device = DEVICE_META});
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("meta device");
    TCase *tests = tcase_create("meta device");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_transformer_is_the_vit, 0, 2);
    tcase_add_loop_test(tests, flops_and_memory_are_the_cpus, 0, MODELS);
    tcase_add_test(tests, folded_memory_that_grows_is_folded_all_the_same);
    tcase_add_test(tests, a_stage_may_be_larger_than_an_int_counts);
    tcase_add_test(tests, many_micro_batches_need_little);
    tcase_add_test(tests, a_batch_needs_no_data_set);
    tcase_add_exit_test(tests, inputs_must_be_opened_all_the_same, EXIT_FAILURE);
    tcase_add_loop_exit_test(tests, a_message_must_fit_into_what_is_shared, EXIT_FAILURE, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
