/*
 * Flatten: (C, H, W) to (C·H·W). The same numbers under another shape.
 */
#include "common/layers/layers.h"

/* Takes over x. A tensor of its own keeps its memory and changes its shape; one that others look
 * at stays as it is and is viewed. */
static struct tensor *reshape(struct tensor *x, struct shape sample)
{
    struct shape shape = shape_with_batch(x->shape.size[0], sample);
    if (!tensor_is_shared(x)) {
        x->shape = shape;
        return x;
    }
    struct tensor *view = tensor_view(x, 0, shape);
    tensor_free(x);
    return view;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)memory;
    (void)saved;
    return reshape(x, layer->output);
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    (void)memory;
    (void)saved;
    if (want_dx)
        return reshape(dy, layer->input);
    tensor_free(dy);
    return NULL;
}

static const struct layer_operations operations = {"flatten", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_flatten(struct shape input)
{
    return layer_made((struct layer){.operations = &operations,
                                     .input = input,
                                     .hands_on = true,
                                     .output = SHAPE(shape_count(input))});
}
