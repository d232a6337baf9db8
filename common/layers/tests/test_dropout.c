/*
 * Dropout: what is dropped is a function of seed, step, layer, place in the layer, sample and number,
 * however batch, tensor and model are cut. The truth is the plain generator of base/random.h.
 */
#include "common/base/random.h"
#include "common/layers/layer.h"
#include "common/training/stage.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

static struct tensor *ones(int samples, struct shape sample)
{
    struct tensor *tensor =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, shape_with_batch(samples, sample));
    for (int i = 0; i < tensor->count; i++)
        tensor_floats(tensor)[i] = 1;
    return to_device(tensor);
}

struct call {
    struct pass pass;
    int layer, dropouts;
};

/* The layer's y of ones: 0 or 1 / (1 - rate). backwards: its dx of ones instead. */
static struct tensor *run(const struct layer *layer, struct call call, int samples, bool backwards)
{
    struct layer_memory memory = {
        .pass = &call.pass, .layer = call.layer, .dropouts = call.dropouts};
    struct saved *saved = saved_new(layer);
    struct tensor *y = layer_forward(layer, memory, saved, ones(samples, layer->input));
    struct tensor *dx =
        layer_backward_input(layer, memory, saved, ones(samples, layer->output), true);
    layer_backward_weight(layer, memory, saved);
    saved_free(saved);
    tensor_free(backwards ? y : dx);
    return to_host(backwards ? dx : y);
}

/* How many numbers of y are not what the generator says of element i of the whole batch. */
static int wrong(const struct tensor *y, float rate, struct call call, uint64_t first)
{
    const uint64_t stream = random_stream(
        RANDOM_DROPOUT, (uint32_t)(call.layer * 256 + call.dropouts), (uint32_t)call.pass.step);
    int count = 0;
    for (int i = 0; i < y->count; i++) {
        float number;
        random_uniform(&number, 1, call.pass.seed, stream, first + (uint64_t)i, 0, 1);
        const float expected = number < rate ? 0 : 1 / (1 - rate);
        count += fabsf(tensor_floats(y)[i] - expected) > 1e-6f;
    }
    return count;
}

static const struct call calls[] = {
    {{0}, 0, 0},
    {{.seed = 0x123456789abcdef, .step = 7, .first_sample = 3}, 5, 0},
    {{.seed = 1, .step = 1 << 30, .first_sample = 1 << 30}, 4095, 255},
};

START_TEST(drops_what_the_generator_says)
{
    const float rates[] = {0.1f, 0.5f, 0.99f, 1e-6f};
    const struct shape shapes[] = {SHAPE(1), SHAPE(7), SHAPE(5, 13), SHAPE(2, 3, 64)};
    for (int k = 0; k < 4; k++)
        for (int backwards = 0; backwards < 2; backwards++) {
            struct layer layer = layer_dropout(shapes[k], rates[k]);
            struct tensor *y = run(&layer, calls[_i], 6, backwards == 1);
            const uint64_t first =
                (uint64_t)calls[_i].pass.first_sample * shape_elements(shapes[k]);
            ck_assert_int_eq(wrong(y, rates[k], calls[_i], first), 0);
            tensor_free(y);
        }
}
END_TEST

/* Of n numbers n · rate are dropped, give or take five deviations of a binomial. */
START_TEST(drops_the_share_that_was_asked_for)
{
    const float rates[] = {0.05f, 0.1f, 0.5f, 0.9f};
    const float rate = rates[_i];
    struct layer layer = layer_dropout(SHAPE(100, 1000), rate);
    struct tensor *y = run(&layer, calls[1], 10, false);
    double dropped = 0, n = y->count;
    for (int i = 0; i < y->count; i++)
        dropped += tensor_floats(y)[i] == 0;
    const double share = (double)rate, deviation = sqrt(n * share * (1 - share));
    ck_assert_msg(fabs(dropped - n * share) < 5 * deviation, "%g of %g, with rate %g", dropped, n,
                  share);
    tensor_free(y);
}
END_TEST

static double differing(const struct layer *layer, struct call a, struct call b)
{
    struct tensor *one = run(layer, a, 4, false), *other = run(layer, b, 4, false);
    double differ = 0;
    for (int i = 0; i < one->count; i++)
        differ += tensor_floats(one)[i] != tensor_floats(other)[i];
    differ /= one->count;
    tensor_free(one);
    tensor_free(other);
    return differ;
}

/* With rate 1/2 two independent draws differ in half of the numbers. */
START_TEST(is_another_for_each_seed_step_layer_and_place)
{
    struct layer layer = layer_dropout(SHAPE(50, 100), 0.5f);
    const struct call call = calls[1];
    ck_assert(differing(&layer, call, call) == 0);
    for (int what = 0; what < 6; what++) {
        struct call other = call;
        other.pass.seed ^= what == 0 ? 1 : what == 1 ? (uint64_t)1 << 40 : 0;
        other.pass.step += what == 2;
        other.layer += what == 3;
        other.dropouts += what == 4;
        other.pass.first_sample += what == 5;
        const double differ = differing(&layer, call, other);
        ck_assert_msg(differ > 0.48 && differ < 0.52, "%d: %g", what, differ);
    }
}
END_TEST

START_TEST(is_the_same_however_the_batch_is_cut)
{
    struct layer layer = layer_dropout(SHAPE(3, 7), 0.3f);
    struct tensor *whole = run(&layer, calls[1], 12, false);
    const size_t count = shape_elements(layer.input);
    for (int size = 1; size <= 6; size++)
        for (int first = 0; first + size <= 12; first += size) {
            struct call call = calls[1];
            call.pass.first_sample += first;
            struct tensor *part = run(&layer, call, size, size % 2 == 0);
            ck_assert_mem_eq(part->data, tensor_floats(whole) + (size_t)first * count,
                             tensor_bytes(part));
            tensor_free(part);
        }
    tensor_free(whole);
}
END_TEST

/* A rank that holds a slice drops what one process drops there. */
START_TEST(is_the_same_in_any_slice)
{
    const struct shape shape = SHAPE(6, 40);
    struct slice slices[] = {slice_along(shape, 0, 2, 5), slice_along(shape, 1, 0, 20),
                             slice_along(shape, 1, 13, 40), slice_along(shape, 1, 30, 33)};
    slice_add(&slices[3], 1, 5, 17);
    slice_add(&slices[3], 1, 0, 1);
    struct layer layer = layer_dropout(shape, 0.4f);
    struct tensor *whole = run(&layer, calls[1], 3, false);
    for (int k = 0; k < 4; k++) {
        struct layer own = layer_dropout(slice_shape(&slices[k]), 0.4f);
        own.slice = slices[k];
        struct tensor *part = run(&own, calls[1], 3, k % 2 == 0);
        struct tensor *expected =
            tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, own.input);
        for (int sample = 0; sample < 3; sample++) {
            struct tensor *of = tensor_view(whole, (size_t)sample * shape_elements(shape), shape);
            slice_copy_out(&slices[k], of, expected);
            ck_assert_mem_eq(tensor_floats(part) + (size_t)sample * expected->elements,
                             expected->data, tensor_bytes(expected));
            tensor_free(of);
        }
        tensor_free(expected);
        tensor_free(part);
    }
    tensor_free(whole);
}
END_TEST

START_TEST(is_the_same_on_any_number_of_threads)
{
    struct layer layer = layer_dropout(SHAPE(37, 101), 0.2f);
    omp_set_num_threads(1);
    struct tensor *one = run(&layer, calls[1], 9, false);
    for (int threads = 2; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        struct tensor *more = run(&layer, calls[1], 9, false);
        ck_assert_mem_eq(one->data, more->data, tensor_bytes(one));
        tensor_free(more);
    }
    tensor_free(one);
}
END_TEST

START_TEST(does_nothing_in_evaluation_and_at_rate_0)
{
    struct call call = calls[1];
    struct layer layer = layer_dropout(SHAPE(30), 0);
    struct tensor *y = run(&layer, call, 2, _i == 1);
    for (int i = 0; i < y->count; i++)
        ck_assert(tensor_floats(y)[i] == 1);
    tensor_free(y);
    layer = layer_dropout(SHAPE(30), 0.5f);
    call.pass.evaluating = true;
    y = run(&layer, call, 2, _i == 1);
    for (int i = 0; i < y->count; i++)
        ck_assert(tensor_floats(y)[i] == 1);
    tensor_free(y);
}
END_TEST

/* ---- in a model ---- */

/* Two blocks in the middle of a gpt that are one layer (layer_like) drop different things; and stages
 * drop what the whole model does. */
static struct tensor *through(const struct model *model, int first, int layers, int step,
                              struct tensor *x)
{
    struct stage *stage = stage_new(model, &(struct stage_options){.index = first > 0,
                                                                   .stages = 2,
                                                                   .first_layer = first,
                                                                   .layers = layers,
                                                                   .micro_batch_size = 3,
                                                                   .micro_batches = 1,
                                                                   .seed = 6,
                                                                   .device = tested_device()});
    stage_set_step(stage, step);
    struct tensor *y = to_host(stage_forward(stage, 0, to_device(x)));
    stage_free(stage);
    return y;
}

static struct tensor *tokens(const struct model *model)
{
    struct tensor *x =
        tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, DEVICE_CPU, shape_with_batch(3, model->input));
    for (int i = 0; i < x->count; i++)
        tensor_integers(x)[i] = i % model->outputs;
    return x;
}

START_TEST(is_the_same_however_the_model_is_cut)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new("gpt:depth=5,width=16,heads=2,dropout=0.3", SHAPE(6), 9, error);
    struct tensor *whole = through(model, 0, 5, 2, tokens(model));
    for (int cut = 1; cut < 5; cut++) {
        struct tensor *x = through(model, 0, cut, 2, tokens(model));
        struct tensor *y = through(model, cut, 5 - cut, 2, x);
        ck_assert_mem_eq(y->data, whole->data, tensor_bytes(y));
        tensor_free(y);
    }
    struct tensor *other = through(model, 0, 5, 3, tokens(model));
    ck_assert_int_ne(memcmp(other->data, whole->data, tensor_bytes(whole)), 0);
    tensor_free(other);
    tensor_free(whole);
    model_free(model);
}
END_TEST

/* Counted from 0 through the layers inside, and those inside of these. */
START_TEST(places_within_a_layer_are_counted)
{
    const struct shape shape = SHAPE(400);
    const struct layer first =
        layer_sequence((struct layer[]){layer_dropout(shape, 0.5f), layer_dropout(shape, 0.5f)}, 2);
    struct layer both =
        layer_sequence((struct layer[]){first, layer_relu(shape), layer_dropout(shape, 0.5f)}, 3);
    ck_assert_int_eq(both.dropouts, 3);
    struct tensor *y = run(&both, calls[1], 2, false);
    int expected[800] = {0}, differ = 0;
    for (int place = 0; place < 3; place++) {
        struct call call = calls[1];
        call.dropouts = place;
        struct layer one = layer_dropout(shape, 0.5f);
        struct tensor *part = run(&one, call, 2, false);
        for (int i = 0; i < 800; i++)
            expected[i] += tensor_floats(part)[i] > 0;
        tensor_free(part);
    }
    for (int i = 0; i < 800; i++)
        differ += (tensor_floats(y)[i] > 0) != (expected[i] == 3);
    ck_assert_int_eq(differ, 0);
    tensor_free(y);
    layer_destroy(&both);
}
END_TEST

/* ---- misuse ---- */

static void misuse(int which)
{
    struct layer layer = layer_dropout(SHAPE(8), which == 0 ? 1.0f : 0.5f);
    struct call call = {.dropouts = which == 1 ? 256 : 0};
    if (which == 2)
        layer.slice = slice_along(SHAPE(16), 0, 3, 9);
    run(&layer, call, 2, false);
}

START_TEST(misuse_is_fatal)
{
    const char *const messages[] = {"less than 1, not 1", "dropout 256 of layer 0",
                                    "has not the shape of its input"};
    check_fatal(misuse, _i, messages[_i]);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("dropout");
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, drops_what_the_generator_says, 0, 3);
    tcase_add_loop_test(tests, drops_the_share_that_was_asked_for, 0, 4);
    tcase_add_test(tests, is_another_for_each_seed_step_layer_and_place);
    tcase_add_test(tests, is_the_same_however_the_batch_is_cut);
    tcase_add_test(tests, is_the_same_in_any_slice);
    tcase_add_test(tests, is_the_same_on_any_number_of_threads);
    tcase_add_loop_test(tests, does_nothing_in_evaluation_and_at_rate_0, 0, 2);
    tcase_add_test(tests, is_the_same_however_the_model_is_cut);
    tcase_add_test(tests, places_within_a_layer_are_counted);
    tcase_add_loop_test(tests, misuse_is_fatal, 0, 3);

    Suite *suite = suite_create("dropout");
    suite_add_tcase(suite, tests);
    return suite;
}
