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

/* Numbers of 16 bits are added in float32, some at a time, and rounded once. */
static void add_rounded(const struct tensor *sum, const struct tensor *part, struct tensor *result)
{
    enum { TOGETHER = 1 << 15 };
    const struct kernels *kernels = kernels_for(sum->device);
    const size_t all = sum->elements, most = all < TOGETHER ? all : TOGETHER;
    struct tensor *wide[2];
    for (int i = 0; i < 2; i++)
        wide[i] = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, sum->device, SHAPE((int)most));
    const uint16_t *a = sum->data, *b = part->data;
    uint16_t *to = result->data;
    for (size_t i = 0; i < all; i += most) {
        const size_t count = all - i < most ? all - i : most;
        kernels->widen(sum->dtype, count, a + i, tensor_floats(wide[0]));
        kernels->widen(part->dtype, count, b + i, tensor_floats(wide[1]));
        kernels->add(count, tensor_floats(wide[1]), tensor_floats(wide[0]));
        kernels->narrow(result->dtype, count, tensor_floats(wide[0]), to + i);
    }
    tensor_free(wide[0]);
    tensor_free(wide[1]);
}

/* sum + part. Takes over both, and charges for it; adds in place where `sum` belongs to nobody else. */
static struct tensor *add(struct tensor *sum, struct tensor *part)
{
    struct tensor *result = layer_in_place_or_new(sum);
    flops_charge((double)sum->elements);
    if (dtype_is_sixteen_bits(sum->dtype)) {
        add_rounded(sum, part, result);
    } else {
        if (result != sum)
            tensor_copy(result, sum);
        kernels_for(sum->device)->add(sum->elements, tensor_floats(part), tensor_floats(result));
    }
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
