/*
 * A layer with borders (custom_layer.h): what comes to it goes through one function first, and what leaves
 * it through another. Parameters, buffers and costs are those of the layer inside.
 */
#include "common/base/fatal.h"
#include "common/layers/custom.h"
#include "common/layers/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_result(const struct layer *layer, const char *where, const struct tensor *result,
                         struct shape sample)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (result == NULL)
        fatal("%s: the function %s returned NULL", layer->custom->name, where);
    tensor_must_live(result, where, layer->custom->name);
    const int samples = result->shape.size[0];
    if (!shape_equal(result->shape, shape_with_batch(samples, sample)))
        fatal("%s: the function %s returned %s; expected %s for each sample", layer->custom->name,
              where, shape_text(result->shape, found), shape_text(sample, expected));
}

/* Takes a tensor through a border, in one direction. sample: what has to come out. */
static struct tensor *through(const struct layer *layer, const char *where,
                              struct tensor *(*function)(void *own, struct tensor *x),
                              struct tensor *x, struct shape sample)
{
    const long held = tensor_references_held();
    struct tensor *y = function(layer->custom->own, x);
    check_result(layer, where, y, sample);
    if (tensor_references_held() != held)
        fatal(
            "%s: the function %s left tensors behind, or freed what was not its own: it takes over "
            "one tensor and returns one",
            layer->custom->name, where);
    return y;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const struct custom *custom = layer->custom;
    if (custom->before.forward != NULL)
        x = through(layer, "before it", custom->before.forward, x, layer->inner[0].input);
    x = inner_forward(layer, memory, saved, x);
    if (custom->behind.forward != NULL)
        x = through(layer, "behind it", custom->behind.forward, x, layer->output);
    return x;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    const struct custom *custom = layer->custom;
    if (custom->behind.forward != NULL)
        dy = through(layer, "behind it, backward", custom->behind.backward, dy,
                     layer->inner[0].output);
    dy = inner_backward_input(layer, memory, saved, dy, want_dx);
    if (dy != NULL && custom->before.forward != NULL)
        dy = through(layer, "before it, backward", custom->before.backward, dy, layer->input);
    return dy;
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
