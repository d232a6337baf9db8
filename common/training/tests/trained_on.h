/*
 * The same training on the processor and on a GPU: the emulated one, or the one that TEST_DEVICE=cuda asks for.
 */
#ifndef COMMON_TRAINING_TESTS_TRAINED_ON_H
#define COMMON_TRAINING_TESTS_TRAINED_ON_H

#include "common/base/device.h"
#include "common/training/batch.h"
#include "common/training/model.h"
#include "common/training/optimizer.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

struct recipe {
    const char *model, *data;
    enum optimizer_kind optimizer;
    enum dtype precision; /* float32, or what the numbers are kept in */
    enum loss_kind loss;
    int steps; /* whose losses are to agree */
};

#define TRAINED_IMAGES "synthetic:channels=1,height=8,width=8,train=64,test=8,classes=4"
#define TRAINED_LARGER "synthetic:channels=1,height=28,width=28,train=64,test=8,classes=10"
#define TRAINED_TEXT   "synthetic-text:tokens=12,vocabulary=20,train=64"

/* Every kind of layer, both optimizers, all precisions, both losses. A bias in front of a batch norm has a gradient of
 * rounding errors alone, of which AdamW makes steps of full size: such models have SGD.
 * The convolutions with batch norms make much of any difference: two runs on the processor whose parameters begin one
 * rounding apart have losses 1e-3 apart after 20 steps. */
static const struct recipe recipes[] = {
    {"mlp:depth=3,width=24", TRAINED_IMAGES, OPTIMIZER_SGD, DTYPE_FLOAT32, LOSS_CROSS_ENTROPY, 20},
    {"mlp:depth=3,width=24,norm=layer", TRAINED_IMAGES, OPTIMIZER_ADAMW, DTYPE_FLOAT32, LOSS_MEAN,
     20},
    {"mlp:depth=3,width=24,norm=batch", TRAINED_IMAGES, OPTIMIZER_SGD, DTYPE_FLOAT32,
     LOSS_CROSS_ENTROPY, 20},
    {"mlp:depth=3,width=24,dropout=0.3", TRAINED_IMAGES, OPTIMIZER_ADAMW, DTYPE_FLOAT32,
     LOSS_CROSS_ENTROPY, 20},
    {"cnn", TRAINED_LARGER, OPTIMIZER_ADAMW, DTYPE_FLOAT32, LOSS_CROSS_ENTROPY, 20},
    {"cnn:norm=batch", TRAINED_LARGER, OPTIMIZER_SGD, DTYPE_FLOAT32, LOSS_CROSS_ENTROPY, 5},
    {"resnet:depth=8,width=4", TRAINED_IMAGES, OPTIMIZER_SGD, DTYPE_FLOAT32, LOSS_CROSS_ENTROPY,
     20},
    {"vit:depth=2,width=12,heads=3,patch=4", TRAINED_IMAGES, OPTIMIZER_ADAMW, DTYPE_FLOAT32,
     LOSS_CROSS_ENTROPY, 20},
    {"transformer:depth=2,width=12,heads=3,patch=4,dropout=0.1", TRAINED_IMAGES, OPTIMIZER_SGD,
     DTYPE_FLOAT32, LOSS_CROSS_ENTROPY, 20},
    {"gpt:depth=2,width=12,heads=3", TRAINED_TEXT, OPTIMIZER_ADAMW, DTYPE_FLOAT32,
     LOSS_CROSS_ENTROPY, 20},
    {"gpt:depth=1,width=12,heads=3,tied=1", TRAINED_TEXT, OPTIMIZER_SGD, DTYPE_FLOAT32,
     LOSS_CROSS_ENTROPY, 20},
    {"mlp:depth=3,width=24", TRAINED_IMAGES, OPTIMIZER_SGD, DTYPE_BFLOAT16, LOSS_CROSS_ENTROPY, 0},
    {"vit:depth=2,width=12,heads=3,patch=4", TRAINED_IMAGES, OPTIMIZER_SGD, DTYPE_FLOAT16,
     LOSS_CROSS_ENTROPY, 0},
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

/* Opened in each test: Check runs it in a process of its own. */
static inline enum device a_gpu(void)
{
    const char *asked = getenv("TEST_DEVICE");
    device_open(asked != NULL && strcmp(asked, "cuda") == 0 ? "cuda" : "emulated", 0);
    return DEVICE_CUDA;
}

/* To the bit. */
static inline void must_be_the_same(const struct tensor *found, const struct tensor *expected)
{
    struct tensor *numbers = tensor_on_host(found, "be compared");
    ck_assert_uint_eq(tensor_bytes(numbers), tensor_bytes(expected));
    ck_assert_mem_eq(numbers->data, expected->data, tensor_bytes(expected));
    tensor_free(numbers);
}

struct trained {
    struct model *model;
    struct stage *stage;
    struct batch *batch;
    struct optimizer *optimizer; /* NULL: the parameters have 16 bits */
    int steps;
};

enum { TRAINED_BATCH = 8, TRAINED_MICRO_BATCHES = 2 };

static inline struct trained trained_new(const struct recipe *recipe, enum device device)
{
    char error[MODEL_ERROR_SIZE > DATASET_ERROR_SIZE ? MODEL_ERROR_SIZE : DATASET_ERROR_SIZE];
    struct data_shape data;
    struct trained trained = {0};
    ck_assert_msg(dataset_describe(recipe->data, &data, error), "%s", error);
    trained.model = model_new(recipe->model, data.input, data.classes, error);
    ck_assert_msg(trained.model != NULL, "%s", error);
    trained.stage =
        stage_new(trained.model,
                  &(struct stage_options){.stages = 1,
                                          .layers = trained.model->layers,
                                          .micro_batch_size = TRAINED_BATCH / TRAINED_MICRO_BATCHES,
                                          .micro_batches = TRAINED_MICRO_BATCHES,
                                          .seed = 7,
                                          .precision = recipe->precision,
                                          .gradients = recipe->precision,
                                          .device = device});
    trained.batch = batch_new(&(struct batch_options){.dataset = recipe->data,
                                                      .batch_size = TRAINED_BATCH,
                                                      .micro_batches = TRAINED_MICRO_BATCHES,
                                                      .loss = recipe->loss,
                                                      .seed = 7,
                                                      .data = model_data(trained.model),
                                                      .device = device});
    batch_open_inputs(trained.batch);
    batch_open_labels(trained.batch);
    struct optimizer_options options = optimizer_defaults(recipe->optimizer);
    options.learning_rate /=
        10; /* with larger steps a batch norm soon makes much of a rounding error */
    if (recipe->precision == DTYPE_FLOAT32)
        trained.optimizer = optimizer_new(&options, trained.stage);
    return trained;
}

static inline void trained_free(struct trained *trained)
{
    optimizer_free(trained->optimizer);
    batch_free(trained->batch);
    stage_free(trained->stage);
    model_free(trained->model);
}

/* Forward and backward of all micro-batches, without the optimizer; returns the loss. All forwards come first, so that
 * two are in flight. */
static inline double trained_gradients(struct trained *trained)
{
    batch_load(trained->batch, trained->steps);
    stage_set_step(trained->stage, trained->steps++);
    stage_zero_gradients(trained->stage);
    for (int m = 0; m < TRAINED_MICRO_BATCHES; m++)
        batch_loss(trained->batch, m,
                   stage_forward(trained->stage, m, batch_inputs(trained->batch, m)));
    for (int m = 0; m < TRAINED_MICRO_BATCHES; m++) {
        struct tensor *dy =
            batch_loss_backward(trained->batch, m, 1.0f / (float)TRAINED_MICRO_BATCHES);
        ck_assert_ptr_null(stage_backward(trained->stage, m, dy));
    }
    return batch_mean_loss(trained->batch);
}

static inline double trained_step(struct trained *trained)
{
    const double loss = trained_gradients(trained);
    if (trained->optimizer != NULL)
        optimizer_step(trained->optimizer);
    return loss;
}

#endif
