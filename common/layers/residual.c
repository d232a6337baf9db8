/*
 * Residual: y = x + inner(x), where inner is a list of layers of its own. Their
 * parameters are the residual's, under the names "0.weight", "2.bias" and so on.
 */
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/layers/inner.h"

/* sum + part. Takes over both, and charges for it; adds in place where `sum` belongs to nobody else. */
static struct tensor *add(struct tensor *sum, struct tensor *part)
{
    struct tensor *result = layer_in_place_or_new(sum);
    if (result != sum)
        tensor_copy(result, sum);
    flops_charge((double)sum->elements);
    kernels_for(sum->device)->add(sum->elements, tensor_floats(part), tensor_floats(result));
    tensor_free(sum);
    tensor_free(part);
    return result;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    return add(inner_forward(layer, memory, saved, tensor_retain(x)), x);
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct tensor *dx = inner_backward_input(layer, memory, saved, tensor_retain(dy), want_dx);
    if (want_dx)
        return add(dx, dy);
    tensor_free(dy);
    return NULL;
}

static const struct layer_operations operations = {"residual", forward, backward_input,
                                                   inner_backward_weight};

struct layer layer_residual(struct shape input, const struct layer *inner, int inner_layers)
{
    char text[SHAPE_TEXT_SIZE], other[SHAPE_TEXT_SIZE];
    if (inner_layers < 1)
        fatal("a residual needs a layer inside");
    if (!shape_equal(inner[inner_layers - 1].output, input))
        fatal("what goes round a residual has shape %s, but what goes through it ends as %s",
              shape_text(input, text), shape_text(inner[inner_layers - 1].output, other));
    struct layer layer = {.operations = &operations, .input = input, .output = input};
    layer.forward_flops = layer.backward_input_flops = shape_count(input);
    inner_put(&layer, inner, inner_layers);
    return layer_made(layer);
}
