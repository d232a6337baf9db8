/*
 * Sequence: a list of layers that counts as one, as a block of a transformer
 * does when layers are handed out to stages. Nothing is added to what the layers
 * inside do, keep and release.
 */
#include "common/base/fatal.h"
#include "common/layers/inner.h"

static const struct layer_operations operations = {"sequence", inner_forward, inner_backward_input,
                                                   inner_backward_weight};

struct layer layer_sequence(const struct layer *inner, int inner_layers)
{
    if (inner_layers < 1)
        fatal("a sequence needs a layer inside");
    for (int i = 1; i < inner_layers; i++)
        if (!shape_equal(inner[i].input, inner[i - 1].output)) {
            char text[SHAPE_TEXT_SIZE], other[SHAPE_TEXT_SIZE];
            fatal("layer %d of a sequence takes %s, but what comes before it gives %s", i,
                  shape_text(inner[i].input, text), shape_text(inner[i - 1].output, other));
        }
    struct layer layer = {.operations = &operations,
                          .input = inner[0].input,
                          .output = inner[inner_layers - 1].output};
    inner_put(&layer, inner, inner_layers);
    return layer_made(layer);
}
