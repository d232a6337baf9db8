/*
 * A layer's backward against central finite differences, in double precision, of an independent
 * forward (double_layers.h). A check that owes nothing to PyTorch, nor to the kit's own forward.
 *
 * With L = Σ dy · y, the derivative of L for any one number is
 * (L(number + h) - L(number - h)) / 2h, right to about h².
 */
#ifndef COMMON_LAYERS_TESTS_FINITE_DIFFERENCES_H
#define COMMON_LAYERS_TESTS_FINITE_DIFFERENCES_H

#include "common/base/random.h"
#include "common/layers/tests/double_layers.h"
#include "tests/support/fixture.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#define STEP 1e-5 /* h */

/* Numbers that the kit sees as floats and the formulas as doubles. */
struct numbers {
    int count;
    struct tensor *single;
    double *exact;
};

static inline struct numbers numbers_new(struct shape shape, uint32_t stream)
{
    struct numbers numbers = {.count = shape_count(shape)};
    numbers.single = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    numbers.exact = calloc((size_t)numbers.count + 1, sizeof *numbers.exact);
    random_uniform(tensor_floats(numbers.single), (size_t)numbers.count, 20,
                   random_stream(RANDOM_TEST, stream, 0), 0, -1.5f, 1.5f);
    for (int i = 0; i < numbers.count; i++)
        numbers.exact[i] = (double)tensor_floats(numbers.single)[i];
    return numbers;
}

static inline void numbers_free(struct numbers *numbers)
{
    tensor_free(numbers->single);
    free(numbers->exact);
}

struct experiment {
    const struct layer *layer;
    int samples;
    struct numbers x, parameters, dy;
    double *y; /* room for an output */
};

static inline double objective(const struct experiment *experiment)
{
    double sum = 0;
    double_forward(experiment->layer, experiment->samples, experiment->parameters.exact,
                   experiment->x.exact, experiment->y);
    for (int i = 0; i < experiment->dy.count; i++)
        sum += experiment->dy.exact[i] * experiment->y[i];
    return sum;
}

/* A new tensor: the derivative of the objective for each of the numbers, which are moved in turn. */
static inline struct tensor *differences(const struct experiment *experiment,
                                         const struct numbers *numbers)
{
    struct tensor *result =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, numbers->single->shape);
    for (int i = 0; i < numbers->count; i++) {
        double middle = numbers->exact[i];
        numbers->exact[i] = middle + STEP;
        double above = objective(experiment);
        numbers->exact[i] = middle - STEP;
        double below = objective(experiment);
        numbers->exact[i] = middle;
        tensor_floats(result)[i] = (float)((above - below) / (2 * STEP));
    }
    return result;
}

static inline void compare_with_kit(const char *name, struct experiment *experiment)
{
    const struct tolerance tolerance = {.relative = 1e-4, .absolute = 2e-5, .norm = 1e-5};
    const struct layer *layer = experiment->layer;
    struct tensor *parameters = to_device(fixture_copy(experiment->parameters.single));
    struct tensor *gradients = to_device(fixture_copy(experiment->parameters.single));
    tensor_zero(gradients);
    struct layer_memory memory = {.parameters = tensor_floats(parameters),
                                  .gradients = tensor_floats(gradients)};
    struct saved *saved = saved_new(layer);

    struct tensor *y =
        layer_forward(layer, memory, saved, to_device(fixture_copy(experiment->x.single)));
    objective(experiment);
    struct tensor *expected = fixture_copy(experiment->dy.single);
    for (int i = 0; i < expected->count; i++)
        tensor_floats(expected)[i] = (float)experiment->y[i];
    fixture_compare(name, "y", y, expected, tolerance);
    tensor_free(expected);
    tensor_free(y);

    struct tensor *dx = layer_backward_input(layer, memory, saved,
                                             to_device(fixture_copy(experiment->dy.single)), true);
    expected = differences(experiment, &experiment->x);
    fixture_compare(name, "dx", dx, expected, tolerance);
    tensor_free(expected);
    tensor_free(dx);

    layer_backward_weight(layer, memory, saved);
    expected = differences(experiment, &experiment->parameters);
    fixture_compare(name, "weight gradients", gradients, expected, tolerance);
    tensor_free(expected);
    tensor_free(gradients);
    tensor_free(parameters);
    saved_free(saved);
}

/* Takes over the layer. number: another for each, and so other numbers. */
static inline void backward_is_the_derivative_of(const char *name, struct layer layer, int samples,
                                                 int number)
{
    struct experiment experiment = {.layer = &layer, .samples = samples};
    uint32_t stream = 3 * (uint32_t)number;
    experiment.x = numbers_new(shape_with_batch(experiment.samples, layer.input), stream);
    experiment.parameters = numbers_new(SHAPE((int)layer.parameter_count), stream + 1);
    experiment.dy = numbers_new(shape_with_batch(experiment.samples, layer.output), stream + 2);
    experiment.y = calloc((size_t)experiment.dy.count, sizeof *experiment.y);
    compare_with_kit(name, &experiment);
    numbers_free(&experiment.x);
    numbers_free(&experiment.parameters);
    numbers_free(&experiment.dy);
    free(experiment.y);
    layer_destroy(&layer);
}

#endif
