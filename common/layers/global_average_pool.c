/*
 * Global average pooling: the mean of each plane, (channels, height, width) to (channels).
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

static int planes_of(const struct layer *layer, const struct tensor *x)
{
    return x->shape.size[0] * layer->input.size[0];
}

static int plane_count(const struct layer *layer)
{
    return layer->input.size[1] * layer->input.size[2];
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)memory;
    (void)saved;
    struct tensor *y = layer_tensor_new(x, layer->output);
    kernels_for(x->device)->plane_means(planes_of(layer, x), plane_count(layer), tensor_floats(x),
                                        tensor_floats(y));
    tensor_free(x);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    (void)memory;
    (void)saved;
    struct tensor *dx = NULL;
    if (want_dx) {
        dx = layer_tensor_new(dy, layer->input);
        kernels_for(dy->device)
            ->plane_means_backward(planes_of(layer, dy), plane_count(layer), tensor_floats(dy),
                                   tensor_floats(dx));
    }
    tensor_free(dy);
    return dx;
}

static const struct layer_operations operations = {"global_average_pool", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_global_average_pool(struct shape input)
{
    if (input.dimensions != 3) {
        char text[SHAPE_TEXT_SIZE];
        fatal("global average pooling needs an input (channels, height, width), not %s",
              shape_text(input, text));
    }
    return layer_made((struct layer){.operations = &operations,
                                     .input = input,
                                     .output = SHAPE(input.size[0]),
                                     .forward_flops = shape_count(input),
                                     .backward_input_flops = shape_count(input)});
}
