/*
 * Sequence: a list of layers that counts as one, as a block of a transformer
 * does when layers are handed out to stages. Nothing is added to what the layers
 * inside do, keep and release.
 */
#include "common/layers/inner.h"

static const struct layer_operations operations = {"sequence", inner_forward, inner_backward_input,
                                                   inner_backward_weight};

struct layer layer_sequence(const struct layer *inner, int inner_layers)
{
    struct layer layer = {.operations = &operations};
    inner_put(&layer, "", inner, inner_layers);
    layer.input = layer.inner[0].input;
    layer.output = layer.inner[inner_layers - 1].output;
    return layer_made(layer);
}
