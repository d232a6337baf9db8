/*
 * Training on a GPU beside the processor's: the first step's gradients, the losses of up to 20 steps, the running averages.
 * (Layers and models beside PyTorch's: common/layers/tests, with TEST_DEVICE.)
 */
#include "common/training/assert_close.h"
#include "common/training/tests/trained_on.h"

#include <math.h>

/* Numbers of 16 bits are rounded: one that lies between two may fall to either side. */
static struct tolerance of_gradients(enum dtype precision)
{
    if (precision == DTYPE_BFLOAT16)
        return (struct tolerance){.relative = 0.05, .absolute = 2e-3, .norm = 0.01};
    if (precision == DTYPE_FLOAT16)
        return (struct tolerance){.relative = 0.02, .absolute = 1e-3, .norm = 0.004};
    return tolerance_gradient();
}

static void must_be_close(const char *what, const struct tensor *found,
                          const struct tensor *expected, struct tolerance tolerance)
{
    char text[CLOSENESS_TEXT_SIZE];
    const struct closeness closeness = closeness_of(found, expected, tolerance);
    ck_assert_msg(closeness.close, "%s",
                  closeness_text(&closeness, what, found, expected, tolerance, text));
}

START_TEST(the_gradients_of_the_first_step_agree)
{
    const struct recipe *recipe = &recipes[_i];
    struct trained cpu = trained_new(recipe, DEVICE_CPU), gpu = trained_new(recipe, a_gpu());
    const double expected = trained_gradients(&cpu), found = trained_gradients(&gpu);
    ck_assert_double_gt(fabs(expected), 0);
    const double allowed = recipe->precision == DTYPE_FLOAT32 ? 1e-6 : 1e-2;
    ck_assert_msg(fabs(found / expected - 1) <= allowed, "%s: loss %.9g, expected %.9g",
                  recipe->model, found, expected);
    struct tensor *gradients = stage_gradients(gpu.stage);
    ck_assert_int_eq(gradients->device, DEVICE_CUDA);
    for (int l = 0; l < gpu.model->layers; l++) {
        if (gpu.model->layer[l].parameters == 0)
            continue;
        struct tensor *one = stage_layer_gradients(gpu.stage, l),
                      *other = stage_layer_gradients(cpu.stage, l);
        must_be_close(recipe->model, one, other, of_gradients(recipe->precision));
        tensor_free(one);
        tensor_free(other);
    }
    trained_free(&gpu);
    trained_free(&cpu);
}
END_TEST

/* Where a unit of a ReLU or a window changes its mind, the two runs part. None of these does. */
START_TEST(the_losses_of_some_steps_agree)
{
    const struct recipe *recipe = &recipes[_i];
    struct trained cpu = trained_new(recipe, DEVICE_CPU), gpu = trained_new(recipe, a_gpu());
    double first = 0, largest = 0;
    for (int step = 0; step < recipe->steps; step++) {
        const double expected = trained_step(&cpu), found = trained_step(&gpu);
        first = step == 0 ? expected : first;
        largest = fmax(largest, fabs(expected)); /* a mean of outputs may come close to 0 */
        const double of = recipe->loss == LOSS_MEAN ? largest : fabs(expected);
        ck_assert_msg(fabs(found - expected) <= 1e-5 * of, "%s, step %d: %.9g, expected %.9g",
                      recipe->model, step, found, expected);
        ck_assert(step == 0 || expected != first);
        const double accuracy = batch_accuracy(cpu.batch);
        ck_assert_double_eq(batch_accuracy(gpu.batch), accuracy);
    }
    for (int l = 0; l < gpu.model->layers; l++) {
        if (gpu.model->layer[l].buffers == 0)
            continue;
        struct tensor *one = stage_layer_buffers(gpu.stage, l),
                      *other = stage_layer_buffers(cpu.stage, l);
        must_be_close(recipe->model, one, other,
                      (struct tolerance){.relative = 1e-4, .absolute = 1e-5, .norm = 1e-5});
        tensor_free(one);
        tensor_free(other);
    }
    trained_free(&gpu);
    trained_free(&cpu);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("training on a GPU");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, the_gradients_of_the_first_step_agree, 0, RECIPES);
    tcase_add_loop_test(tests, the_losses_of_some_steps_agree, 0, RECIPES);
    suite_add_tcase(suite, tests);
    return suite;
}
