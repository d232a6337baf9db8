/*
 * Every layer's backward against central finite differences, in double
 * precision, of an independent forward (double_layers.h). A check that owes
 * nothing to PyTorch, nor to the kit's own forward.
 *
 * With L = Σ dy · y, the derivative of L for any one number is
 * (L(number + h) - L(number - h)) / 2h, right to about h².
 */
#include "common/base/random.h"
#include "common/layers/tests/double_layers.h"
#include "tests/support/fixture.h"
#include "tests/support/test.h"

#define STEP 1e-5 /* h */

/* ---- the layers ---- */

static struct layer linear(void)
{
    return layer_linear(SHAPE(7), 5);
}

static struct layer linear_of_tokens(void)
{
    return layer_linear(SHAPE(3, 6), 4);
}

static struct layer relu(void)
{
    return layer_relu(SHAPE(2, 3, 5));
}

static struct layer gelu(void)
{
    return layer_gelu(SHAPE(3, 11));
}

static struct layer norm(void)
{
    return layer_norm(SHAPE(3, 7));
}

static struct layer convolution(void)
{
    return layer_convolution(SHAPE(2, 7, 6), 3, 3);
}

static struct layer convolution_of_five(void)
{
    return layer_convolution(SHAPE(3, 6, 9), 2, 5);
}

static struct layer max_pool(void)
{
    return layer_max_pool(SHAPE(2, 6, 4), 2);
}

static struct layer max_pool_with_rest(void)
{
    return layer_max_pool(SHAPE(1, 7, 8), 3);
}

static struct layer flatten(void)
{
    return layer_flatten(SHAPE(2, 3, 4));
}

static struct layer attention(void)
{
    return layer_attention(SHAPE(5, 6), 1);
}

static struct layer attention_of_three(void)
{
    return layer_attention(SHAPE(4, 9), 3);
}

static struct layer residual_attention_of(struct shape shape)
{
    return layer_residual(shape, (struct layer[]){layer_norm(shape), layer_attention(shape, 2)}, 2);
}

static struct layer residual_attention(void)
{
    return residual_attention_of(SHAPE(3, 6));
}

static struct layer residual_perceptron(void)
{
    struct shape narrow = SHAPE(3, 5), wide = SHAPE(3, 9);
    return layer_residual(narrow,
                          (struct layer[]){layer_norm(narrow), layer_linear(narrow, 9),
                                           layer_gelu(wide), layer_linear(wide, 5)},
                          4);
}

/* Also with other shapes at its ends than inside. */
static struct layer sequence(void)
{
    struct layer part[5] = {layer_patch_embedding(SHAPE(2, 2, 4), 2, 6)};
    part[1] = residual_attention_of(part[0].output);
    part[2] = layer_norm(part[1].output);
    part[3] = layer_mean_tokens(part[2].output);
    part[4] = layer_linear(part[3].output, 4);
    return layer_sequence(part, 5);
}

static struct layer mean_tokens(void)
{
    return layer_mean_tokens(SHAPE(4, 7));
}

static struct layer patch_embedding(void)
{
    return layer_patch_embedding(SHAPE(2, 4, 6), 2, 5);
}

static const struct {
    const char *name;
    struct layer (*build)(void);
} layers[] = {
    {"linear", linear},
    {"linear of tokens", linear_of_tokens},
    {"relu", relu},
    {"gelu", gelu},
    {"layer norm", norm},
    {"convolution 3", convolution},
    {"convolution 5", convolution_of_five},
    {"max pool", max_pool},
    {"max pool with a rest", max_pool_with_rest},
    {"flatten", flatten},
    {"attention, 1 head", attention},
    {"attention, 3 heads", attention_of_three},
    {"residual attention", residual_attention},
    {"residual perceptron", residual_perceptron},
    {"sequence", sequence},
    {"mean of tokens", mean_tokens},
    {"patch embedding", patch_embedding},
};

#define LAYERS (int)(sizeof layers / sizeof *layers)

/* ---- the comparison ---- */

/* Numbers that the kit sees as floats and the formulas as doubles. */
struct numbers {
    int count;
    struct tensor *single;
    double *exact;
};

static struct numbers numbers_new(struct shape shape, uint32_t stream)
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

static void numbers_free(struct numbers *numbers)
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

static double objective(const struct experiment *experiment)
{
    double sum = 0;
    double_forward(experiment->layer, experiment->samples, experiment->parameters.exact,
                   experiment->x.exact, experiment->y);
    for (int i = 0; i < experiment->dy.count; i++)
        sum += experiment->dy.exact[i] * experiment->y[i];
    return sum;
}

/* A new tensor: the derivative of the objective for each of the numbers, which are moved in turn. */
static struct tensor *differences(const struct experiment *experiment,
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

static void compare_with_kit(const char *name, struct experiment *experiment)
{
    const struct tolerance tolerance = {.relative = 1e-4, .absolute = 2e-5, .norm = 1e-5};
    const struct layer *layer = experiment->layer;
    struct tensor *gradients = fixture_copy(experiment->parameters.single);
    tensor_zero(gradients);
    struct layer_memory memory = {tensor_floats(experiment->parameters.single),
                                  tensor_floats(gradients)};
    struct saved *saved = saved_new(layer);

    struct tensor *y = layer_forward(layer, memory, saved, fixture_copy(experiment->x.single));
    objective(experiment);
    struct tensor *expected = fixture_copy(experiment->dy.single);
    for (int i = 0; i < expected->count; i++)
        tensor_floats(expected)[i] = (float)experiment->y[i];
    fixture_compare(name, "y", y, expected, tolerance);
    tensor_free(expected);
    tensor_free(y);

    struct tensor *dx =
        layer_backward_input(layer, memory, saved, fixture_copy(experiment->dy.single), true);
    expected = differences(experiment, &experiment->x);
    fixture_compare(name, "dx", dx, expected, tolerance);
    tensor_free(expected);
    tensor_free(dx);

    layer_backward_weight(layer, memory, saved);
    expected = differences(experiment, &experiment->parameters);
    fixture_compare(name, "weight gradients", gradients, expected, tolerance);
    tensor_free(expected);
    tensor_free(gradients);
    saved_free(saved);
}

START_TEST(backward_is_the_derivative)
{
    struct layer layer = layers[_i % LAYERS].build();
    struct experiment experiment = {.layer = &layer, .samples = _i < LAYERS ? 3 : 1};
    uint32_t stream = 3 * (uint32_t)_i;
    experiment.x = numbers_new(shape_with_batch(experiment.samples, layer.input), stream);
    experiment.parameters = numbers_new(SHAPE((int)layer.parameter_count), stream + 1);
    experiment.dy = numbers_new(shape_with_batch(experiment.samples, layer.output), stream + 2);
    experiment.y = calloc((size_t)experiment.dy.count, sizeof *experiment.y);
    compare_with_kit(layers[_i % LAYERS].name, &experiment);
    numbers_free(&experiment.x);
    numbers_free(&experiment.parameters);
    numbers_free(&experiment.dy);
    free(experiment.y);
    layer_destroy(&layer);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("finite differences");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, backward_is_the_derivative, 0, 2 * LAYERS);

    Suite *suite = suite_create("finite differences");
    suite_add_tcase(suite, tests);
    return suite;
}
