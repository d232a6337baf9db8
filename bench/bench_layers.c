/*
 * How long does one layer take, forward and backward? Here and in PyTorch.
 *
 * Measured are zeroing its gradients, the forward, and the backward for the input and for the
 * weights from a gradient that is already there; of the cross-entropy the loss and its gradient.
 * PyTorch's side has the same layers by the same names (layers.py).
 *
 *     bench_layers [OPTION …]      cells.h has them
 */
#include "bench/cells.h"
#include "common/base/processor.h"
#include "common/base/random.h"
#include "common/layers/layer.h"
#include "common/training/loss.h"

#include <stdlib.h>
#include <string.h>

/* Of the resnet's first group, and of the gpt, at their default sizes. */
enum { CHANNELS = 16, SIDE = 32, TOKENS = 64, WIDTH = 64, HEADS = 4, VOCABULARY = 65 };
#define PLANES                                                                                     \
    (struct shape)                                                                                 \
    {                                                                                              \
        3,                                                                                         \
        {                                                                                          \
            CHANNELS, SIDE, SIDE                                                                   \
        }                                                                                          \
    }
#define TEXT                                                                                       \
    (struct shape)                                                                                 \
    {                                                                                              \
        2,                                                                                         \
        {                                                                                          \
            TOKENS, WIDTH                                                                          \
        }                                                                                          \
    }

/* ---- the layers, and the cross-entropy, which is none ---- */

static struct layer convolution(void)
{
    return layer_convolution(PLANES, CHANNELS, 5);
}

static struct layer convolution_padded(void)
{
    return layer_convolution_with(
        PLANES, (struct convolution_options){.channels = CHANNELS, .kernel = 3, .padding = 1});
}

static struct layer convolution_stride(void)
{
    return layer_convolution_with(
        PLANES, (struct convolution_options){
                    .channels = 2 * CHANNELS, .kernel = 3, .stride = 2, .padding = 1});
}

static struct layer convolution_1x1(void)
{
    return layer_convolution_with(
        PLANES, (struct convolution_options){.channels = 2 * CHANNELS, .kernel = 1, .stride = 2});
}

static struct layer convolution_groups(void)
{
    return layer_convolution_with(
        PLANES, (struct convolution_options){
                    .channels = CHANNELS, .kernel = 3, .padding = 1, .groups = CHANNELS});
}

static struct layer max_pool(void)
{
    return layer_max_pool_with(PLANES, (struct pooling_options){3, 2, 1});
}

static struct layer average_pool(void)
{
    return layer_average_pool(PLANES, (struct pooling_options){.kernel = 2});
}

static struct layer global_average_pool(void)
{
    return layer_global_average_pool((struct shape){3, {4 * CHANNELS, SIDE / 4, SIDE / 4}});
}

static struct layer batch_norm_1d(void)
{
    return layer_batch_norm(SHAPE(512));
}

static struct layer batch_norm_2d(void)
{
    return layer_batch_norm(PLANES);
}

static struct layer norm(void)
{
    return layer_norm(TEXT);
}

static struct layer dropout(void)
{
    return layer_dropout(TEXT, 0.1F);
}

static struct layer embedding(void)
{
    return layer_embedding(TOKENS, VOCABULARY, WIDTH);
}

static struct layer causal_attention(void)
{
    return layer_causal_attention(TEXT, HEADS);
}

static const struct part {
    const char *name;
    struct layer (*build)(void); /* NULL: the cross-entropy over tokens */
} parts[] = {{"convolution", convolution},
             {"convolution-padded", convolution_padded},
             {"convolution-stride", convolution_stride},
             {"convolution-1x1", convolution_1x1},
             {"convolution-groups", convolution_groups},
             {"max-pool", max_pool},
             {"average-pool", average_pool},
             {"global-average-pool", global_average_pool},
             {"batch-norm-1d", batch_norm_1d},
             {"batch-norm-2d", batch_norm_2d},
             {"layer-norm", norm},
             {"dropout", dropout},
             {"embedding", embedding},
             {"causal-attention", causal_attention},
             {"cross-entropy", NULL}};
enum { PARTS = sizeof parts / sizeof *parts };

/* ---- forward and backward ---- */

struct subject {
    struct layer layer;
    struct layer_memory memory;
    struct saved *saved;
    struct tensor *inputs, *output_gradients, *labels;
};

static struct shape with_batch(int batch, struct shape sample)
{
    struct shape shape = {sample.dimensions + 1, {batch}};
    memcpy(shape.size + 1, sample.size, (size_t)sample.dimensions * sizeof *sample.size);
    return shape;
}

static struct tensor *random_tensor(int batch, struct shape sample, enum dtype dtype,
                                    uint32_t stream)
{
    struct tensor *tensor =
        tensor_new(MEMORY_WORKSPACE, dtype, DEVICE_CPU, with_batch(batch, sample));
    const uint64_t numbers = random_stream(RANDOM_TEST, stream, 0);
    if (dtype == DTYPE_FLOAT32)
        random_normal(tensor_floats(tensor), (size_t)tensor->count, 1, numbers, 0, 0, 1);
    for (int i = 0; dtype == DTYPE_INT32 && i < tensor->count; i++)
        tensor_integers(tensor)[i] = (int32_t)random_below(1, numbers, (uint64_t)i, VOCABULARY);
    return tensor;
}

static float *new_floats(size_t count)
{
    float *floats = calloc(count + 1, sizeof *floats);
    if (floats == NULL)
        give_up("calloc");
    return floats;
}

static struct subject subject_new(const struct part *part, int batch)
{
    struct subject subject = {0};
    if (part->build == NULL) {
        subject.inputs = random_tensor(batch, SHAPE(TOKENS, VOCABULARY), DTYPE_FLOAT32, 0);
        subject.labels = random_tensor(batch, SHAPE(TOKENS), DTYPE_INT32, 1);
        return subject;
    }
    subject.layer = part->build();
    subject.memory = (struct layer_memory){.parameters = new_floats(subject.layer.parameter_count),
                                           .gradients = new_floats(subject.layer.parameter_count),
                                           .buffers = new_floats(subject.layer.buffer_count)};
    layer_initialise(&subject.layer, 1, subject.memory.parameters);
    layer_initialise_buffers(&subject.layer, subject.memory.buffers);
    subject.saved = saved_new(&subject.layer);
    subject.inputs = random_tensor(batch, subject.layer.input, subject.layer.input_dtype, 0);
    subject.output_gradients = random_tensor(batch, subject.layer.output, DTYPE_FLOAT32, 1);
    return subject;
}

static void subject_free(struct subject *subject)
{
    tensor_free(subject->inputs);
    tensor_free(subject->output_gradients);
    tensor_free(subject->labels);
    if (subject->saved == NULL)
        return;
    saved_free(subject->saved);
    free(subject->memory.parameters);
    free(subject->memory.gradients);
    free(subject->memory.buffers);
    layer_destroy(&subject->layer);
}

static void layer_step(void *what)
{
    struct subject *subject = what;
    const struct layer *layer = &subject->layer;
    memset(subject->memory.gradients, 0, layer->parameter_count * sizeof(float));
    tensor_free(
        layer_forward(layer, subject->memory, subject->saved, tensor_retain(subject->inputs)));
    tensor_free(layer_backward_input(layer, subject->memory, subject->saved,
                                     tensor_retain(subject->output_gradients),
                                     layer->input_dtype == DTYPE_FLOAT32));
    layer_backward_weight(layer, subject->memory, subject->saved);
}

static void loss_step(void *what)
{
    struct subject *subject = what;
    int correct;
    loss_forward(LOSS_CROSS_ENTROPY, subject->inputs, subject->labels, &correct);
    tensor_free(loss_backward(LOSS_CROSS_ENTROPY, subject->inputs, subject->labels, 1.0f));
}

/* ---- the table ---- */

static void measure(const struct part *part, int batch, int threads, int rounds,
                    struct pytorch *pytorch)
{
    cells_use_threads(threads);
    struct subject subject = subject_new(part, batch);
    const struct work work = {part->name, batch, threads,
                              part->build == NULL ? loss_step : layer_step, &subject};
    const struct medians medians = cells_take_turns(&work, rounds, pytorch, NULL, NULL);
    printf("| %s | %d | %d | ", part->name, batch, threads);
    cells_print(&medians);
    puts(" |");
    fflush(stdout);
    subject_free(&subject);
}

int main(int count, char **argument)
{
    processor_must_fit();
    const char *names[PARTS + 1] = {NULL};
    for (int p = 0; p < PARTS; p++)
        names[p] = parts[p].name;
    const struct cells defaults = {.batches = {2, {8, 64}}, .threads = {2, {1, 2}}, .rounds = 5};
    const struct cells cells = cells_read(count, argument, defaults, names);
    struct pytorch pytorch = pytorch_start("bench/bench_pytorch.py", NULL);
    cells_print_heading("A layer's forward and backward", &pytorch);
    printf("| layer | batch | threads | ms | PyTorch ms | times faster |\n"
           "|---|---|---|---|---|---|\n");
    for (int t = 0; t < cells.threads.count; t++)
        for (int p = 0; p < PARTS; p++)
            for (int b = 0; cells_have(&cells, names[p]) && b < cells.batches.count; b++)
                measure(&parts[p], cells.batches.number[b], cells.threads.number[t], cells.rounds,
                        &pytorch);
    pytorch_end(&pytorch);
    return EXIT_SUCCESS;
}
