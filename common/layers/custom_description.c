/*
 * What students say of their layers (custom_layer.h): does it make sense, and which parts of a whole are theirs?
 */
#include "common/base/fatal.h"
#include "common/layers/custom.h"

#include <math.h>

static void check_shape(const char *kind, const char *what, struct shape shape)
{
    if (shape.dimensions < 1)
        fatal_at("layer_custom", "%s: %s has no sizes; expected those of one sample", kind, what);
    if (shape_elements(shape_with_batch(1, shape)) == 0) /* fatal for what is no shape */
        fatal_at("layer_custom", "%s: %s has a size of 0", kind, what);
}

static void check_flops(const char *kind, const char *what, double flops)
{
    if (!isfinite(flops) || flops < 0)
        fatal_at("layer_custom", "%s: %s is %g; expected what one sample costs, at least 0", kind,
                 what, flops);
}

static void check_buffer_descriptions(const struct custom_layer *description)
{
    const char *kind = description->kind;
    if (description->buffers < 0 || description->buffers > LAYER_MAX_BUFFERS)
        fatal_at("layer_custom", "%s: %d buffers; a layer has 0 to %d", kind, description->buffers,
                 LAYER_MAX_BUFFERS);
    for (int k = 0; k < description->buffers; k++) {
        const struct buffer *buffer = &description->buffer[k];
        if (buffer->name[0] == '\0')
            fatal_at("layer_custom", "%s: buffer %d has no name", kind, k);
        if (buffer->initial != INITIAL_ZERO && buffer->initial != INITIAL_ONE)
            fatal_at("layer_custom", "%s: its buffer \"%s\" must begin with zeros or ones", kind,
                     buffer->name);
    }
}

void custom_check_description(const struct custom_layer *description)
{
    const char *kind = description->kind;
    if (kind == NULL || kind[0] == '\0')
        fatal_at("layer_custom", "a layer needs a kind: a word that messages call it by");
    if (description->forward == NULL || description->backward_input == NULL)
        fatal_at("layer_custom", "%s: forward and backward_input must be there", kind);
    if (description->parameters < 0 || description->parameters > LAYER_MAX_PARAMETERS)
        fatal_at("layer_custom", "%s: %d parameters; a layer has 0 to %d", kind,
                 description->parameters, LAYER_MAX_PARAMETERS);
    if (description->parameters > 0 && description->backward_weight == NULL)
        fatal_at("layer_custom",
                 "%s has parameters, and no backward_weight for their gradients; if backward_input "
                 "adds them already, give it one that does nothing",
                 kind);
    for (int k = 0; k < description->parameters; k++)
        if (description->parameter[k].name[0] == '\0')
            fatal_at("layer_custom", "%s: parameter %d has no name", kind, k);
    check_buffer_descriptions(description);
    check_shape(kind, "input", description->input);
    check_shape(kind, "output", description->output);
    check_flops(kind, "forward_flops", description->forward_flops);
    check_flops(kind, "backward_input_flops", description->backward_input_flops);
    check_flops(kind, "backward_weight_flops", description->backward_weight_flops);
}

static void check_whole(const char *function, const char *name, struct shape whole,
                        const struct slice *slice)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (!shape_equal(slice->whole, whole))
        fatal_at(function, "\"%s\" is %s, and the slice is of a whole %s", name,
                 shape_text(whole, expected), shape_text(slice->whole, found));
}

struct buffer layer_buffer_part(const struct buffer *whole, struct slice slice)
{
    check_whole(__func__, whole->name, whole->shape, &slice);
    struct buffer part = *whole;
    part.slice = slice;
    part.shape = slice_shape(&slice);
    return part;
}

struct parameter layer_parameter_part(const struct parameter *whole, struct slice slice)
{
    check_whole(__func__, whole->name, whole->shape, &slice);
    struct parameter part = *whole;
    part.slice = slice;
    part.shape = slice_shape(&slice);
    return part;
}
