/*
 * Every layer and every model against PyTorch (fixtures/generate.py): outputs,
 * input gradients, weight gradients, and the losses of ten training steps.
 */
#include "common/training/loss.h"
#include "common/training/optimizer.h"
#include "tests/support/fixture.h"
#include "tests/support/test.h"

#include <stdio.h>

#include <stdlib.h>
#include <string.h>

/* ---- layers ---- */

enum kind {
    LINEAR,
    RELU,
    GELU,
    LAYER_NORM,
    CONVOLUTION,
    MAX_POOL,
    FLATTEN,
    ATTENTION,
    RESIDUAL_ATTENTION,
    RESIDUAL_PERCEPTRON,
    MEAN_TOKENS,
    PATCH_EMBEDDING
};

static const struct layer_case {
    const char *name;
    enum kind kind;
    int a, b; /* the constructor's sizes */
} cases[] = {
    {"linear", LINEAR, 5, 0},
    {"linear-batch-1", LINEAR, 4, 0},
    {"linear-wide", LINEAR, 65, 0},
    {"linear-tokens", LINEAR, 11, 0},
    {"relu", RELU, 0, 0},
    {"relu-images", RELU, 0, 0},
    {"gelu", GELU, 0, 0},
    {"gelu-tokens", GELU, 0, 0},
    {"layer-norm", LAYER_NORM, 0, 0},
    {"layer-norm-batch-1", LAYER_NORM, 0, 0},
    {"layer-norm-small", LAYER_NORM, 0, 0},
    {"convolution", CONVOLUTION, 4, 3},
    {"convolution-batch-1", CONVOLUTION, 5, 5},
    {"convolution-1x1", CONVOLUTION, 3, 1},
    {"convolution-whole", CONVOLUTION, 3, 5},
    {"convolution-wide", CONVOLUTION, 6, 5},
    {"max-pool", MAX_POOL, 2, 0},
    {"max-pool-ties", MAX_POOL, 2, 0},
    {"max-pool-3", MAX_POOL, 3, 0},
    {"flatten", FLATTEN, 0, 0},
    {"attention-1-head", ATTENTION, 1, 0},
    {"attention-2-heads", ATTENTION, 2, 0},
    {"attention-3-heads", ATTENTION, 3, 0},
    {"attention-5-heads", ATTENTION, 5, 0},
    {"attention-1-token", ATTENTION, 2, 0},
    {"residual-attention", RESIDUAL_ATTENTION, 2, 0},
    {"residual-perceptron", RESIDUAL_PERCEPTRON, 20, 0},
    {"mean-tokens", MEAN_TOKENS, 0, 0},
    {"patch-embedding", PATCH_EMBEDDING, 3, 5},
    {"patch-embedding-batch-1", PATCH_EMBEDDING, 4, 7},
};

static struct layer residual_perceptron(struct shape input, int hidden)
{
    struct layer inner[4];
    inner[0] = layer_norm(input);
    inner[1] = layer_linear(inner[0].output, hidden);
    inner[2] = layer_gelu(inner[1].output);
    inner[3] = layer_linear(inner[2].output, input.size[input.dimensions - 1]);
    return layer_residual(input, inner, 4);
}

static struct layer build(const struct layer_case *which, struct shape input)
{
    switch (which->kind) {
    case LINEAR:
        return layer_linear(input, which->a);
    case RELU:
        return layer_relu(input);
    case GELU:
        return layer_gelu(input);
    case LAYER_NORM:
        return layer_norm(input);
    case CONVOLUTION:
        return layer_convolution(input, which->a, which->b);
    case MAX_POOL:
        return layer_max_pool(input, which->a);
    case FLATTEN:
        return layer_flatten(input);
    case ATTENTION:
        return layer_attention(input, which->a);
    case RESIDUAL_ATTENTION:
        return layer_residual(
            input, (struct layer[]){layer_norm(input), layer_attention(input, which->a)}, 2);
    case RESIDUAL_PERCEPTRON:
        return residual_perceptron(input, which->a);
    case MEAN_TOKENS:
        return layer_mean_tokens(input);
    case PATCH_EMBEDDING:
        return layer_patch_embedding(input, which->a, which->b);
    }
    abort();
}

static struct shape without_batch(struct shape shape)
{
    struct shape sample = {.dimensions = shape.dimensions - 1};
    for (int i = 0; i < sample.dimensions; i++)
        sample.size[i] = shape.size[i + 1];
    return sample;
}

static int count_prefix(const struct tensor_file *file, const char *name, const char *group)
{
    char prefix[128];
    int count = 0, length = snprintf(prefix, sizeof prefix, "%s.%s.", name, group);
    for (int i = 0; i < tensor_file_count(file); i++)
        count += strncmp(tensor_file_name(file, i), prefix, (size_t)length) == 0;
    return count;
}

static void check_gradients(const struct layer_case *which, const struct tensor_file *file,
                            const struct layer *layer, const float *gradients, float times)
{
    for (int k = 0; k < layer->parameters; k++) {
        const struct parameter *parameter = &layer->parameter[k];
        struct tensor *found = fixture_wrap(gradients + parameter->offset, parameter->shape);
        for (int i = 0; i < found->count; i++)
            tensor_floats(found)[i] /= times;
        fixture_compare(which->name, parameter->name, found,
                        fixture_get(file, "%s.gradient.%s", which->name, parameter->name),
                        tolerance_gradient());
        tensor_free(found);
    }
}

/* A forward and a backward; the layer gets to work in place, or not, as `shared` says. */
static void run_layer(const struct layer_case *which, const struct tensor_file *file,
                      const struct layer *layer, struct layer_memory memory, bool shared,
                      bool want_dx)
{
    struct tensor *x = fixture_copy(fixture_get(file, "%s.x", which->name));
    struct tensor *dy = fixture_copy(fixture_get(file, "%s.dy", which->name));
    struct saved *saved = saved_new(layer);
    if (shared) {
        tensor_retain(x);
        tensor_retain(dy);
    }
    struct tensor *y = layer_forward(layer, memory, saved, x);
    fixture_compare(which->name, "y", y, fixture_get(file, "%s.y", which->name),
                    tolerance_default(DTYPE_FLOAT32));
    tensor_free(y);
    struct tensor *dx = layer_backward_input(layer, memory, saved, dy, want_dx);
    ck_assert_msg((dx != NULL) == want_dx, "%s: dx was %swanted", which->name,
                  want_dx ? "" : "not ");
    if (want_dx)
        fixture_compare(which->name, "dx", dx, fixture_get(file, "%s.dx", which->name),
                        tolerance_gradient());
    tensor_free(dx);
    layer_backward_weight(layer, memory, saved);
    if (shared) {
        struct tolerance exact = {.norm = 0};
        fixture_compare(which->name, "x after", x, fixture_get(file, "%s.x", which->name), exact);
        fixture_compare(which->name, "dy after", dy, fixture_get(file, "%s.dy", which->name),
                        exact);
        tensor_free(x);
        tensor_free(dy);
    }
    ck_assert_msg(memory_live(MEMORY_ACTIVATION) == 0, "%s: %zu bytes are still held", which->name,
                  memory_live(MEMORY_ACTIVATION));
    saved_free(saved);
}

START_TEST(layer_agrees_with_pytorch)
{
    const struct layer_case *which = &cases[_i];
    struct tensor_file *file = fixture_open("layers");
    struct tensor *x = fixture_get(file, "%s.x", which->name);
    struct tensor *y = fixture_get(file, "%s.y", which->name);
    struct layer layer = build(which, without_batch(x->shape));
    ck_assert(shape_equal(layer.output, without_batch(y->shape)));
    ck_assert_int_eq(layer.parameters, count_prefix(file, which->name, "parameter"));

    /* One element in: parameters in an arena lie anywhere. */
    float *arena = calloc(2 * layer.parameter_count + 2, sizeof *arena);
    struct layer_memory memory = {arena + 1, arena + 2 + layer.parameter_count};
    size_t total = 0;
    for (int k = 0; k < layer.parameters; k++) {
        const struct parameter *parameter = &layer.parameter[k];
        struct tensor *value = fixture_get(file, "%s.parameter.%s", which->name, parameter->name);
        ck_assert(shape_equal(value->shape, parameter->shape));
        memcpy(memory.parameters + parameter->offset, value->data, tensor_bytes(value));
        total += (size_t)value->count;
    }
    ck_assert_uint_eq(total, layer.parameter_count);

    run_layer(which, file, &layer, memory, false, true);
    check_gradients(which, file, &layer, memory.gradients, 1);
    run_layer(which, file, &layer, memory, true, true);
    check_gradients(which, file, &layer, memory.gradients, 2); /* they add up */
    run_layer(which, file, &layer, memory, false, false);
    check_gradients(which, file, &layer, memory.gradients, 3);
    free(arena);
    layer_destroy(&layer);
    tensor_file_free(file);
}
END_TEST

/* ---- models ---- */

static const char *const models[] = {"mlp", "mlp-1", "cnn-28", "cnn-32", "vit", "vit-28"};

struct trial {
    struct tensor_file *file;
    struct tensor *x, *labels; /* the file's */
    int samples;
    struct model *model;
    struct stage *stage;
};

/* The fixture's model as one stage that takes `micro_batches` to see the whole batch. */
static void trial_new(struct trial *trial, const char *name, int stage, int micro_batches)
{
    char file_name[64], error[MODEL_ERROR_SIZE];
    snprintf(file_name, sizeof file_name, "model-%s", name);
    trial->file = fixture_open(file_name);
    trial->x = fixture_get(trial->file, "x");
    trial->labels = fixture_get(trial->file, "labels");
    trial->samples = trial->labels->count;
    trial->model =
        model_new(tensor_file_metadata(trial->file, "model"), without_batch(trial->x->shape),
                  atoi(tensor_file_metadata(trial->file, "classes")), error);
    ck_assert_msg(trial->model != NULL, "%s", error);
    struct stage_options options = {.index = stage,
                                    .stages = stage + 1,
                                    .layers = trial->model->layers,
                                    .micro_batch_size = trial->samples / micro_batches,
                                    .micro_batches = micro_batches,
                                    .device = DEVICE_CPU};
    trial->stage = stage_new(trial->model, &options);
    int stored = 0;
    for (int l = 0; l < trial->model->layers; l++) {
        const struct layer *layer = &trial->model->layer[l];
        struct tensor *parameters = stage_layer_parameters(trial->stage, l);
        for (int k = 0; k < layer->parameters; k++, stored++) {
            const struct parameter *parameter = &layer->parameter[k];
            struct tensor *value = fixture_get(trial->file, "layers.%d.%s", l, parameter->name);
            ck_assert(shape_equal(value->shape, parameter->shape));
            memcpy(tensor_floats(parameters) + parameter->offset, value->data, tensor_bytes(value));
        }
        tensor_free(parameters);
    }
    /* Twice each (value and gradient), and x, labels, y, dy, dx and two lists of losses. */
    ck_assert_int_eq(2 * stored + 7, tensor_file_count(trial->file));
}

static void trial_free(struct trial *trial)
{
    stage_free(trial->stage);
    model_free(trial->model);
    tensor_file_free(trial->file);
}

START_TEST(model_agrees_with_pytorch)
{
    const char *name = models[_i];
    struct trial trial;
    trial_new(&trial, name, 1, 1); /* not stage 0, which wants no dx */
    struct tensor *y = stage_forward(trial.stage, 0, fixture_copy(trial.x));
    fixture_compare(name, "y", y, fixture_get(trial.file, "y"), tolerance_default(DTYPE_FLOAT32));
    tensor_free(y);
    stage_zero_gradients(trial.stage);
    struct tensor *dx = stage_backward(trial.stage, 0, fixture_copy(fixture_get(trial.file, "dy")));
    fixture_compare(name, "dx", dx, fixture_get(trial.file, "dx"), tolerance_gradient());
    tensor_free(dx);
    for (int l = 0; l < trial.model->layers; l++) {
        const struct layer *layer = &trial.model->layer[l];
        struct tensor *gradients = stage_layer_gradients(trial.stage, l);
        for (int k = 0; k < layer->parameters; k++) {
            const struct parameter *parameter = &layer->parameter[k];
            struct tensor *found = tensor_view(gradients, parameter->offset, parameter->shape);
            fixture_compare(name, parameter->name, found,
                            fixture_get(trial.file, "layers.%d.%s.gradient", l, parameter->name),
                            tolerance_gradient());
            tensor_free(found);
        }
        tensor_free(gradients);
    }
    trial_free(&trial);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

/* One training step, micro-batch by micro-batch; returns the loss of the batch. */
static double train(struct trial *trial, struct optimizer *optimizer, int micro_batches)
{
    int size = trial->samples / micro_batches;
    double sum = 0;
    stage_zero_gradients(trial->stage);
    for (int m = 0; m < micro_batches; m++) {
        struct shape shape = trial->x->shape;
        shape.size[0] = size;
        size_t first = (size_t)m * (size_t)(trial->x->count / micro_batches);
        struct tensor *x = tensor_view(trial->x, first, shape);
        struct tensor *labels = tensor_view(trial->labels, (size_t)(m * size), SHAPE(size));
        struct tensor *y = stage_forward(trial->stage, m, x);
        int correct;
        sum += loss_forward(LOSS_CROSS_ENTROPY, y, labels, &correct);
        struct tensor *dy =
            loss_backward(LOSS_CROSS_ENTROPY, y, labels, 1.0f / (float)micro_batches);
        tensor_free(y);
        tensor_free(labels);
        ck_assert_ptr_null(stage_backward(trial->stage, m, dy));
    }
    optimizer_step(optimizer);
    return sum / micro_batches;
}

static void check_training(const char *name, enum optimizer_kind kind, bool whole_batch)
{
    struct trial trial;
    struct tensor_file *peek;
    char file_name[64];
    snprintf(file_name, sizeof file_name, "model-%s", name);
    peek = fixture_open(file_name);
    int micro_batches = whole_batch ? 1 : fixture_get(peek, "labels")->count;
    tensor_file_free(peek);
    trial_new(&trial, name, 0, micro_batches);

    struct optimizer_options options = optimizer_defaults(kind);
    struct optimizer *optimizer = optimizer_new(&options, trial.stage);
    struct tensor *expected =
        fixture_get(trial.file, kind == OPTIMIZER_SGD ? "sgd.losses" : "adamw.losses");
    float losses[10];
    ck_assert_int_eq(expected->count, 10);
    for (int step = 0; step < 10; step++)
        losses[step] = (float)train(&trial, optimizer, micro_batches);
    struct tensor *found = fixture_wrap(losses, SHAPE(10));
    fixture_compare(name, kind == OPTIMIZER_SGD ? "losses with SGD" : "losses with AdamW", found,
                    expected, tolerance_default(DTYPE_FLOAT32));
    tensor_free(found);
    optimizer_free(optimizer);
    trial_free(&trial);
}

START_TEST(training_with_sgd_agrees)
{
    check_training(models[_i], OPTIMIZER_SGD, true);
    check_training(models[_i], OPTIMIZER_SGD, false);
}
END_TEST

START_TEST(training_with_adamw_agrees)
{
    check_training(models[_i], OPTIMIZER_ADAMW, true);
    check_training(models[_i], OPTIMIZER_ADAMW, false);
}
END_TEST

Suite *test_suite(void)
{
    TCase *layers = tcase_create("layers");
    tcase_add_loop_test(layers, layer_agrees_with_pytorch, 0, sizeof cases / sizeof *cases);
    TCase *whole = tcase_create("models");
    int count = sizeof models / sizeof *models;
    tcase_set_timeout(whole, 60);
    tcase_add_loop_test(whole, model_agrees_with_pytorch, 0, count);
    tcase_add_loop_test(whole, training_with_sgd_agrees, 0, count);
    tcase_add_loop_test(whole, training_with_adamw_agrees, 0, count);

    Suite *suite = suite_create("layers and models against PyTorch");
    suite_add_tcase(suite, layers);
    suite_add_tcase(suite, whole);
    return suite;
}
