/*
 * Layers that students write (custom_layer.h): the description becomes a layer
 * whose three functions call the student's, and see to it that he leaves things
 * as he must.
 */
#include "common/layers/custom.h"

#include "common/base/fatal.h"
#include "common/layers/layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a call --------------------------------------------------------------------------------------- */

/* What there is to know of a call at its end. */
struct books {
    const struct layer *layer;
    const char *function;
    struct tensor *parameter[LAYER_MAX_PARAMETERS], *gradient[LAYER_MAX_PARAMETERS];
    struct tensor *buffer[LAYER_MAX_BUFFERS];
    struct tensor *tied, *tied_gradient; /* or NULL */
    struct unchanged unchanged;
    long held, kept; /* when the student's function begins */
};

/* Views of parameters or gradients, for the time of a call; those that there are not are NULL. */
static void borrow(const struct layer *layer, enum memory_kind kind, enum device device,
                   float *first, struct tensor **tensor)
{
    for (int k = 0; k < layer->parameters; k++)
        tensor[k] = tensor_borrow(kind, device, layer->parameter[k].shape,
                                  first + layer->parameter[k].offset);
}

static void borrow_buffers(const struct layer *layer, enum device device, float *first,
                           struct tensor **tensor)
{
    for (int k = 0; k < layer->buffers; k++)
        tensor[k] = tensor_borrow(MEMORY_WORKSPACE, device, layer->buffer[k].shape,
                                  first + layer->buffer[k].offset);
}

/* Fatal where a function did not leave them as they were. */
static void check_borrowed(const struct books *books, const char *what,
                           struct tensor *const *tensor)
{
    const struct layer *layer = books->layer;
    for (int k = 0; k < layer->parameters && tensor[k] != NULL; k++)
        if (tensor[k]->references != 1)
            fatal("%s: %s %s call->%s[%d] (\"%s\"): it is the layer's in every call, and is "
                  "neither freed nor kept",
                  layer->custom->name, books->function,
                  tensor[k]->references < 1 ? "freed" : "still refers to", what, k,
                  layer->parameter[k].name);
}

static void check_buffers(const struct books *books)
{
    for (int k = 0; k < books->layer->buffers && books->buffer[k] != NULL; k++)
        if (books->buffer[k]->references != 1)
            fatal(
                "%s: %s %s call->buffer[%d] (\"%s\"): it is the stage's, and is neither freed nor "
                "kept",
                books->layer->custom->name, books->function,
                books->buffer[k]->references < 1 ? "freed" : "still refers to", k,
                books->layer->buffer[k].name);
}

/* Fatal where a function did not leave what it is tied to as it was. */
static void check_tied(const struct books *books)
{
    if ((books->tied != NULL && books->tied->references != 1) ||
        (books->tied_gradient != NULL && books->tied_gradient->references != 1))
        fatal("%s: %s freed or still refers to call->tied or call->tied_gradient: they are the "
              "model's, and are neither freed nor kept",
              books->layer->custom->name, books->function);
}

static void give_back(const struct books *books)
{
    tensor_free(books->tied);
    tensor_free(books->tied_gradient);
    for (int k = 0; k < books->layer->parameters; k++) {
        tensor_free(books->parameter[k]);
        tensor_free(books->gradient[k]);
    }
    for (int k = 0; k < books->layer->buffers; k++)
        tensor_free(books->buffer[k]);
}

/* How many tensors are kept; fatal where one of them was freed. */
static long kept(const struct layer *layer, const struct saved *saved)
{
    char what[CUSTOM_NAME_SIZE + 32];
    long count = 0;
    for (int slot = 0; slot < LAYER_MAX_SAVED; slot++) {
        if (saved->tensor[slot] == NULL)
            continue;
        if (saved->tensor[slot]->references <= 0) {
            snprintf(what, sizeof what, "a tensor that %s keeps", layer->custom->name);
            tensor_must_live(saved->tensor[slot], what, "layer_keep");
        }
        count++;
    }
    return count;
}

/* given: x or dy, or NULL. */
static struct layer_call call_begin(const struct layer *layer, struct layer_memory memory,
                                    struct saved *saved, const char *function, bool backward,
                                    const struct tensor *given, struct books *books)
{
    *books = (struct books){.layer = layer, .function = function};
    borrow(layer, MEMORY_PARAMETER, saved->device, memory.parameters, books->parameter);
    if (backward)
        borrow(layer, MEMORY_GRADIENT, saved->device, memory.gradients, books->gradient);
    if (layer->tied)
        books->tied =
            tensor_borrow(MEMORY_PARAMETER, saved->device, memory.tied_shape, (float *)memory.tied);
    if (layer->tied && backward)
        books->tied_gradient =
            tensor_borrow(MEMORY_GRADIENT, saved->device, memory.tied_shape, memory.tied_gradient);
    const struct pass *pass = layer_pass(memory);
    if (!backward && layer->buffers > 0 && memory.buffers == NULL)
        fatal("%s has buffers, and they are not here", layer->custom->name);
    if (!backward)
        borrow_buffers(layer, saved->device, memory.buffers, books->buffer);
    custom_unchanged_note(&books->unchanged, layer->parameters, books->parameter, given);
    if (!backward && (pass->again || pass->evaluating))
        custom_unchanged_note_buffers(&books->unchanged, layer->buffers, books->buffer);
    books->held = tensor_references_held();
    books->kept = kept(layer, saved);
    return (struct layer_call){.layer = layer,
                               .parameter = books->parameter,
                               .gradient = books->gradient,
                               .buffer = books->buffer,
                               .tied = books->tied,
                               .tied_gradient = books->tied_gradient,
                               .pass = pass,
                               .own = layer->custom->own,
                               .samples = saved->samples,
                               .device = saved->device,
                               .saved = saved};
}

/* taken: tensors that the function took over less those that it returned. */
static void call_end(const struct layer_call *call, const struct books *books, long taken)
{
    const char *name = books->layer->custom->name;
    const long more = (tensor_references_held() - books->held) -
                      (kept(books->layer, call->saved) - books->kept) + taken;
    check_borrowed(books, "parameter", books->parameter);
    check_borrowed(books, "gradient", books->gradient);
    check_buffers(books);
    check_tied(books);
    if (more > 0)
        fatal("%s: %s left %ld tensor%s behind: what it takes over (x, dy), takes (layer_take) or "
              "makes, views among them, must be freed, kept (layer_keep) or returned",
              name, books->function, more, more == 1 ? "" : "s");
    if (more < 0)
        fatal(
            "%s: %s gave away %ld reference%s more than it had: each tensor is freed, kept "
            "(layer_keep) or returned once, and once more for each tensor_retain; what layer_kept "
            "gives is not to be freed",
            name, books->function, -more, more == -1 ? "" : "s");
    custom_unchanged_check(&books->unchanged, books->layer, books->function);
    give_back(books);
}

/* ---- the three functions -------------------------------------------------------------------------- */

static void check_result(const struct layer *layer, const char *function, const char *what,
                         const struct tensor *result, int samples, struct shape sample,
                         enum device device)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    const struct shape shape = shape_with_batch(samples, sample);
    if (result == NULL)
        fatal("%s: %s returned NULL; expected %s, a tensor %s", layer->custom->name, function, what,
              shape_text(shape, expected));
    tensor_must_live(result, what, layer->custom->name);
    if (result->dtype != DTYPE_FLOAT32 || !shape_equal(result->shape, shape))
        fatal("%s: %s returned %s %s; expected %s, float32 %s (samples first, "
              "then what the layer's description says of one)",
              layer->custom->name, function, dtype_name(result->dtype),
              shape_text(result->shape, found), what, shape_text(shape, expected));
    if (result->device != device)
        fatal("%s: %s returned %s on another device than its input is on; make new tensors with "
              "layer_output_new, layer_input_new or compute_new",
              layer->custom->name, function, what);
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    struct books books;
    saved->samples = x->shape.size[0];
    saved->device = x->device;
    struct layer_call call = call_begin(layer, memory, saved, "forward", false, x, &books);
    struct tensor *y = layer->custom->forward(&call, x);
    check_result(layer, "forward", "y", y, call.samples, layer->output, call.device);
    call_end(&call, &books, 1 - 1);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct books books;
    want_dx = want_dx && layer->input_dtype == DTYPE_FLOAT32; /* tokens have no gradient */
    struct layer_call call = call_begin(layer, memory, saved, "backward_input", true, dy, &books);
    struct tensor *dx = layer->custom->backward_input(&call, dy, want_dx);
    if (want_dx)
        check_result(layer, "backward_input", "dx", dx, call.samples, layer->input, call.device);
    else if (dx != NULL)
        fatal("%s: backward_input returned a dx that nobody wants: where want_dx is false, it "
              "computes none and returns NULL",
              layer->custom->name);
    call_end(&call, &books, dx == NULL ? 1 : 1 - 1);
    return dx;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    if (layer->custom->backward_weight != NULL) {
        struct books books;
        struct layer_call call =
            call_begin(layer, memory, saved, "backward_weight", true, NULL, &books);
        layer->custom->backward_weight(&call);
        call_end(&call, &books, 0);
    }
    saved_release_all(saved);
}

/* ---- descriptions --------------------------------------------------------------------------------- */

static struct custom *custom_new(const struct custom_layer *description)
{
    struct custom *custom = calloc(1, sizeof *custom);
    if (custom == NULL)
        fatal("no memory left for a layer");
    *custom = (struct custom){
        .operations = {strdup(description->kind), forward, backward_input, backward_weight},
        .forward = description->forward,
        .backward_input = description->backward_input,
        .backward_weight = description->backward_weight,
        .free = description->free,
        .own = description->own,
    };
    if (custom->operations.kind == NULL)
        fatal("no memory left for a layer");
    snprintf(custom->name, sizeof custom->name, "%s", custom->operations.kind);
    return custom;
}

void custom_free(struct custom *custom)
{
    if (custom == NULL)
        return;
    if (custom->free != NULL)
        custom->free(custom->own);
    free((char *)custom->operations.kind);
    free(custom);
}

struct layer layer_custom(const struct custom_layer *description)
{
    custom_check_description(description);
    struct layer layer = {
        .input = description->input,
        .output = description->output,
        .input_dtype = description->input_dtype,
        .tied = description->tied,
        .forward_flops = description->forward_flops,
        .backward_input_flops = description->backward_input_flops,
        .backward_weight_flops = description->backward_weight_flops,
    };
    layer.custom = custom_new(description);
    layer.operations = &layer.custom->operations;
    for (int k = 0; k < description->parameters; k++) {
        const struct parameter *given = &description->parameter[k];
        const bool all = given->slice.whole.dimensions == 0;
        layer_add_parameter(&layer, given->name, all ? given->shape : slice_shape(&given->slice),
                            given->initial, given->scale);
        layer.parameter[k].slice = given->slice;
        layer_parameter_slice(&layer.parameter[k]); /* fatal unless it is a slice */
    }
    for (int k = 0; k < description->buffers; k++) {
        const struct buffer *given = &description->buffer[k];
        const bool all = given->slice.whole.dimensions == 0;
        layer_add_buffer(&layer, given->name, all ? given->shape : slice_shape(&given->slice),
                         given->initial);
        layer.buffer[k].slice = given->slice;
        layer_buffer_slice(&layer.buffer[k]);
    }
    return layer;
}
