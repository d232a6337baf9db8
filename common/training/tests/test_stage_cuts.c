/*
 * Stages: cut in time (micro-batches), in space (stages) and in halves (input
 * and weight gradients), a model must give what it gives whole, and compute no
 * more than that takes.
 */
#include "common/base/flops.h"
#include "common/training/assert_close.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <cblas.h>
#include <omp.h>
#include <stdlib.h>

static struct tensor *copy_of(const struct tensor *tensor)
{
    struct tensor *copy =
        tensor_new(MEMORY_WORKSPACE, tensor->dtype, tested_device(), tensor->shape);
    tensor_copy(copy, tensor);
    return copy;
}

/* Forward and backward of 12 samples in the whole model: the truth of the other tests. */
static struct stage *run_whole(const struct model *model, struct tensor **y)
{
    struct stage *stage = small_whole(model, 12, 1);
    struct tensor *output = stage_forward(stage, 0, small_samples(model->input, 0, 12, 0));
    *y = copy_of(output);
    tensor_free(output);
    ck_assert_ptr_null(stage_backward(stage, 0, small_samples(SHAPE(10), 0, 12, 1)));
    return stage;
}

static void check_same(const struct tensor *there, const struct tensor *wanted,
                       struct tolerance tolerance)
{
    char text[CLOSENESS_TEXT_SIZE];
    struct tensor *actual = tensor_on_host(there, "be compared"),
                  *expected = tensor_on_host(wanted, "be compared");
    struct closeness closeness = closeness_of(actual, expected, tolerance);
    ck_assert_msg(closeness.close, "%s",
                  closeness_text(&closeness, "tensor", actual, expected, tolerance, text));
    tensor_free(actual);
    tensor_free(expected);
}

static void check_bits(const struct tensor *actual, const struct tensor *expected)
{
    ck_assert_int_eq(actual->count, expected->count);
    ck_assert(same_numbers(actual, expected));
}

/* The gradients add up to a few times the size of a mean loss's, so the absolute bound does, too. */
static struct tolerance sum_tolerance(void)
{
    return (struct tolerance){.relative = 1e-5, .absolute = 4e-4, .norm = 1e-5};
}

/* ---- cut in time, in space, in halves ---- */

START_TEST(micro_batches_add_up_to_the_batch)
{
    struct model *model = small_model(_i);
    struct tensor *y;
    struct stage *whole = run_whole(model, &y);
    for (int size = 1; size <= 6; size++) {
        if (12 % size != 0)
            continue;
        int count = 12 / size;
        struct stage *stage = small_whole(model, size, count);
        for (int m = 0; m < count; m++) {
            struct tensor *part =
                stage_forward(stage, m, small_samples(model->input, m * size, size, 0));
            struct tensor *expected = tensor_view(y, (size_t)(m * size * 10), SHAPE(size, 10));
            check_same(part, expected, tolerance_default(DTYPE_FLOAT32));
            tensor_free(part);
            tensor_free(expected);
        }
        ck_assert_int_eq(stage_in_flight(stage), count);
        for (int m = count - 1; m >= 0; m--)
            stage_backward(stage, m, small_samples(SHAPE(10), m * size, size, 1));
        check_same(stage_gradients(stage), stage_gradients(whole), sum_tolerance());
        ck_assert_int_eq(stage_in_flight(stage), 0);
        stage_free(stage);
    }
    tensor_free(y);
    stage_free(whole);
    model_free(model);
}
END_TEST

START_TEST(stages_are_the_whole_model)
{
    struct model *model = small_model(_i);
    struct tensor *y;
    struct stage *whole = run_whole(model, &y);
    for (int stages = 2; stages <= model->layers; stages++) {
        struct stage *stage[32];
        struct tensor *tensor = small_samples(model->input, 0, 12, 0);
        for (int s = 0; s < stages; s++) {
            int first = s * model->layers / stages, next = (s + 1) * model->layers / stages;
            stage[s] = small_stage(model, s, stages, first, next - first, 12, 1);
            ck_assert(shape_equal(shape_with_batch(12, model->layer[first].input), tensor->shape));
            tensor = stage_forward(stage[s], 0, tensor);
        }
        check_bits(tensor, y);
        tensor_free(tensor);
        tensor = small_samples(SHAPE(10), 0, 12, 1);
        for (int s = stages - 1; s >= 0; s--)
            tensor = stage_backward(stage[s], 0, tensor);
        ck_assert_ptr_null(tensor);
        for (int s = 0; s < stages; s++) {
            for (int layer = stage_first_layer(stage[s]);
                 layer < stage_first_layer(stage[s]) + stage_layers(stage[s]); layer++) {
                struct tensor *actual = stage_layer_gradients(stage[s], layer);
                struct tensor *expected = stage_layer_gradients(whole, layer);
                ck_assert_int_eq(actual == NULL, expected == NULL);
                if (actual != NULL)
                    check_bits(actual, expected);
                tensor_free(actual);
                tensor_free(expected);
            }
            stage_free(stage[s]);
        }
    }
    tensor_free(y);
    stage_free(whole);
    model_free(model);
}
END_TEST

/* A stage in the middle gives the same dx in both ways, and the weights can come much later. */
START_TEST(two_halves_are_one_backward)
{
    struct model *model = small_model(_i);
    int first = 1, layers = model->layers - 1;
    struct shape input = model->layer[first].input;
    struct stage *one = small_stage(model, 1, 2, first, layers, 4, 3);
    struct stage *two = small_stage(model, 1, 2, first, layers, 4, 3);
    for (int m = 0; m < 3; m++) {
        tensor_free(stage_forward(one, m, small_samples(input, 4 * m, 4, 0)));
        tensor_free(stage_forward(two, m, small_samples(input, 4 * m, 4, 0)));
    }
    for (int m = 0; m < 3; m++) {
        struct tensor *dx = stage_backward(one, m, small_samples(SHAPE(10), 4 * m, 4, 1));
        struct tensor *same = stage_backward_input(two, m, small_samples(SHAPE(10), 4 * m, 4, 1));
        ck_assert(shape_equal(dx->shape, shape_with_batch(4, input)));
        check_bits(same, dx);
        tensor_free(dx);
        tensor_free(same);
    }
    ck_assert_int_eq(stage_in_flight(one), 0);
    ck_assert_int_eq(stage_in_flight(two), 3);
    for (int m = 0; m < 3; m++)
        stage_backward_weight(two, m);
    ck_assert_int_eq(stage_in_flight(two), 0);
    check_bits(stage_gradients(two), stage_gradients(one));
    stage_free(one);
    stage_free(two);
    model_free(model);
}
END_TEST

/* A tensor that the caller keeps a reference to must not change under its hands. */
START_TEST(kept_tensors_stay_as_they_are)
{
    struct model *model = small_model(_i);
    for (int layer = 0; layer < model->layers; layer++) {
        struct stage *stage = small_stage(model, 1, 2, layer, 1, 3, 1);
        struct tensor *x = small_samples(model->layer[layer].input, 0, 3, 0),
                      *x_before = copy_of(x);
        struct tensor *y = stage_forward(stage, 0, tensor_retain(x)), *y_before = copy_of(y);
        struct tensor *dy = small_samples(model->layer[layer].output, 0, 3, 1),
                      *dy_before = copy_of(dy);
        tensor_free(stage_backward(stage, 0, tensor_retain(dy)));
        check_bits(x, x_before);
        check_bits(y, y_before);
        check_bits(dy, dy_before);
        struct tensor *all[] = {x, x_before, y, y_before, dy, dy_before};
        for (int i = 0; i < 6; i++)
            tensor_free(all[i]);
        stage_free(stage);
    }
    model_free(model);
}
END_TEST

/* Twice with two threads: the same bits. Against one thread: the same up to rounding. */
START_TEST(threads_change_nothing_but_rounding)
{
    struct model *model = small_model(_i);
    struct stage *stage[3];
    struct tensor *y[3];
    for (int i = 0; i < 3; i++) {
        omp_set_num_threads(i == 0 ? 1 : 2);
        stage[i] = run_whole(model, &y[i]);
    }
    check_bits(y[2], y[1]);
    check_bits(stage_gradients(stage[2]), stage_gradients(stage[1]));
    check_same(y[1], y[0], tolerance_default(DTYPE_FLOAT32));
    check_same(stage_gradients(stage[1]), stage_gradients(stage[0]), sum_tolerance());
    for (int i = 0; i < 3; i++) {
        tensor_free(y[i]);
        stage_free(stage[i]);
    }
    model_free(model);
}
END_TEST

/* OpenBLAS older than the processor falls back to code for the Pentium 4. */
START_TEST(products_use_the_processors_vectors)
{
    struct model *model = small_model(0);
    struct stage *stage = small_whole(model, 1, 1);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && getenv("OPENBLAS_CORETYPE") == NULL)
        ck_assert_str_ne(openblas_get_corename(), "Prescott");
#endif
    stage_free(stage);
    model_free(model);
}
END_TEST

/* ---- what need not be computed is not ---- */

START_TEST(stage_0_computes_no_input_gradient)
{
    struct model *model = small_model(_i);
    struct stage *stage = small_whole(model, 2, 1);
    tensor_free(stage_forward(stage, 0, small_samples(model->input, 0, 2, 0)));
    uint64_t before = flops_charged();
    ck_assert_ptr_null(stage_backward(stage, 0, small_samples(SHAPE(10), 0, 2, 1)));
    int first_with_parameters = small_models[_i].name[0] == 'm' ? 1 : 0;
    double expected = 0;
    for (int i = 0; i < model->layers; i++) {
        expected += 2 * model->layer[i].backward_weight_flops;
        if (i > first_with_parameters)
            expected += 2 * model->layer[i].backward_input_flops;
        else /* layers inside it */
            expected += 2 * model->layer[i].backward_input_flops_without_dx;
    }
    ck_assert_double_eq((double)(flops_charged() - before), expected);
    stage_free(stage);
    model_free(model);
}
END_TEST

START_TEST(a_first_stage_without_parameters)
{
    struct model *model = small_model(0);
    struct stage *stage = small_stage(model, 0, 2, 0, 1, 2, 1);
    ck_assert_int_eq(stage_parameters(stage)->count, 1);
    ck_assert_ptr_null(stage_layer_gradients(stage, 0));
    size_t live = memory_live(MEMORY_ACTIVATION);
    tensor_free(stage_forward(stage, 0, small_samples(model->input, 0, 2, 0)));
    ck_assert_ptr_null(stage_backward(stage, 0, small_samples(SHAPE(784), 0, 2, 1)));
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), live);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* Counted, not looked up in memory: on the meta device all tensors lie somewhere in the same. */
START_TEST(layers_lie_one_behind_the_other_in_the_arenas)
{
    struct model *model = small_model(_i);
    for (int first = 0; first < 2; first++) {
        const int layers = model->layers - first;
        struct stage *stage = stage_new(
            model, &(struct stage_options){.index = first,
                                           .stages = 2,
                                           .first_layer = first,
                                           .layers = layers,
                                           .micro_batch_size = 2,
                                           .micro_batches = 1,
                                           .device = first ? DEVICE_META : tested_device()});
        size_t expected = 0;
        for (int layer = first; layer < first + layers; layer++) {
            size_t begin, end;
            stage_layer_range(stage, layer, &begin, &end);
            ck_assert_uint_eq(begin, expected);
            expected += model->layer[layer].parameter_count;
            ck_assert_uint_eq(end, expected);
        }
        ck_assert_uint_eq(stage_gradients(stage)->elements, expected);
        stage_free(stage);
    }
    model_free(model);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("stage_cuts");
    TCase *tests = tcase_create("stage_cuts");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, micro_batches_add_up_to_the_batch, 0, SMALL_MODELS);
    tcase_add_loop_test(tests, stages_are_the_whole_model, 0, SMALL_MODELS);
    tcase_add_loop_test(tests, two_halves_are_one_backward, 0, SMALL_MODELS);
    tcase_add_loop_test(tests, kept_tensors_stay_as_they_are, 0, SMALL_MODELS);
    tcase_add_loop_test(tests, threads_change_nothing_but_rounding, 0, SMALL_MODELS);
    tcase_add_test(tests, products_use_the_processors_vectors);
    tcase_add_loop_test(tests, stage_0_computes_no_input_gradient, 0, SMALL_MODELS);
    tcase_add_test(tests, a_first_stage_without_parameters);
    tcase_add_loop_test(tests, layers_lie_one_behind_the_other_in_the_arenas, 0, SMALL_MODELS);
    suite_add_tcase(suite, tests);
    return suite;
}
