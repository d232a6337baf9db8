/*
 * Residual: y = x + inner(x), where inner is a list of layers of its own. Their
 * parameters are the residual's, under the names "0.weight", "2.bias" and so on.
 * Where the shapes of x and y differ, a second list goes round the first one in
 * place of x (a projection shortcut, He et al. 2015, arXiv:1512.03385). It stands
 * last in the list of layers inside.
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

/* The place of the first layer of the shortcut: as many are on the way through. */
static int shortcut_of(const struct layer *layer)
{
    return layer->inner_layers - layer->shortcut_layers;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const int shortcut = shortcut_of(layer);
    struct tensor *through = inner_forward_of(layer, memory, saved, 0, shortcut, tensor_retain(x));
    return add(through, inner_forward_of(layer, memory, saved, shortcut, layer->inner_layers, x));
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    const int shortcut = shortcut_of(layer);
    struct tensor *dx =
        inner_backward_input_of(layer, memory, saved, 0, shortcut, tensor_retain(dy), want_dx);
    if (layer->shortcut_layers > 0)
        dy = inner_backward_input_of(layer, memory, saved, shortcut, layer->inner_layers, dy,
                                     want_dx);
    if (want_dx)
        return add(dx, dy);
    tensor_free(dy);
    return NULL;
}

static const struct layer_operations operations = {"residual", forward, backward_input,
                                                   inner_backward_weight};

static void check_shapes(const struct layer *layer, struct shape round)
{
    const struct layer *through = layer->inner, *shortcut = layer->inner + shortcut_of(layer);
    char text[SHAPE_TEXT_SIZE], other[SHAPE_TEXT_SIZE];
    if (!shape_equal(through->input, layer->input))
        fatal("what goes through a residual begins as %s, but it is given %s",
              shape_text(through->input, text), shape_text(layer->input, other));
    if (layer->shortcut_layers > 0 && !shape_equal(shortcut->input, layer->input))
        fatal("the shortcut of a residual begins as %s, but it is given %s",
              shape_text(shortcut->input, text), shape_text(layer->input, other));
    if (!shape_equal(layer->output, round))
        fatal("what goes round a residual has shape %s, but what goes through it ends as %s",
              shape_text(round, text), shape_text(layer->output, other));
}

struct layer layer_residual_with(struct shape input, const struct layer *shortcut,
                                 int shortcut_layers, const struct layer *inner, int inner_layers)
{
    struct layer layer = {.operations = &operations, .input = input};
    struct shape round = input;
    inner_put(&layer, "", inner, inner_layers);
    layer.output = inner[inner_layers - 1].output;
    if (shortcut != NULL && shortcut_layers > 0) {
        inner_put(&layer, "shortcut.", shortcut, shortcut_layers);
        layer.shortcut_layers = shortcut_layers;
        round = shortcut[shortcut_layers - 1].output;
    }
    check_shapes(&layer, round);
    layer.forward_flops += shape_count(layer.output);
    layer.backward_input_flops += shape_count(input);
    return layer_made(layer);
}

struct layer layer_residual(struct shape input, const struct layer *inner, int inner_layers)
{
    return layer_residual_with(input, NULL, 0, inner, inner_layers);
}
