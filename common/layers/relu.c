/*
 * ReLU: y = max(x, 0), in place where x belongs to nobody else. The sign of y
 * is all that the backward needs.
 */
#include "common/layers/layers.h"

enum { SAVED_Y };

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)layer;
    (void)memory;
    struct tensor *y = layer_in_place_or_new(x);
    kernels_for(x->device)->relu(x->elements, tensor_floats(x), tensor_floats(y));
    tensor_free(x);
    saved_keep(saved, SAVED_Y, tensor_retain(y));
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    (void)layer;
    (void)memory;
    struct tensor *y = saved_take(saved, SAVED_Y), *dx = NULL;
    if (want_dx) {
        dx = layer_in_place_or_new(dy);
        kernels_for(dy->device)
            ->relu_backward(dy->elements, tensor_floats(y), tensor_floats(dy), tensor_floats(dx));
    }
    tensor_free(y);
    tensor_free(dy);
    return dx;
}

static const struct layer_operations operations = {"relu", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_relu(struct shape input)
{
    return layer_made((struct layer){.operations = &operations,
                                     .input = input,
                                     .output = input,
                                     .forward_flops = shape_count(input),
                                     .backward_input_flops = shape_count(input)});
}
