/*
 * A model against PyTorch: fixture model-NAME.safetensors (fixtures/generate*.py).
 */
#ifndef COMMON_LAYERS_TESTS_MODEL_AND_PYTORCH_H
#define COMMON_LAYERS_TESTS_MODEL_AND_PYTORCH_H

#include "common/layers/tests/layer_and_pytorch.h"
#include "common/training/loss.h"
#include "common/training/optimizer.h"

struct trial {
    struct tensor_file *file;
    struct tensor *x, *labels; /* the file's */
    int samples;
    bool has_dx; /* tokens have no gradient */
    struct model *model;
    struct stage *stage;
};

/* The fixture's model as one stage that takes `micro_batches` to see the whole batch. */
static inline void trial_new(struct trial *trial, const char *name, int stage, int micro_batches)
{
    char file_name[64], error[MODEL_ERROR_SIZE];
    snprintf(file_name, sizeof file_name, "model-%s", name);
    trial->file = fixture_open(file_name);
    trial->x = fixture_get(trial->file, "x");
    trial->labels = fixture_get(trial->file, "labels");
    trial->samples = trial->x->shape.size[0];
    trial->has_dx = trial->x->dtype == DTYPE_FLOAT32;
    trial->model =
        model_new(tensor_file_metadata(trial->file, "model"), without_batch(trial->x->shape),
                  atoi(tensor_file_metadata(trial->file, "classes")), error);
    ck_assert_msg(trial->model != NULL, "%s", error);
    struct stage_options options = {.index = stage,
                                    .stages = stage + 1,
                                    .layers = trial->model->layers,
                                    .micro_batch_size = trial->samples / micro_batches,
                                    .micro_batches = micro_batches,
                                    .device = tested_device()};
    trial->stage = stage_new(trial->model, &options);
    int stored = 0, buffers = 0;
    for (int l = 0; l < trial->model->layers; l++) {
        const struct layer *layer = &trial->model->layer[l];
        buffers += layer->buffers;
        struct tensor *parameters = stage_layer_parameters(trial->stage, l);
        for (int k = 0; k < layer->parameters; k++, stored++) {
            const struct parameter *parameter = &layer->parameter[k];
            struct tensor *value = fixture_get(trial->file, "layers.%d.%s", l, parameter->name);
            ck_assert(shape_equal(value->shape, parameter->shape));
            tensor_put(parameters, parameter->offset, value->elements, value->data);
        }
        tensor_free(parameters);
    }
    /* Twice each (value and gradient), and x, labels, y, dy, dx and two lists of losses; running
     * averages, and what they make of x. */
    ck_assert_int_eq(2 * stored + 6 + trial->has_dx + buffers + (buffers > 0),
                     tensor_file_count(trial->file));
}

static inline void trial_free(struct trial *trial)
{
    stage_free(trial->stage);
    model_free(trial->model);
    tensor_file_free(trial->file);
}

static inline void model_agrees(const char *name)
{
    struct trial trial;
    trial_new(&trial, name, 1, 1); /* not stage 0, which wants no dx */
    struct tensor *y = stage_forward(trial.stage, 0, to_device(fixture_copy(trial.x)));
    fixture_compare(name, "y", y, fixture_get(trial.file, "y"), tolerance_default(DTYPE_FLOAT32));
    tensor_free(y);
    stage_zero_gradients(trial.stage);
    struct tensor *dx =
        stage_backward(trial.stage, 0, to_device(fixture_copy(fixture_get(trial.file, "dy"))));
    ck_assert((dx != NULL) == trial.has_dx);
    if (trial.has_dx)
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

/* One training step, micro-batch by micro-batch; returns the loss of the batch. */
static inline double train(struct trial *trial, struct optimizer *optimizer, int micro_batches)
{
    int size = trial->samples / micro_batches;
    double sum = 0;
    stage_zero_gradients(trial->stage);
    for (int m = 0; m < micro_batches; m++) {
        struct shape shape = trial->x->shape;
        shape.size[0] = size;
        size_t first = (size_t)m * (size_t)(trial->x->count / micro_batches);
        struct tensor *x = to_device(tensor_view(trial->x, first, shape));
        int count = trial->labels->count / micro_batches;
        struct tensor *labels =
            to_device(tensor_view(trial->labels, (size_t)(m * count), SHAPE(count)));
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

/* The losses of ten steps on the whole batch, or one sample at a time. */
static inline void training_agrees(const char *name, enum optimizer_kind kind, bool whole_batch)
{
    struct trial trial;
    struct tensor_file *peek;
    char file_name[64];
    snprintf(file_name, sizeof file_name, "model-%s", name);
    peek = fixture_open(file_name);
    int micro_batches = whole_batch ? 1 : fixture_get(peek, "x")->shape.size[0];
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

#endif
