/*
 * The mean over tokens: (tokens, width) to (width).
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)memory;
    (void)saved;
    struct tensor *y = layer_tensor_new(x, layer->output);
    kernels_for(x->device)->mean_tokens(x->shape.size[0], layer->input.size[0],
                                        layer->input.size[1], tensor_floats(x), tensor_floats(y));
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
            ->mean_tokens_backward(dy->shape.size[0], layer->input.size[0], layer->input.size[1],
                                   tensor_floats(dy), tensor_floats(dx));
    }
    tensor_free(dy);
    return dx;
}

static const struct layer_operations operations = {"mean_tokens", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_mean_tokens(struct shape input)
{
    if (input.dimensions != 2) {
        char text[SHAPE_TEXT_SIZE];
        fatal("the mean over tokens needs an input (tokens, width), not %s",
              shape_text(input, text));
    }
    return layer_made((struct layer){.operations = &operations,
                                     .input = input,
                                     .output = SHAPE(input.size[1]),
                                     .forward_flops = shape_count(input),
                                     .backward_input_flops = shape_count(input)});
}
