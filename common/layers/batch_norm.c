/*
 * Batch norm (torch.nn.BatchNorm1d of (C), BatchNorm2d of (C, H, W)): every channel is normalised
 * by mean and variance over the samples, those of each `pass.samples_together` samples by their own.
 *
 * Running averages follow the statistics by a tenth per forward (per group, in their order), the
 * variance with the divisor n - 1; a repeated forward leaves them as they are. Where the pass
 * evaluates they stand in place of the statistics, and nothing is kept for a backward.
 *
 * The sums over dy that dx needs are the gradients of weight and bias: backward_input works them
 * out, and keeps nothing else.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

enum { SAVED_X, SAVED_STATISTICS, SAVED_SUMS };
enum { WEIGHT, BIAS };
enum { RUNNING_MEAN, RUNNING_VARIANCE };

static const float momentum = 0.1f;

/* together: of how many samples each the statistics are; 0: of all. */
static struct batch_norm_sizes sizes_of(const struct layer *layer, int samples, int together)
{
    const int channels = layer->input.size[0];
    const struct batch_norm_sizes sizes = {.samples = samples,
                                           .channels = channels,
                                           .plane = shape_count(layer->input) / channels,
                                           .together = together == 0 ? samples : together};
    if (sizes.together < 1 || samples % sizes.together != 0)
        fatal("a batch norm is to take the statistics of each %d samples together, which does not "
              "divide the %d samples that it is given",
              sizes.together, samples);
    return sizes;
}

static void need_two_numbers(const struct layer *layer, struct layer_memory memory,
                             struct batch_norm_sizes sizes)
{
    char text[SHAPE_TEXT_SIZE];
    if (sizes.together == 1 && sizes.plane == 1)
        fatal("layer %d: a batch norm of %s has one number of each channel in a sample, and "
              "the variance of a single sample is nothing to train with: let micro-batches be of "
              "two samples or more",
              memory.layer, shape_text(layer->input, text));
}

static void update_running(const struct layer *layer, const struct kernels *kernels,
                           struct batch_norm_sizes sizes, float *buffers, const float *statistics)
{
    const float numbers = (float)sizes.together * (float)sizes.plane;
    const size_t channels = (size_t)sizes.channels;
    for (int group = 0; group < sizes.samples / sizes.together; group++) {
        const float *own = statistics + 2 * (size_t)group * channels;
        kernels->follow(channels, momentum, 1, own, buffers + layer->buffer[RUNNING_MEAN].offset);
        kernels->follow(channels, momentum, numbers / (numbers - 1), own + channels,
                        buffers + layer->buffer[RUNNING_VARIANCE].offset);
    }
}

static struct tensor *evaluate(const struct layer *layer, struct layer_memory memory,
                               struct tensor *x)
{
    if (memory.buffers == NULL)
        fatal("a batch norm is to be evaluated, but its running averages are not here");
    const struct batch_norm_sizes sizes = sizes_of(layer, x->shape.size[0], 0);
    struct tensor *y = layer_in_place_or_new(x);
    /* The two running averages lie one behind the other, as statistics do. */
    kernels_for(x->device)->batch_norm_with(&sizes, tensor_floats(x), memory.buffers,
                                            memory.parameters + layer->parameter[WEIGHT].offset,
                                            memory.parameters + layer->parameter[BIAS].offset,
                                            tensor_floats(y));
    tensor_free(x);
    return y;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const struct pass *pass = layer_pass(memory);
    if (pass->evaluating)
        return evaluate(layer, memory, x);
    const struct batch_norm_sizes sizes = sizes_of(layer, x->shape.size[0], pass->samples_together);
    need_two_numbers(layer, memory, sizes);
    struct tensor *y = layer_tensor_new(x, layer->output);
    struct tensor *statistics =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, x->device,
                   SHAPE(sizes.samples / sizes.together, 2, sizes.channels));
    kernels_for(x->device)->batch_norm(&sizes, tensor_floats(x),
                                       memory.parameters + layer->parameter[WEIGHT].offset,
                                       memory.parameters + layer->parameter[BIAS].offset,
                                       tensor_floats(y), tensor_floats(statistics));
    if (memory.buffers != NULL && !pass->again)
        update_running(layer, kernels_for(x->device), sizes, memory.buffers,
                       tensor_floats(statistics));
    saved_keep(saved, SAVED_X, x);
    saved_keep_exact(saved, SAVED_STATISTICS, statistics);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    const struct batch_norm_sizes sizes =
        sizes_of(layer, dy->shape.size[0], layer_pass(memory)->samples_together);
    struct tensor *x = saved_take(saved, SAVED_X),
                  *statistics = saved_take(saved, SAVED_STATISTICS);
    struct tensor *dx = want_dx ? layer_in_place_or_new(dy) : NULL;
    struct tensor *sums =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, dy->device, SHAPE(2, sizes.channels));
    kernels_for(dy->device)
        ->batch_norm_backward(&sizes, tensor_floats(x), tensor_floats(statistics),
                              memory.parameters + layer->parameter[WEIGHT].offset,
                              tensor_floats(dy), want_dx ? tensor_floats(dx) : NULL,
                              tensor_floats(sums));
    tensor_free(x);
    tensor_free(statistics);
    tensor_free(dy);
    saved_keep_exact(saved, SAVED_SUMS, sums);
    return dx;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    const size_t channels = (size_t)layer->input.size[0];
    struct tensor *sums = saved_take(saved, SAVED_SUMS);
    const struct kernels *kernels = kernels_for(sums->device);
    kernels->add(channels, tensor_floats(sums), memory.gradients + layer->parameter[WEIGHT].offset);
    kernels->add(channels, tensor_floats(sums) + channels,
                 memory.gradients + layer->parameter[BIAS].offset);
    tensor_free(sums);
}

static const struct layer_operations operations = {"batch_norm", forward, backward_input,
                                                   backward_weight};

struct layer layer_batch_norm(struct shape input)
{
    char text[SHAPE_TEXT_SIZE];
    if ((input.dimensions != 1 && input.dimensions != 3) || shape_elements(input) < 1)
        fatal("a batch norm needs samples (channels) or (channels, height, width), not %s",
              shape_text(input, text));
    struct layer layer = {.operations = &operations, .input = input, .output = input};
    const struct shape channels = SHAPE(input.size[0]);
    layer.least_samples = shape_count(input) == input.size[0] ? 2 : 1; /* need_two_numbers */
    layer_add_parameter(&layer, "weight", channels, INITIAL_ONE, 0);
    layer_add_parameter(&layer, "bias", channels, INITIAL_ZERO, 0);
    layer_add_buffer(&layer, "running_mean", channels, INITIAL_ZERO);
    layer_add_buffer(&layer, "running_var", channels, INITIAL_ONE);
    layer.forward_flops = 7.0 * shape_count(input);
    layer.backward_input_flops = 9.0 * shape_count(input);
    layer.backward_input_flops_without_dx = 4.0 * shape_count(input);
    return layer_made(layer);
}
