/*
 * Batch norm, layer norm over whole samples, residuals with a shortcut, and the models that have
 * them: outputs, gradients and training against PyTorch (fixtures/generate_norms.py); running
 * averages after a forward, and what they make of a model that is evaluated.
 */
#include "common/layers/tests/model_and_pytorch.h"

#include "common/layers/layers.h"

/* ---- layers ---- */

static struct layer batch_norm(struct shape input, int a, int b)
{
    (void)a;
    (void)b;
    return layer_batch_norm(input);
}

static struct layer sample_norm(struct shape input, int a, int b)
{
    (void)a;
    (void)b;
    return layer_norm_of(input, input.dimensions);
}

static struct layer linear_without_bias(struct shape input, int outputs, int b)
{
    (void)b;
    return layer_linear_with(input, (struct linear_options){outputs, true});
}

static struct layer residual_shortcut(struct shape input, int middle, int outputs)
{
    const struct layer round[] = {layer_linear(input, outputs)};
    const struct layer through[] = {layer_linear(input, middle), layer_relu(SHAPE(middle)),
                                    layer_linear(SHAPE(middle), outputs)};
    return layer_residual_with(input, round, 1, through, 3);
}

static struct layer residual_shortcut_norm(struct shape input, int outputs, int b)
{
    (void)b;
    const struct layer round[] = {layer_linear_with(input, (struct linear_options){outputs, true}),
                                  layer_batch_norm(SHAPE(outputs))};
    const struct layer through[] = {
        layer_linear_with(input, (struct linear_options){outputs, true}),
        layer_batch_norm(SHAPE(outputs))};
    return layer_residual_with(input, round, 2, through, 2);
}

/* A convolution, its batch norm, and a ReLU if that is wanted; returns the shape that comes out. */
static struct shape put(struct layer *list, int *count, struct shape input, int channels,
                        int kernel, int stride, bool relu)
{
    list[*count] = layer_convolution_with(
        input, (struct convolution_options){channels, kernel, stride, kernel / 2, 1, true});
    const struct shape output = list[*count].output;
    list[*count + 1] = layer_batch_norm(output);
    *count += 2;
    if (relu)
        list[(*count)++] = layer_relu(output);
    return output;
}

static struct layer stem(struct shape input, int channels, int b)
{
    (void)b;
    struct layer list[4];
    int count = 0;
    const struct shape shape = put(list, &count, input, channels, 7, 2, true);
    list[count++] = layer_max_pool_with(shape, (struct pooling_options){3, 2, 1});
    return layer_sequence(list, count);
}

static struct layer basic_block(struct shape input, int channels, int stride)
{
    struct layer round[2], through[5];
    int round_count = 0, through_count = 0;
    put(round, &round_count, input, channels, 1, stride, false);
    const struct shape middle = put(through, &through_count, input, channels, 3, stride, true);
    put(through, &through_count, middle, channels, 3, 1, false);
    return layer_residual_with(input, round, round_count, through, through_count);
}

static struct layer bottleneck(struct shape input, int channels, int stride)
{
    struct layer round[2], through[8];
    int round_count = 0, count = 0;
    struct shape shape = put(through, &count, input, channels, 1, 1, true);
    shape = put(through, &count, shape, channels, 3, stride, true);
    shape = put(through, &count, shape, 4 * channels, 1, 1, false);
    if (shape_equal(shape, input))
        return layer_residual(input, through, count);
    put(round, &round_count, input, 4 * channels, 1, stride, false);
    return layer_residual_with(input, round, round_count, through, count);
}

static const struct layer_case cases[] = {
    {"batch-norm", batch_norm, 0, 0},
    {"batch-norm-3-samples", batch_norm, 0, 0},
    {"batch-norm-wide", batch_norm, 0, 0},
    {"batch-norm-images", batch_norm, 0, 0},
    {"batch-norm-1-image", batch_norm, 0, 0},
    {"batch-norm-28", batch_norm, 0, 0},
    {"batch-norm-7", batch_norm, 0, 0},
    {"batch-norm-columns", batch_norm, 0, 0},
    {"residual-shortcut-norm", residual_shortcut_norm, 4, 0},
    {"stem", stem, 4, 0},
    {"basic-block", basic_block, 6, 2},
    {"bottleneck", bottleneck, 2, 2},
    {"bottleneck-same", bottleneck, 2, 1},
    {"sample-norm", sample_norm, 0, 0},
    {"sample-norm-1", sample_norm, 0, 0},
    {"residual-shortcut", residual_shortcut, 9, 4},
    {"linear-without-bias", linear_without_bias, 5, 0},
};
enum { WITH_AVERAGES = 13 }; /* of these, the first have batch norms */

START_TEST(layer_agrees_with_pytorch)
{
    layer_agrees("layers-norms", &cases[_i]);
}
END_TEST

/* ---- running averages ---- */

static void fill_parameters(const struct tensor_file *file, const char *name,
                            const struct layer *layer, float *parameters)
{
    for (int k = 0; k < layer->parameters; k++) {
        const struct tensor *value = fixture_get(file, "%s%s", name, layer->parameter[k].name);
        memcpy(parameters + layer->parameter[k].offset, value->data, tensor_bytes(value));
    }
}

static void fill_buffers(const struct tensor_file *file, const char *name,
                         const struct layer *layer, float *buffers)
{
    for (int k = 0; k < layer->buffers; k++) {
        const struct tensor *value = fixture_get(file, "%s%s", name, layer->buffer[k].name);
        ck_assert(shape_equal(value->shape, layer->buffer[k].shape));
        memcpy(buffers + layer->buffer[k].offset, value->data, tensor_bytes(value));
    }
}

static void check_buffers(const struct tensor_file *file, const char *name,
                          const struct layer *layer, const float *buffers)
{
    for (int k = 0; k < layer->buffers; k++) {
        struct tensor *found =
            fixture_wrap(buffers + layer->buffer[k].offset, layer->buffer[k].shape);
        fixture_compare(name, layer->buffer[k].name, found,
                        fixture_get(file, "%s%s", name, layer->buffer[k].name),
                        tolerance_default(DTYPE_FLOAT32));
        tensor_free(found);
    }
}

/* One forward as `pass` says; the output is the caller's. */
static struct tensor *run(const struct layer *layer, struct layer_memory memory,
                          const struct pass *pass, const struct tensor *x)
{
    struct saved *saved = saved_new(layer);
    memory.pass = pass;
    struct tensor *y = layer_forward(layer, memory, saved, to_device(fixture_copy(x)));
    saved_free(saved);
    return y;
}

START_TEST(averages_follow_as_in_pytorch)
{
    const struct layer_case *which = &cases[_i];
    struct tensor_file *file = fixture_open("layers-norms");
    struct tensor *x = fixture_get(file, "%s.x", which->name);
    struct layer layer = which->build(without_batch(x->shape), which->a, which->b);
    char prefix[64];
    const size_t bytes = (layer.parameter_count + layer.buffer_count) * sizeof(float);
    float *numbers = calloc(1, bytes), *buffers = numbers + layer.parameter_count;
    ck_assert_int_ge(layer.buffers, 2);
    snprintf(prefix, sizeof prefix, "%s.parameter.", which->name);
    fill_parameters(file, prefix, &layer, numbers);
    snprintf(prefix, sizeof prefix, "%s.before.", which->name);
    fill_buffers(file, prefix, &layer, buffers);
    float *lent = lend(numbers, bytes);
    const struct layer_memory memory = {.parameters = lent,
                                        .buffers = lent + layer.parameter_count};

    tensor_free(run(&layer, memory, &(struct pass){.again = true}, x));
    look_at_lent(lent, numbers, bytes);
    check_buffers(file, prefix, &layer, buffers);
    tensor_free(run(&layer, memory, NULL, x));
    snprintf(prefix, sizeof prefix, "%s.", which->name);
    look_at_lent(lent, numbers, bytes);
    check_buffers(file, prefix, &layer, buffers);
    struct tensor *y = run(&layer, memory, &(struct pass){.evaluating = true}, x);
    fixture_compare(which->name, "evaluated", y, fixture_get(file, "%s.evaluated", which->name),
                    tolerance_default(DTYPE_FLOAT32));
    tensor_free(y);
    look_at_lent(lent, numbers, bytes);
    check_buffers(file, prefix, &layer, buffers);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    lent_free(lent, numbers);
    free(numbers);
    layer_destroy(&layer);
    tensor_file_free(file);
}
END_TEST

/* ---- models ---- */

static const char *const models[] = {"mlp-batch-norm", "cnn-batch-norm", "resnet",
                                     "resnet-odd",     "mlp-layer-norm", "cnn-layer-norm"};
enum { MIXING = 4 }; /* of these, the first mix samples */

START_TEST(model_agrees_with_pytorch)
{
    model_agrees(models[_i]);
}
END_TEST

START_TEST(training_agrees_with_pytorch)
{
    training_agrees(models[_i], OPTIMIZER_SGD, true);
    training_agrees(models[_i], OPTIMIZER_ADAMW, true);
    if (_i >= MIXING)
        training_agrees(models[_i], OPTIMIZER_SGD, false);
}
END_TEST

/* After one forward in training, and evaluated then. */
START_TEST(model_has_pytorchs_averages)
{
    struct trial trial;
    char prefix[64];
    trial_new(&trial, models[_i], 0, 1);
    tensor_free(stage_forward(trial.stage, 0, to_device(fixture_copy(trial.x))));
    struct tensor *x = to_device(tensor_retain(trial.x)), *y = stage_evaluate(trial.stage, x);
    tensor_free(x);
    fixture_compare(models[_i], "evaluated", y, fixture_get(trial.file, "evaluated"),
                    tolerance_default(DTYPE_FLOAT32));
    tensor_free(y);
    for (int l = 0; l < trial.model->layers; l++) {
        struct tensor *buffers = to_host(stage_layer_buffers(trial.stage, l));
        snprintf(prefix, sizeof prefix, "layers.%d.", l);
        if (buffers != NULL)
            check_buffers(trial.file, prefix, &trial.model->layer[l], tensor_floats(buffers));
        tensor_free(buffers);
    }
    trial_free(&trial);
}
END_TEST

START_TEST(resnet_50_evaluates_as_in_pytorch)
{
    struct tensor_file *file = fixture_open("model-resnet-50");
    struct tensor *x = fixture_get(file, "x");
    char error[MODEL_ERROR_SIZE], prefix[64];
    struct model *model = model_new(tensor_file_metadata(file, "model"), without_batch(x->shape),
                                    atoi(tensor_file_metadata(file, "classes")), error);
    ck_assert_msg(model != NULL, "%s", error);
    struct tensor *value = fixture_copy(x);
    for (int l = 0; l < model->layers; l++) {
        const struct layer *layer = &model->layer[l];
        float *numbers = calloc(layer->parameter_count + layer->buffer_count, sizeof *numbers);
        snprintf(prefix, sizeof prefix, "layers.%d.", l);
        fill_parameters(file, prefix, layer, numbers);
        fill_buffers(file, prefix, layer, numbers + layer->parameter_count);
        float *lent =
            lend(numbers, (layer->parameter_count + layer->buffer_count) * sizeof *numbers);
        struct layer_memory memory = {.parameters = lent, .buffers = lent + layer->parameter_count};
        struct tensor *y = run(layer, memory, &(struct pass){.evaluating = true}, value);
        tensor_free(value);
        value = to_host(y);
        lent_free(lent, numbers);
        free(numbers);
    }
    fixture_compare("resnet-50", "evaluated", value, fixture_get(file, "evaluated"),
                    tolerance_default(DTYPE_FLOAT32));
    tensor_free(value);
    model_free(model);
    tensor_file_free(file);
}
END_TEST

Suite *test_suite(void)
{
    TCase *layers = tcase_create("layers");
    tcase_add_loop_test(layers, layer_agrees_with_pytorch, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(layers, averages_follow_as_in_pytorch, 0, WITH_AVERAGES);
    TCase *whole = tcase_create("models");
    const int count = sizeof models / sizeof *models;
    tcase_set_timeout(whole, 60);
    tcase_add_loop_test(whole, model_agrees_with_pytorch, 0, count);
    tcase_add_loop_test(whole, training_agrees_with_pytorch, 0, count);
    tcase_add_loop_test(whole, model_has_pytorchs_averages, 0, MIXING);
    tcase_add_test(whole, resnet_50_evaluates_as_in_pytorch);

    Suite *suite = suite_create("norms, residuals and resnets against PyTorch");
    suite_add_tcase(suite, layers);
    suite_add_tcase(suite, whole);
    return suite;
}
