/*
 * Cross-entropy over tokens against PyTorch, and at its edges.
 */
#include "common/base/flops.h"
#include "common/base/random.h"
#include "common/training/loss.h"
#include "tests/support/fixture.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define SCALE 0.25f /* as in generate.py */

static const char *const cases[] = {"rows",  "tokens",  "one-token", "two-classes",
                                    "large", "shifted", "5000",      "5000-large"};

START_TEST(agrees_with_pytorch)
{
    const char *name = cases[_i];
    struct tensor_file *file = fixture_open("losses-tokens");
    struct tensor *outputs = to_device(tensor_retain(fixture_get(file, "%s.outputs", name)));
    struct tensor *labels = to_device(tensor_retain(fixture_get(file, "%s.labels", name)));
    int correct;
    double loss = loss_forward(LOSS_CROSS_ENTROPY, outputs, labels, &correct);
    double expected = (double)tensor_floats(fixture_get(file, "%s.loss", name))[0];
    ck_assert_msg(fabs(loss - expected) <= 1e-7 + 1e-7 * fabs(expected), "%s: %.9g, expected %.9g",
                  name, loss, expected);
    struct tensor *gradient = loss_backward(LOSS_CROSS_ENTROPY, outputs, labels, SCALE);
    ck_assert(shape_equal(gradient->shape, outputs->shape));
    fixture_compare(name, "gradient", gradient, fixture_get(file, "%s.gradient", name),
                    (struct tolerance){.relative = 2e-6, .absolute = 1e-9, .norm = 1e-6});
    tensor_free(gradient);
    tensor_free(outputs);
    tensor_free(labels);
    tensor_file_free(file);
}
END_TEST

static struct tensor *labels_of(struct shape shape, const int32_t *value)
{
    struct tensor *labels = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, shape);
    memcpy(labels->data, value, (size_t)labels->count * sizeof *value);
    return to_device(labels);
}

/* Of equal elements the first is the answer; a place in the last vector counts like any other. */
START_TEST(right_answers_are_counted)
{
    enum { CLASSES = 19 };
    float value[2][3][CLASSES] = {{{0}}};
    value[0][0][17] = 1;                   /* the label */
    value[0][1][3] = value[0][1][18] = 2;  /* the second of two */
    value[0][2][18] = value[0][2][3] = -1; /* all others are larger, the first is 0 */
    value[1][0][5] = value[1][0][18] = 2;  /* the first of two */
    value[1][1][4] = INFINITY;             /* no number comes out, but it is the largest */
    value[1][2][0] = NAN;                  /* never right */
    struct tensor *outputs = to_device(fixture_wrap(&value[0][0][0], SHAPE(2, 3, CLASSES)));
    struct tensor *labels = labels_of(SHAPE(2, 3), (int32_t[]){17, 18, 0, 5, 4, 0});
    int correct;
    loss_forward(LOSS_CROSS_ENTROPY, outputs, labels, &correct);
    ck_assert_int_eq(correct, 4);
    tensor_free(outputs);
    tensor_free(labels);
}
END_TEST

/* Log of the number of classes where all are alike; NaN and infinity are not swallowed. */
START_TEST(edges)
{
    enum { CLASSES = 300 };
    float value[CLASSES];
    for (int k = 0; k < CLASSES; k++)
        value[k] = 1e30f;
    struct tensor *outputs = to_device(fixture_wrap(value, SHAPE(1, 1, CLASSES)));
    struct tensor *labels = labels_of(SHAPE(1, 1), (int32_t[]){7});
    int correct;
    ck_assert_double_le(
        fabs(loss_forward(LOSS_CROSS_ENTROPY, outputs, labels, &correct) - log(CLASSES)), 1e-9);
    set_number(outputs, 299, NAN);
    ck_assert(isnan(loss_forward(LOSS_CROSS_ENTROPY, outputs, labels, &correct)));
    set_number(outputs, 299, 0);
    set_number(outputs, 7, -INFINITY);
    ck_assert(isinf(loss_forward(LOSS_CROSS_ENTROPY, outputs, labels, &correct)));
    struct tensor *gradient = loss_backward(LOSS_CROSS_ENTROPY, outputs, labels, 1);
    ck_assert_float_eq(number_at(gradient, 7), -1);
    ck_assert(!isnan(number_at(gradient, 299)));
    tensor_free(gradient);
    tensor_free(outputs);
    tensor_free(labels);
}
END_TEST

/* Bit by bit, and nothing is charged. */
START_TEST(threads_change_nothing)
{
    enum { SAMPLES = 5, TOKENS = 37, CLASSES = 65 };
    static float value[SAMPLES * TOKENS * CLASSES];
    static int32_t label[SAMPLES * TOKENS];
    const uint64_t stream = random_stream(RANDOM_TEST, 0, 0);
    random_normal(value, SAMPLES * TOKENS * CLASSES, 1, stream, 0, 0, 3);
    for (int i = 0; i < SAMPLES * TOKENS; i++)
        label[i] = (int32_t)random_below(2, stream, (uint64_t)i, CLASSES);
    struct tensor *outputs = to_device(fixture_wrap(value, SHAPE(SAMPLES, TOKENS, CLASSES)));
    struct tensor *labels = labels_of(SHAPE(SAMPLES, TOKENS), label);
    double loss[3];
    struct tensor *gradient[3];
    const uint64_t flops = flops_charged();
    for (int threads = 1; threads <= 3; threads++) {
        int correct;
        omp_set_num_threads(threads);
        loss[threads - 1] = loss_forward(LOSS_CROSS_ENTROPY, outputs, labels, &correct);
        gradient[threads - 1] = loss_backward(LOSS_CROSS_ENTROPY, outputs, labels, SCALE);
    }
    ck_assert_uint_eq(flops_charged(), flops);
    for (int i = 1; i < 3; i++) {
        ck_assert_mem_eq(&loss[0], &loss[i], sizeof *loss);
        ck_assert(same_numbers(gradient[0], gradient[i]));
    }
    for (int i = 0; i < 3; i++)
        tensor_free(gradient[i]);
    tensor_free(outputs);
    tensor_free(labels);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("loss_tokens");
    TCase *tests = tcase_create("loss_tokens");
    tcase_add_loop_test(tests, agrees_with_pytorch, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tests, right_answers_are_counted);
    tcase_add_test(tests, edges);
    tcase_add_test(tests, threads_change_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
