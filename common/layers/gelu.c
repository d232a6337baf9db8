/*
 * GELU, the exact form: y = x · Φ(x). The forward works out the derivative as
 * well, which shares its exponential, and keeps it in the place of x.
 */
#include "common/layers/layers.h"

enum { SAVED_DERIVATIVE };

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)layer;
    (void)memory;
    struct tensor *derivative = layer_in_place_or_new(x);
    struct tensor *y = tensor_new(MEMORY_ACTIVATION, x->dtype, x->device, x->shape);
    kernels_for(x->device)->gelu(x->elements, tensor_floats(x), tensor_floats(y),
                                 tensor_floats(derivative));
    tensor_free(x);
    saved_keep(saved, SAVED_DERIVATIVE, derivative);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    (void)layer;
    (void)memory;
    struct tensor *derivative = saved_take(saved, SAVED_DERIVATIVE), *dx = NULL;
    if (want_dx) {
        dx = layer_in_place_or_new(dy);
        kernels_for(dy->device)
            ->multiply(dy->elements, tensor_floats(derivative), tensor_floats(dy),
                       tensor_floats(dx));
    }
    tensor_free(derivative);
    tensor_free(dy);
    return dx;
}

static const struct layer_operations operations = {"gelu", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_gelu(struct shape input)
{
    return layer_made((struct layer){.operations = &operations,
                                     .input = input,
                                     .output = input,
                                     .forward_flops = 32.0 * shape_count(input),
                                     .backward_input_flops = shape_count(input)});
}
