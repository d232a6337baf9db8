/*
 * Max pooling. Keeps the place of each maximum within its window.
 */
#include "common/layers/pooling.h"

enum { SAVED_PLACE };

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)memory;
    struct pooling_sizes sizes = layer_pooling_sizes(layer, x);
    struct tensor *y = layer_tensor_new(x, layer->output);
    struct tensor *place = tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, x->device, y->shape);
    kernels_for(x->device)->max_pool(&sizes, tensor_floats(x), tensor_floats(y),
                                     tensor_integers(place));
    saved_keep(saved, SAVED_PLACE, place);
    tensor_free(x);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    (void)memory;
    struct tensor *place = saved_take(saved, SAVED_PLACE), *dx = NULL;
    if (want_dx) {
        struct pooling_sizes sizes = layer_pooling_sizes(layer, dy);
        dx = layer_tensor_new(dy, layer->input);
        kernels_for(dy->device)
            ->max_pool_backward(&sizes, tensor_integers(place), tensor_floats(dy),
                                tensor_floats(dx));
    }
    tensor_free(place);
    tensor_free(dy);
    return dx;
}

static const struct layer_operations operations = {"max_pool", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_max_pool_with(struct shape input, struct pooling_options options)
{
    return layer_pooling(&operations, "max pooling", input, options);
}

struct layer layer_max_pool(struct shape input, int kernel)
{
    return layer_max_pool_with(input, (struct pooling_options){.kernel = kernel});
}
