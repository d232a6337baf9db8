/*
 * What test_offload.c runs, on the simulated cluster and on the real machine: two training steps of a
 * perceptron whose optimizer's state and master weights lie in the host's memory. Each layer's gradient goes
 * there as soon as the backward has added it, under the rest of the backward; the host steps, and
 * the parameters come back. The same steps are done by a stage with the kit's own optimizer.
 *
 * Prints whether both end with the same bits, the time of the first step and what it must be by the
 * formula, in nanoseconds.
 */
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/mpi_check.h"
#include "common/kernels/kernels.h"
#include "common/log/log.h"
#include "common/log/log_fields.h"
#include "common/training/optimizer.h"
#include "common/training/transfer.h"

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 32, FEATURES = 96, CLASSES = 10, LAYERS = 40 };
static const float rate = 0.05f, momentum = 0.9f;
static const double sgd_flops = 4, sgd_bytes = 5 * sizeof(float); /* per parameter */

/* What the host has. */
static struct tensor *master, *state, *gradient;

/* What is under way in a step: at most one transfer for each layer. */
static struct transfer *transfer[LAYERS];
static int transfers;
static double link_free; /* by the formula, seconds */

static struct {
    double bandwidth, latency, speed, memory;
} host; /* the platform's figures, for the formula */

static double seconds(void)
{
    return 1e-9 * (double)machine_clock();
}

static struct stage *new_stage(const struct model *model)
{
    return stage_new(model, &(struct stage_options){.stages = 1,
                                                    .layers = model->layers,
                                                    .micro_batch_size = SAMPLES,
                                                    .micro_batches = 1,
                                                    .seed = 7});
}

static struct tensor *some(struct tensor *tensor, int step)
{
    for (int i = 0; i < tensor->count; i++)
        tensor_floats(tensor)[i] = sinf((float)(i + 31 * step));
    return tensor;
}

/* A layer's gradient is there. */
static void move_gradient(void *own, int micro_batch, int layer)
{
    struct stage *stage = own;
    size_t begin, end;
    (void)micro_batch;
    stage_layer_range(stage, layer, &begin, &end);
    if (begin == end)
        return;
    const double bytes = (double)(end - begin) * sizeof(float);
    link_free = fmax(link_free, seconds()) + host.latency + bytes / host.bandwidth;
    transfer[transfers++] =
        transfer_begin_range(gradient, begin, stage_gradients(stage), begin, end - begin);
}

static void backward(struct stage *stage, int step)
{
    stage_zero_gradients(stage);
    stage_set_step(stage, step);
    tensor_free(stage_forward(stage, 0, some(stage_input_new(stage), step)));
    tensor_free(stage_backward(stage, 0, some(stage_output_new(stage), step + 1)));
}

/* Returns when it must be over by the formula. */
static double step_on_host(struct stage *stage)
{
    const double count = (double)master->elements;
    for (int i = 0; i < transfers; i++)
        transfer_wait(transfer[i]);
    transfers = 0;
    const double begin = fmax(seconds(), link_free);
    log_compute(LOG_OPTIMIZER_STEP, LOG_BEGIN, 0, -1);
    kernels_for(DEVICE_CPU)
        ->sgd_step(master->elements, tensor_floats(master), tensor_floats(state),
                   tensor_floats(gradient), rate, momentum);
    flops_charge_on_host(sgd_flops * count, sgd_bytes * count);
    log_compute(LOG_OPTIMIZER_STEP, LOG_END, 0, -1);
    transfer_wait(transfer_begin(stage_parameters(stage), master));
    return begin + fmax(sgd_flops * count / host.speed, sgd_bytes * count / host.memory) +
           host.latency + count * sizeof(float) / host.bandwidth;
}

static void train(struct stage *offloaded, struct stage *plain)
{
    struct optimizer_options options = optimizer_defaults(OPTIMIZER_SGD);
    struct optimizer *optimizer = optimizer_new(&options, plain);
    struct tensor *const parameters = stage_parameters(offloaded);
    master = tensor_new(MEMORY_HOST, DTYPE_FLOAT32, DEVICE_CPU, parameters->shape);
    state = tensor_new(MEMORY_HOST, DTYPE_FLOAT32, DEVICE_CPU, parameters->shape);
    gradient = tensor_new(MEMORY_HOST, DTYPE_FLOAT32, DEVICE_CPU, parameters->shape);
    transfer_wait(transfer_begin(master, parameters));
    tensor_zero(state);
    stage_tell_gradients(offloaded, move_gradient, offloaded);
    for (int step = 0; step < 2; step++) {
        log_append(log_record_of_step(LOG_STEP_BEGIN, step));
        backward(offloaded, step);
        const double expected = step_on_host(offloaded);
        log_append(log_record_of_step_end(step, 0));
        printf("step %d ended at %.9f, by the formula at %.9f\n", step, seconds(), expected);
    }
    for (int step = 0; step < 2; step++) {
        backward(plain, step);
        optimizer_step(optimizer);
    }
    const size_t bytes = tensor_bytes(parameters);
    printf("the same bits: %s\n",
           memcmp(parameters->data, stage_parameters(plain)->data, bytes) == 0 ? "yes" : "no");
    printf("on the host %zu bytes, of %zu parameters\n", memory_live(MEMORY_HOST),
           parameters->elements);
    tensor_free(master);
    tensor_free(state);
    tensor_free(gradient);
    optimizer_free(optimizer);
}

static double figure(const char *name)
{
    const char *text = machine_property(name);
    return text == NULL ? NAN : strtod(text, NULL);
}

int main(int argc, char **argv)
{
    char error[MODEL_ERROR_SIZE];
    mpi_check(MPI_Init(&argc, &argv));
    if (argc > 1)
        log_open(argv[1], 0, 1, 1);
    host.bandwidth = figure("host_bandwidth");
    host.latency = figure("host_latency");
    host.speed = figure("host_speed");
    host.memory = figure("host_memory_bandwidth");
    struct model *model = model_new("mlp:depth=6,width=96", SHAPE(1, 1, FEATURES), CLASSES, error);
    if (model == NULL)
        fatal("%s", error);
    struct stage *offloaded = new_stage(model), *plain = new_stage(model);
    train(offloaded, plain);
    transfers_must_be_over();
    stage_free(offloaded);
    stage_free(plain);
    model_free(model);
    log_close();
    fflush(stdout);
    mpi_check(MPI_Finalize());
    return 0;
}
