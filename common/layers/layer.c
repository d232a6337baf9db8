/*
 * Layers: what all kinds have in common (layer.h, layers/layers.h).
 */
#include "common/layers/layer.h"

#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/kernels/work/work.h"
#include "common/layers/custom.h"
#include "common/layers/layers.h"
#include "common/layers/precision.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the three operations ---- */

static double samples_of(const struct tensor *x)
{
    return x->shape.size[0];
}

/* Each operation is a piece of work, most of whose time is that of the kernels that it calls. */
enum operation { FORWARD = 1, BACKWARD_INPUT, BACKWARD_WEIGHT };

/* Layers inside charge for themselves, each when it runs, and so does one that a student wrote. */
static bool charges_itself(const struct layer *layer)
{
    return layer->inner_layers == 0 && layer->custom == NULL;
}

static void begin(const struct layer *layer, enum operation operation, double samples, double flops)
{
    const double inputs = samples * shape_count(layer->input);
    if (charges_itself(layer))
        flops_charge(flops);
    work_begin((struct work){WORK_layer_call, 1, {operation, inputs}});
}

static void end(const struct layer *layer, double flops)
{
    work_end_of_flops(charges_itself(layer) ? flops : 0);
}

/* given: x or dy, or NULL. */
static bool computes_in_float32(const struct layer *layer, struct layer_memory memory,
                                const struct tensor *given)
{
    if (layer_pass(memory)->precision != DTYPE_FLOAT32)
        return false;
    if (given != NULL)
        precision_must_be_float32(layer, given);
    return true;
}

struct tensor *layer_forward(const struct layer *layer, struct layer_memory memory,
                             struct saved *saved, struct tensor *x)
{
    const struct pass *pass = layer_pass(memory);
    if (pass->look != NULL)
        pass->look(layer, x, pass->looker);
    const double flops = layer->forward_flops * samples_of(x);
    begin(layer, FORWARD, samples_of(x), flops);
    struct tensor *y = computes_in_float32(layer, memory, x)
                           ? layer->operations->forward(layer, memory, saved, x)
                           : precision_forward(layer, memory, saved, x);
    end(layer, flops);
    return y;
}

struct tensor *layer_backward_input(const struct layer *layer, struct layer_memory memory,
                                    struct saved *saved, struct tensor *dy, bool want_dx)
{
    saved->samples = dy->shape.size[0];
    saved->device = dy->device;
    const double flops =
        (want_dx ? layer->backward_input_flops : layer->backward_input_flops_without_dx) *
        saved->samples;
    begin(layer, BACKWARD_INPUT, saved->samples, flops);
    struct tensor *dx = computes_in_float32(layer, memory, dy)
                            ? layer->operations->backward_input(layer, memory, saved, dy, want_dx)
                            : precision_backward_input(layer, memory, saved, dy, want_dx);
    end(layer, flops);
    return dx;
}

void layer_backward_weight(const struct layer *layer, struct layer_memory memory,
                           struct saved *saved)
{
    const double flops = layer->backward_weight_flops * saved->samples;
    begin(layer, BACKWARD_WEIGHT, saved->samples, flops);
    if (computes_in_float32(layer, memory, NULL))
        layer->operations->backward_weight(layer, memory, saved);
    else
        precision_backward_weight(layer, memory, saved);
    end(layer, flops);
}

/* ---- what is saved ---- */

struct saved *saved_new(const struct layer *layer)
{
    struct saved *saved = calloc(1, sizeof *saved);
    if (saved == NULL)
        fatal("no memory left for layer %d", layer->index);
    if (layer->inner_layers > 0) {
        saved->inner_layers = layer->inner_layers;
        saved->inner = calloc((size_t)layer->inner_layers, sizeof *saved->inner);
        if (saved->inner == NULL)
            fatal("no memory left for layer %d", layer->index);
        for (int i = 0; i < layer->inner_layers; i++)
            saved->inner[i] = saved_new(&layer->inner[i]);
    }
    return saved;
}

void saved_free(struct saved *saved)
{
    if (saved == NULL)
        return;
    saved_release_all(saved);
    for (int i = 0; i < saved->inner_layers; i++)
        saved_free(saved->inner[i]);
    free(saved->inner);
    free(saved);
}

void saved_release(struct saved *saved, int slot)
{
    tensor_free(saved->tensor[slot]);
    saved->tensor[slot] = NULL;
    saved->exact[slot] = false;
}

void saved_release_all(struct saved *saved)
{
    for (int slot = 0; slot < LAYER_MAX_SAVED; slot++)
        saved_release(saved, slot);
    for (int i = 0; i < saved->inner_layers; i++)
        saved_release_all(saved->inner[i]);
    saved->samples = 0;
}

void layer_release_saved(const struct layer *layer, struct layer_memory memory, struct saved *saved)
{
    (void)layer;
    (void)memory;
    saved_release_all(saved);
}

const struct pass *layer_pass(struct layer_memory memory)
{
    static const struct pass first;
    return memory.pass == NULL ? &first : memory.pass;
}

/* ---- tensors ---- */

struct tensor *layer_tensor_new(const struct tensor *x, struct shape sample)
{
    return tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, x->device,
                      shape_with_batch(x->shape.size[0], sample));
}

struct tensor *layer_in_place_or_new(struct tensor *x)
{
    if (!tensor_is_shared(x)) {
        tensor_forget_narrow(x);
        return tensor_retain(x);
    }
    return tensor_new(MEMORY_ACTIVATION, x->dtype, x->device, x->shape);
}

/* ---- descriptions ---- */

static void set_name(char own[LAYER_NAME_SIZE], const char *name)
{
    const int length = snprintf(own, LAYER_NAME_SIZE, "%s", name);
    if (length >= LAYER_NAME_SIZE)
        fatal("the parameter name %s is longer than %d letters", name, LAYER_NAME_SIZE - 1);
}

void layer_add_buffer(struct layer *layer, const char *name, struct shape shape,
                      enum initial_value initial)
{
    if (layer->buffers == LAYER_MAX_BUFFERS)
        fatal("a layer of more than %d buffers", LAYER_MAX_BUFFERS);
    struct buffer *buffer = &layer->buffer[layer->buffers++];
    *buffer = (struct buffer){.shape = shape, .offset = layer->buffer_count, .initial = initial};
    set_name(buffer->name, name);
    layer->buffer_count += shape_elements(shape);
}

void layer_add_parameter(struct layer *layer, const char *name, struct shape shape,
                         enum initial_value initial, float scale)
{
    if (layer->parameters == LAYER_MAX_PARAMETERS)
        fatal("a layer of more than %d parameter tensors", LAYER_MAX_PARAMETERS);
    struct parameter *parameter = &layer->parameter[layer->parameters++];
    *parameter = (struct parameter){
        .shape = shape, .offset = layer->parameter_count, .initial = initial, .scale = scale};
    set_name(parameter->name, name);
    layer->parameter_count += shape_elements(shape);
}

void layer_add_weight(struct layer *layer, const char *prefix, struct shape weight, int fan_in)
{
    char name[LAYER_NAME_SIZE];
    snprintf(name, sizeof name, "%sweight", prefix);
    layer_add_parameter(layer, name, weight, INITIAL_UNIFORM, 1.0f / sqrtf((float)fan_in));
}

void layer_add_weight_and_bias(struct layer *layer, const char *prefix, struct shape weight,
                               int outputs, int fan_in)
{
    char name[LAYER_NAME_SIZE];
    layer_add_weight(layer, prefix, weight, fan_in);
    snprintf(name, sizeof name, "%sbias", prefix);
    layer_add_parameter(layer, name, SHAPE(outputs), INITIAL_UNIFORM, 1.0f / sqrtf((float)fan_in));
}

struct layer layer_like(const struct layer *layer)
{
    struct layer like = *layer;
    like.inner_is_borrowed = true;
    return like;
}

void layer_destroy(struct layer *layer)
{
    if (!layer->inner_is_borrowed) {
        custom_free(layer->custom);
        for (int i = 0; i < layer->inner_layers; i++)
            layer_destroy(&layer->inner[i]);
        free(layer->inner);
    }
    *layer = (struct layer){0};
}

static struct slice slice_of(const char *what, const char *name, struct shape shape,
                             const struct slice *slice)
{
    char own[SHAPE_TEXT_SIZE], stated[SHAPE_TEXT_SIZE], fault[SLICE_ERROR_SIZE];
    if (slice->whole.dimensions == 0)
        return slice_all(shape);
    if (slice_fault(slice, fault) != NULL)
        fatal("%s \"%s\" can't be that slice: %s", what, name, fault);
    if (!shape_equal(slice_shape(slice), shape))
        fatal("%s \"%s\" has shape %s, but its slice has %s", what, name, shape_text(shape, own),
              shape_text(slice_shape(slice), stated));
    return *slice;
}

struct slice layer_parameter_slice(const struct parameter *parameter)
{
    return slice_of("parameter", parameter->name, parameter->shape, &parameter->slice);
}

struct slice layer_buffer_slice(const struct buffer *buffer)
{
    return slice_of("buffer", buffer->name, buffer->shape, &buffer->slice);
}
