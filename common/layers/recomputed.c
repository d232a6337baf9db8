/*
 * Recomputed: a list of layers that counts as one and keeps only what enters it.
 * Its forward is repeated at the begin of the backward, which costs its FLOPs
 * once more and saves the memory of all that lies between (Chen et al. 2016,
 * arXiv:1604.06174; torch.utils.checkpoint).
 *
 * The repetition is told so (pass.again): running averages were updated already,
 * and dropout, a function of its place, drops the same.
 */
#include "common/layers/inner.h"

enum { SAVED_X };

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    saved_keep(saved, SAVED_X, tensor_retain(x)); /* shared: no layer works in place on it */
    for (int i = 0; i < layer->inner_layers; i++) {
        x = inner_forward_of(layer, memory, saved, i, i + 1, x);
        saved_release_all(saved->inner[i]);
    }
    return x;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct pass pass = *layer_pass(memory);
    struct layer_memory repeated = memory;
    pass.again = true;
    repeated.pass = &pass;
    tensor_free(inner_forward(layer, repeated, saved, saved_take(saved, SAVED_X)));
    return inner_backward_input(layer, memory, saved, dy, want_dx);
}

static const struct layer_operations operations = {"recomputed", forward, backward_input,
                                                   inner_backward_weight};

struct layer layer_recomputed(const struct layer *inner, int inner_layers)
{
    struct layer layer = {.operations = &operations};
    inner_put(&layer, "", inner, inner_layers);
    layer.input = layer.inner[0].input;
    layer.output = layer.inner[inner_layers - 1].output;
    layer.backward_input_flops += layer.forward_flops;
    layer.backward_input_flops_without_dx += layer.forward_flops;
    return layer_made(layer);
}
