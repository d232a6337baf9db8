/*
 * The judge's reference: checked by definitions written out by hand (the loss
 * from the outputs, gradients by finite differences, weight gradients as sums of
 * products), and by its parts, which take another way to the same gradients.
 */
#include "grader/truth/calm.h"
#include "grader/truth/reference.h"
#include "tests/support/test.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct options options_of(const char *arguments)
{
    struct options options;
    char error[OPTIONS_ERROR_SIZE];
    int count;
    char **word;
    g_autofree char *line = g_strconcat("program ", arguments, NULL);
    ck_assert(g_shell_parse_argv(line, &count, &word, NULL));
    ck_assert_msg(options_read(&options, NULL, count, word, error), "%s", error);
    g_strfreev(word);
    return options;
}

static struct reference *reference_of(const char *arguments)
{
    struct options options = options_of(arguments);
    char error[REFERENCE_ERROR_SIZE];
    struct reference *reference = reference_new(&options, error);
    ck_assert_msg(reference != NULL, "%s", error);
    return reference;
}

/* The last has its linear layer inside another. */
static const char *const settings[] = {
    "--model mlp:depth=3,width=20 --data synthetic:height=8,width=8 --seed 3 --batch 12",
    "--model cnn --data synthetic --seed 4 --batch 6",
    "--model vit:depth=1,width=16,heads=2 --data synthetic --seed 5 --batch 4",
    "--model mlp:depth=2,width=20 --data synthetic:height=8,width=8 --seed 6 --batch 6 --loss mean",
    "--model mlp:depth=3,width=20,norm=batch --data synthetic:height=8,width=8 --seed 9 --batch 24 "
    "--micro-batches 2",
    "--model resnet:width=3 --data synthetic:height=8,width=8 --seed 8 --batch 8 --micro-batches 2",
};

/* ---- the loss ---------------------------------------------------------------------------------- */

static double loss_by_hand(const struct reference *reference)
{
    const struct tensor *outputs = batch_outputs(reference->batch);
    const int32_t *label = tensor_integers(batch_labels(reference->batch, 0));
    int classes = reference->model->outputs, samples = outputs->count / classes;
    double loss = 0;
    for (int i = 0; i < samples; i++) {
        const float *row = tensor_floats(outputs) + i * classes;
        double sum = 0, all = 0;
        for (int k = 0; k < classes; k++) {
            sum += exp(row[k]);
            all += row[k];
        }
        loss += reference->options.loss == LOSS_MEAN ? all / classes : log(sum) - row[label[i]];
    }
    return loss / samples;
}

START_TEST(loss_is_that_of_the_outputs)
{
    struct reference *reference = reference_of(settings[_i]);
    reference_compute(reference, 0);
    ck_assert_double_eq_tol(reference->loss, loss_by_hand(reference), 1e-5);
    double first = reference->loss;
    reference_compute(reference, 1); /* another batch */
    ck_assert_double_eq_tol(reference->loss, loss_by_hand(reference), 1e-5);
    ck_assert_double_ne(reference->loss, first);
    reference_compute(reference, 0);
    ck_assert_double_eq(reference->loss, first);
    reference_free(reference);
}
END_TEST

/* ---- gradients --------------------------------------------------------------------------------- */

/* Along the gradient the loss changes by the square of its norm. */
START_TEST(gradient_is_the_slope_of_the_loss)
{
    struct reference *reference = reference_of(settings[_i]);
    struct tensor *parameters = stage_parameters(reference->stage);
    reference_compute(reference, 0);
    g_autofree float *gradient =
        g_memdup2(stage_gradients(reference->stage)->data, tensor_bytes(parameters));
    g_autofree float *start = g_memdup2(parameters->data, tensor_bytes(parameters));
    double square = 0;
    for (int i = 0; i < parameters->count; i++)
        square += (double)gradient[i] * gradient[i];
    ck_assert_double_gt(square, 0);
    double step = 2e-3 / sqrt(square), loss[2];
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < parameters->count; i++)
            tensor_floats(parameters)[i] = (float)(start[i] + (side ? step : -step) * gradient[i]);
        reference_compute(reference, 0);
        loss[side] = reference->loss;
    }
    ck_assert_double_eq_tol((loss[1] - loss[0]) / (2 * step) / square, 1, 2e-2);
    reference_free(reference);
}
END_TEST

static void expect_close(const float *found, const float *expected, int count, double tolerance)
{
    double difference = 0, square = 0;
    for (int i = 0; i < count; i++) {
        difference += ((double)found[i] - expected[i]) * ((double)found[i] - expected[i]);
        square += (double)expected[i] * expected[i];
    }
    ck_assert_double_gt(square, 0);
    ck_assert_double_le(difference, tolerance * tolerance * square);
}

START_TEST(parts_add_up_to_the_whole)
{
    struct reference *reference = reference_of(settings[_i]);
    reference_compute(reference, 0);
    struct tensor *gradients = stage_gradients(reference->stage);
    int count = gradients->count, m = 2;
    g_autofree float *whole = g_memdup2(gradients->data, tensor_bytes(gradients));
    struct tensor *outputs = batch_outputs(reference->batch);
    struct reference_parts *parts = reference_parts_new(reference, 0, m);
    ck_assert_ptr_nonnull(parts);
    g_autofree float *sum = g_new0(float, count);
    for (int i = 0; i < m; i++) {
        for (int k = 0; k < count; k++)
            sum[k] += tensor_floats(parts->gradients[i])[k];
        int size = parts->outputs[i]->count;
        ck_assert_int_eq(size * m, outputs->count);
        expect_close(tensor_floats(parts->outputs[i]), tensor_floats(outputs) + i * size, size,
                     1e-5);
    }
    expect_close(sum, whole, count, 1e-5);
    ck_assert_ptr_null(reference_parts_new(reference, 0, 5));
    ck_assert_ptr_null(reference_parts_new(reference, 0, 0));
    reference_parts_free(parts);
    reference_free(reference);
}
END_TEST

/* What is kept of the linear layers really gives their gradients. */
START_TEST(products_are_the_weight_gradients)
{
    struct reference *reference = reference_of(settings[_i]);
    int m = 2, linear = 0;
    struct reference_parts *parts = reference_parts_new(reference, 0, m);
    for (int layer = 0; layer < reference->model->layers; layer++) {
        if (strcmp(reference->model->layer[layer].operations->kind, "linear") != 0) {
            ck_assert_ptr_null(parts->x[layer]);
            continue;
        }
        linear++;
        const struct shape *weight = &reference->model->layer[layer].parameter[0].shape;
        int outputs = weight->size[0], inputs = weight->size[1];
        for (int part = 0; part < m; part++) {
            const struct tensor *x = parts->x[part * parts->layers + layer];
            const struct tensor *dy = parts->dy[part * parts->layers + layer];
            g_autofree float *sum = g_new0(float, outputs *inputs);
            for (int row = 0; row < x->count / inputs; row++)
                for (int o = 0; o < outputs; o++)
                    for (int i = 0; i < inputs; i++)
                        sum[o * inputs + i] += tensor_floats(dy)[row * outputs + o] *
                                               tensor_floats(x)[row * inputs + i];
            expect_close(sum,
                         tensor_floats(parts->gradients[part]) + reference_offset(reference, layer),
                         outputs * inputs, 1e-5);
        }
    }
    ck_assert_int_gt(linear, 0);
    reference_parts_free(parts);
    reference_free(reference);
}
END_TEST

START_TEST(views_cover_everything_once)
{
    struct reference *reference = reference_of(settings[_i]);
    struct tensor *arena = stage_gradients(reference->stage);
    tensor_zero(arena);
    for (int layer = 0; layer < reference->model->layers; layer++)
        for (int p = 0; p < reference->model->layer[layer].parameters; p++) {
            struct tensor *view = reference_gradient(reference, layer, p);
            ck_assert(shape_equal(view->shape, reference->model->layer[layer].parameter[p].shape));
            for (int i = 0; i < view->count; i++)
                tensor_floats(view)[i] += 1;
            tensor_free(view);
        }
    for (int i = 0; i < arena->count; i++)
        ck_assert_double_eq(tensor_floats(arena)[i], 1);
    reference_free(reference);
}
END_TEST

/* Momentum by hand: v = 0.9 v + g, w = w - rate · v. */
START_TEST(update_is_sgd_with_momentum)
{
    struct reference *reference = reference_of(settings[0]);
    struct tensor *parameters = stage_parameters(reference->stage);
    struct tensor *gradients = stage_gradients(reference->stage);
    int count = parameters->count;
    g_autofree double *velocity = g_new0(double, count);
    g_autofree double *weight = g_new(double, count);
    for (int i = 0; i < count; i++)
        weight[i] = tensor_floats(parameters)[i];
    for (int step = 0; step < 3; step++) {
        reference_compute(reference, step);
        for (int i = 0; i < count; i++) {
            velocity[i] = (double)0.9f * velocity[i] + tensor_floats(gradients)[i];
            weight[i] -= (double)0.05f * velocity[i];
        }
        reference_update(reference);
    }
    for (int i = 0; i < count; i++)
        ck_assert_double_eq_tol(tensor_floats(parameters)[i], weight[i], 1e-6);
    reference_free(reference);
}
END_TEST

START_TEST(options_without_a_reference)
{
    char error[REFERENCE_ERROR_SIZE] = "";
    struct options options = options_of(settings[0]);
    strcpy(options.dataset, "no-such-set");
    ck_assert_ptr_null(reference_new(&options, error));
    ck_assert_ptr_nonnull(strstr(error, "no-such-set"));
    ck_assert(reference_is_calm(&options)); /* that is for others to say */
    options = options_of(settings[0]);
    strcpy(options.model, "no-such-model");
    ck_assert_ptr_null(reference_new(&options, error));
    ck_assert_ptr_nonnull(strstr(error, "no-such-model"));
    reference_free(NULL);
    reference_parts_free(NULL);
}
END_TEST

/* ---- calm -------------------------------------------------------------------------------------- */

/* The smallest pre-activation of a perceptron with one hidden layer, in double precision. */
static double smallest_activation(struct reference *reference)
{
    struct tensor *weight = reference_parameter(reference, 1, 0);
    struct tensor *bias = reference_parameter(reference, 1, 1);
    batch_load(reference->batch, 0);
    struct tensor *x = batch_inputs(reference->batch, 0);
    int outputs = weight->shape.size[0], inputs = weight->shape.size[1];
    double smallest = INFINITY;
    for (int row = 0; row < x->count / inputs; row++)
        for (int o = 0; o < outputs; o++) {
            double sum = tensor_floats(bias)[o];
            for (int i = 0; i < inputs; i++)
                sum += (double)tensor_floats(x)[row * inputs + i] *
                       tensor_floats(weight)[o * inputs + i];
            smallest = fmin(smallest, fabs(sum));
        }
    tensor_free(x);
    tensor_free(weight);
    tensor_free(bias);
    return smallest;
}

START_TEST(calm_is_far_from_zero)
{
    struct options options = options_of("--model mlp:depth=2,width=512 --batch 96 --steps 1 "
                                        "--data synthetic:height=6,width=6");
    int calm = 0, not_calm = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        char error[REFERENCE_ERROR_SIZE];
        options.seed = seed;
        struct reference *reference = reference_new(&options, error);
        double smallest = smallest_activation(reference);
        reference_free(reference);
        if (fabs(smallest / 2e-6 - 1) < 0.3) /* too near to the bound to say */
            continue;
        ck_assert_int_eq(reference_is_calm(&options), smallest > 2e-6);
        calm += smallest > 2e-6;
        not_calm += smallest <= 2e-6;
    }
    ck_assert_int_gt(calm, 5);
    ck_assert_int_gt(not_calm, 2);
}
END_TEST

/* What one layer gives, run by itself; counts up what a ReLU is given that is too near to 0. */
static struct tensor *walk(const struct layer *layer, struct layer_memory memory, struct tensor *x,
                           int *near)
{
    const bool is_relu = !strcmp(layer->operations->kind, "relu");
    for (int i = 0; is_relu && i < x->count; i++)
        *near += tensor_floats(x)[i] != 0 && fabsf(tensor_floats(x)[i]) <= 2e-6f;
    if (layer->inner_layers == 0) {
        struct saved *saved = saved_new(layer);
        struct tensor *y = layer_forward(layer, memory, saved, x);
        saved_free(saved);
        return y;
    }
    const bool is_residual = !strcmp(layer->operations->kind, "residual");
    struct tensor *round = is_residual ? tensor_retain(x) : NULL;
    for (int i = 0; i < layer->inner_layers; i++) {
        const bool goes_round = i >= layer->inner_layers - layer->shortcut_layers;
        struct tensor **value = goes_round ? &round : &x;
        *value = walk(&layer->inner[i], memory, *value, near);
        memory.parameters += layer->inner[i].parameter_count;
    }
    if (is_residual) {
        struct tensor *sum = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, x->shape);
        for (int i = 0; i < sum->count; i++)
            tensor_floats(sum)[i] = tensor_floats(x)[i] + tensor_floats(round)[i];
        tensor_free(x);
        tensor_free(round);
        x = sum;
    }
    return x;
}

/* How many numbers that any ReLU is given, inside of blocks, too, are so near to 0. */
static int near_to_zero(struct reference *reference, int together)
{
    const struct pass pass = {.samples_together = together};
    int near = 0;
    batch_load(reference->batch, 0);
    struct tensor *value = batch_inputs(reference->batch, 0);
    for (int i = 0; i < reference->model->layers; i++)
        value = walk(&reference->model->layer[i], stage_layer_memory(reference->stage, i, &pass),
                     value, &near);
    tensor_free(value);
    return near;
}

START_TEST(relus_inside_of_blocks_are_looked_at)
{
    struct options options = options_of("--model resnet:width=4 --batch 48 --micro-batches 2 "
                                        "--steps 1 --data synthetic:height=14,width=14");
    int calm = 0, not_calm = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        char error[REFERENCE_ERROR_SIZE];
        options.seed = seed;
        struct reference *reference = reference_new(&options, error);
        const bool near = near_to_zero(reference, 24) > 0;
        reference_free(reference);
        ck_assert_msg(reference_is_calm(&options) != near, "seed %d", (int)seed);
        calm += !near;
        not_calm += near;
    }
    ck_assert_int_gt(calm, 0);
    ck_assert_int_gt(not_calm, 0);
}
END_TEST

/* Settings with which a right program was once rejected: a pre-activation of exactly 0 in the whole
 * batch alone, and layer norms over three numbers that hardly differ. */
START_TEST(where_rounding_decides_is_not_calm)
{
    static const struct {
        const char *arguments;
        uint64_t seed;
    } restless[] = {
        {"--model mlp:depth=10,width=60 --data fashion-mnist --batch 24 "
         "--micro-batches 6 --dump-gradients 0,1",
         1775005326},
        {"--model vit:depth=4,width=3,heads=1 --data fashion-mnist --batch 70 "
         "--micro-batches 10 --dump-gradients 0,1",
         1526004579},
    };
    struct options options = options_of(restless[_i].arguments);
    options.seed = restless[_i].seed;
    ck_assert(!reference_is_calm(&options));
}
END_TEST

/* Equal values in a pooling window (zeros behind a ReLU) must not refuse every seed. */
START_TEST(most_seeds_of_a_small_cnn_are_calm)
{
    struct options options =
        options_of("--model cnn --batch 2 --steps 1 --data synthetic --loss mean");
    int calm = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        options.seed = seed;
        calm += reference_is_calm(&options);
    }
    ck_assert_int_gt(calm, 10);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("the judge's reference");
    TCase *cases = tcase_create("reference");
    int count = G_N_ELEMENTS(settings);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, loss_is_that_of_the_outputs, 0, count);
    tcase_add_loop_test(cases, gradient_is_the_slope_of_the_loss, 0, count);
    tcase_add_loop_test(cases, parts_add_up_to_the_whole, 0, count);
    tcase_add_loop_test(cases, products_are_the_weight_gradients, 0, count - 1);
    tcase_add_loop_test(cases, views_cover_everything_once, 0, count);
    tcase_add_test(cases, update_is_sgd_with_momentum);
    tcase_add_test(cases, options_without_a_reference);
    tcase_add_test(cases, calm_is_far_from_zero);
    tcase_add_test(cases, relus_inside_of_blocks_are_looked_at);
    tcase_add_loop_test(cases, where_rounding_decides_is_not_calm, 0, 2);
    tcase_add_test(cases, most_seeds_of_a_small_cnn_are_calm);
    suite_add_tcase(suite, cases);
    return suite;
}
