/*
 * A layer with borders (custom_layer.h): what comes to it goes through one function first, and what leaves
 * it through another. Parameters, buffers and costs are those of the layer inside.
 */
#include "common/layers/borders.h"
#include "common/base/fatal.h"
#include "common/kernels/convert.h"
#include "common/layers/custom.h"
#include "common/layers/inner.h"
#include "common/layers/precision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_result(const char *owner, const char *function, const struct tensor *result,
                         struct shape sample)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (result == NULL)
        fatal("%s: %s returned NULL", owner, function);
    tensor_must_live(result, function, owner);
    const int samples = result->shape.size[0];
    if (!shape_equal(result->shape, shape_with_batch(samples, sample)))
        fatal("%s: %s returned %s; expected %s for each sample", owner, function,
              shape_text(result->shape, found), shape_text(sample, expected));
}

struct tensor *layer_border_through(const char *owner, const char *where,
                                    const struct layer_border *border, enum border_way way,
                                    void *own, struct tensor *x, struct shape sample)
{
    if (border->forward == NULL)
        return x;
    const char *name = way == BORDER_FORWARD ? border->forward_name : border->backward_name;
    char place[64];
    snprintf(place, sizeof place, "the function %s%s", where,
             way == BORDER_FORWARD ? "" : ", backward");
    if (name == NULL)
        name = place;
    const long held = tensor_references_held();
    struct tensor *y = (way == BORDER_FORWARD ? border->forward : border->backward)(own, x);
    check_result(owner, name, y, sample);
    if (tensor_references_held() != held)
        fatal("%s: %s left tensors behind, or freed what was not its own: it takes over one "
              "tensor and returns one",
              owner, name);
    return y;
}

/* The functions are given float32. */
static struct tensor *through(const struct layer *layer, struct layer_memory memory,
                              const char *where, const struct layer_border *border,
                              enum border_way way, struct tensor *x, struct shape sample)
{
    const struct custom *custom = layer->custom;
    const enum dtype precision = layer_pass(memory)->precision;
    if (precision == DTYPE_FLOAT32 || border->forward == NULL)
        return layer_border_through(custom->name, where, border, way, custom->own, x, sample);
    struct tensor *wide =
        dtype_is_sixteen_bits(x->dtype) ? tensor_widened(x, MEMORY_WORKSPACE) : tensor_retain(x);
    tensor_free(x);
    const bool before = tensor_activations_are_scratch(true);
    wide = layer_border_through(custom->name, where, border, way, custom->own, wide, sample);
    tensor_activations_are_scratch(before);
    return precision_narrowed(precision, wide);
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const struct custom *custom = layer->custom;
    x = through(layer, memory, BORDER_BEFORE, &custom->before, BORDER_FORWARD, x,
                layer->inner[0].input);
    x = inner_forward(layer, memory, saved, x);
    return through(layer, memory, BORDER_BEHIND, &custom->behind, BORDER_FORWARD, x, layer->output);
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    const struct custom *custom = layer->custom;
    dy = through(layer, memory, BORDER_BEHIND, &custom->behind, BORDER_BACKWARD, dy,
                 layer->inner[0].output);
    dy = inner_backward_input(layer, memory, saved, dy, want_dx);
    if (dy == NULL)
        return NULL;
    return through(layer, memory, BORDER_BEFORE, &custom->before, BORDER_BACKWARD, dy,
                   layer->input);
}

static struct custom *custom_new(const char *kind)
{
    struct custom *custom = calloc(1, sizeof *custom);
    if (custom == NULL)
        fatal("no memory left for a layer");
    custom->operations =
        (struct layer_operations){strdup(kind), forward, backward_input, inner_backward_weight};
    if (custom->operations.kind == NULL)
        fatal("no memory left for a layer");
    snprintf(custom->name, sizeof custom->name, "%s", kind);
    return custom;
}

struct layer layer_with_borders(const struct layer *layer, struct layer_border before,
                                struct layer_border behind, void *own, void (*free_own)(void *own))
{
    struct layer with = *layer;
    with.custom = custom_new(layer->operations->kind);
    with.custom->before = before;
    with.custom->behind = behind;
    with.custom->own = own;
    with.custom->free = free_own;
    with.operations = &with.custom->operations;
    with.inner = malloc(sizeof *with.inner);
    if (with.inner == NULL)
        fatal("no memory left for a layer");
    with.inner[0] = *layer;
    with.inner_layers = 1;
    with.shortcut_layers = 0;
    with.inner_is_borrowed = false;
    if (before.forward != NULL)
        with.input = before.outside;
    if (behind.forward != NULL)
        with.output = behind.outside;
    return with;
}
