/*
 * Average pooling: the mean of each window; a window that reaches into the padding counts zeros
 * there.
 */
#include "common/layers/pooling.h"

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)memory;
    (void)saved;
    struct pooling_sizes sizes = layer_pooling_sizes(layer, x);
    struct tensor *y = layer_tensor_new(x, layer->output);
    kernels_for(x->device)->average_pool(&sizes, tensor_floats(x), tensor_floats(y));
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
        struct pooling_sizes sizes = layer_pooling_sizes(layer, dy);
        dx = layer_tensor_new(dy, layer->input);
        kernels_for(dy->device)
            ->average_pool_backward(&sizes, tensor_floats(dy), tensor_floats(dx));
    }
    tensor_free(dy);
    return dx;
}

static const struct layer_operations operations = {"average_pool", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_average_pool(struct shape input, struct pooling_options options)
{
    return layer_pooling(&operations, "average pooling", input, options);
}
