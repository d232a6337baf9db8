/*
 * A training step (training.h).
 */
#include "bench/training.h"
#include "common/base/random.h"
#include "common/kernels/convert.h"
#include "common/training/loss.h"

#include <stdio.h>
#include <stdlib.h>

/* Random words below `below`. */
static struct tensor *random_integers(enum device device, struct shape shape, int below,
                                      uint32_t stream)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, shape);
    for (int i = 0; i < tensor->count; i++)
        tensor_integers(tensor)[i] = (int32_t)random_below(1, random_stream(RANDOM_TEST, stream, 0),
                                                           (uint64_t)i, (uint64_t)below);
    if (device == DEVICE_CPU)
        return tensor;
    struct tensor *there = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, device, shape);
    tensor_copy(there, tensor);
    tensor_free(tensor);
    return there;
}

static struct tensor *random_numbers(enum device device, struct shape shape)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    random_normal(tensor_floats(tensor), tensor->elements, 1, random_stream(RANDOM_TEST, 0, 0), 0,
                  0, 1);
    if (device == DEVICE_CPU)
        return tensor;
    struct tensor *there = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, device, shape);
    tensor_copy(there, tensor);
    tensor_free(tensor);
    return there;
}

static void make_batch(struct training *training, int batch, int classes, enum device device)
{
    const struct data_shape data = model_data(training->model);
    const struct shape inputs = shape_with_batch(batch, training->model->input);
    training->inputs = data.dtype == DTYPE_INT32 ? random_integers(device, inputs, classes, 0)
                                                 : random_numbers(device, inputs);
    training->labels = random_integers(
        device, data.labels > 1 ? SHAPE(batch, data.labels) : SHAPE(batch), classes, 1);
}

static void make_optimizer(struct training *training, enum dtype precision, enum device device)
{
    struct optimizer_options sgd = optimizer_defaults(OPTIMIZER_SGD);
    sgd.learning_rate = 0.01;
    if (precision == DTYPE_FLOAT32) {
        training->optimizer = optimizer_new(&sgd, training->stage);
        return;
    }
    const struct tensor *parameters = stage_parameters(training->stage);
    training->optimizer = optimizer_new_for(&sgd, device, parameters->elements);
    training->masters = tensor_widened(parameters, MEMORY_OPTIMIZER);
}

/* What a step of an optimizer with masters is. */
static void step_with_masters(struct training *training)
{
    struct tensor *parameters = stage_parameters(training->stage);
    const struct tensor *gradients = stage_gradients(training->stage);
    optimizer_step_begin(training->optimizer, 0);
    optimizer_step_on(training->optimizer, 0, parameters->elements,
                      tensor_floats(training->masters), gradients->data, gradients->dtype, 1);
    optimizer_step_end(training->optimizer);
    tensor_convert(parameters, training->masters);
}

struct training training_new(const struct network *network, int batch, enum device device)
{
    char error[MODEL_ERROR_SIZE];
    struct training training = {
        .model = model_new(network->model, network->sample, network->classes, error)};
    if (training.model == NULL) {
        fprintf(stderr, "%s\n", error);
        exit(EXIT_FAILURE);
    }
    struct stage_options options = {.stages = 1,
                                    .layers = training.model->layers,
                                    .micro_batch_size = batch,
                                    .micro_batches = 1,
                                    .seed = 1,
                                    .precision = network->precision,
                                    .gradients = network->precision,
                                    .device = device};
    training.stage = stage_new(training.model, &options);
    make_optimizer(&training, network->precision, device);
    make_batch(&training, batch, network->classes, device);
    return training;
}

void training_free(struct training *training)
{
    tensor_free(training->inputs);
    tensor_free(training->labels);
    tensor_free(training->masters);
    optimizer_free(training->optimizer);
    stage_free(training->stage);
    model_free(training->model);
}

void training_step(void *what)
{
    struct training *training = what;
    int correct;
    stage_zero_gradients(training->stage);
    struct tensor *y = stage_forward(training->stage, 0, tensor_retain(training->inputs));
    loss_forward(LOSS_CROSS_ENTROPY, y, training->labels, &correct);
    struct tensor *dy = loss_backward(LOSS_CROSS_ENTROPY, y, training->labels, 1.0f);
    tensor_free(y);
    tensor_free(stage_backward(training->stage, 0, dy));
    if (training->masters == NULL)
        optimizer_step(training->optimizer);
    else
        step_with_masters(training);
}
