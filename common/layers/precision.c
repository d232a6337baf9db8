/* Layers in numbers of 16 bits; see precision.h. */
#include "common/layers/precision.h"

#include "common/base/fatal.h"
#include "common/kernels/convert.h"

#include <string.h>

/* ---- tensors ---- */

static struct tensor *new_narrow(enum dtype precision, const struct tensor *wide)
{
    const bool before = tensor_activations_are_scratch(false);
    struct tensor *narrow = tensor_narrowed(wide, precision, MEMORY_ACTIVATION);
    tensor_activations_are_scratch(before);
    return narrow;
}

struct tensor *precision_widened(struct tensor *tensor)
{
    if (!dtype_is_sixteen_bits(tensor->dtype))
        return tensor;
    struct tensor *wide = tensor_widened(tensor, MEMORY_WORKSPACE);
    tensor_set_narrow(wide, tensor);
    return wide;
}

/* It stays the caller's. */
static struct tensor *narrow_of(enum dtype precision, struct tensor *wide)
{
    struct tensor *narrow = tensor_narrow_of(wide);
    if (narrow == NULL) {
        narrow = new_narrow(precision, wide);
        tensor_set_narrow(wide, tensor_retain(narrow));
    }
    return narrow;
}

struct tensor *precision_narrowed(enum dtype precision, struct tensor *tensor)
{
    if (tensor->dtype != DTYPE_FLOAT32)
        return tensor;
    struct tensor *narrow = narrow_of(precision, tensor);
    tensor_free(tensor);
    return narrow;
}

void precision_must_be_float32(const struct layer *layer, const struct tensor *given)
{
    if (dtype_is_sixteen_bits(given->dtype))
        fatal("layer %d (%s) is given %s numbers, and its pass computes in float32 (precision in "
              "struct "
              "pass)",
              layer->index, layer->operations->kind, dtype_name(given->dtype));
}

/* What comes to a layer, which it takes over. The data of the first one may be float32, or tokens. */
static struct tensor *taken_in(const struct layer *layer, enum dtype precision,
                               struct tensor *given)
{
    if (!dtype_is_sixteen_bits(precision))
        fatal("a pass of precision %s: layers compute in float32, bfloat16 or float16",
              dtype_name(precision));
    if (dtype_is_sixteen_bits(given->dtype) && given->dtype != precision)
        fatal("layer %d (%s) is given %s numbers in a pass of precision %s", layer->index,
              layer->operations->kind, dtype_name(given->dtype), dtype_name(precision));
    return precision_narrowed(precision, given);
}

/* ---- a student's layer, which may do with its float32 tensors what it likes ---- */

static bool is_custom(const struct layer *layer)
{
    return layer->custom != NULL;
}

/* Are the numbers in 16 bits still those of the tensor? */
static bool is_narrow_of(const struct tensor *narrow, const struct tensor *wide)
{
    enum { TOGETHER = 1024 };
    uint16_t now[TOGETHER];
    if (narrow->device == DEVICE_META)
        return true;
    struct tensor *on_host = tensor_on_host(narrow, "be looked at"),
                  *from = tensor_on_host(wide, "be looked at");
    const uint16_t *before = on_host->data;
    bool same = true;
    for (size_t i = 0; i < wide->elements && same; i += TOGETHER) {
        const size_t left = wide->elements - i, count = left < TOGETHER ? left : TOGETHER;
        kernels_for(DEVICE_CPU)->narrow(narrow->dtype, count, tensor_floats(from) + i, now);
        same = memcmp(now, before + i, count * sizeof *now) == 0;
    }
    tensor_free(on_host);
    tensor_free(from);
    return same;
}

/* It may have written into what it was given, or had kept. */
static void forget_what_changed(struct tensor *wide)
{
    struct tensor *narrow = tensor_narrow_of(wide);
    if (narrow != NULL && !is_narrow_of(narrow, wide))
        tensor_forget_narrow(wide);
    tensor_free(narrow);
}

static void round_what_is_kept(struct saved *saved)
{
    for (int slot = 0; slot < LAYER_MAX_SAVED; slot++) {
        struct tensor *kept = saved->tensor[slot];
        if (kept == NULL)
            continue;
        if (kept->dtype == DTYPE_INT32 || saved->exact[slot]) {
            tensor_becomes_activation(kept);
            continue;
        }
        if (kept->dtype == DTYPE_FLOAT32)
            forget_what_changed(kept);
        saved->tensor[slot] = precision_narrowed(saved->precision, kept);
    }
}

/* ---- a call ---- */

/* Layers inside take and give 16 bits themselves; who only hands numbers on needs no others. */
static bool computes(const struct layer *layer)
{
    return layer->inner_layers == 0 && !layer->hands_on;
}

struct call {
    const struct layer *layer;
    struct saved *saved;
    enum dtype precision;
    struct pass pass; /* as the layer sees it, for which all is float32 */
    struct tensor *given;
    bool scratch; /* before the call */
};

/* given: x or dy, wide, or NULL. */
static struct layer_memory call_begin(struct call *call, const struct layer *layer,
                                      struct layer_memory memory, struct saved *saved,
                                      struct tensor *given)
{
    *call = (struct call){.layer = layer, .saved = saved, .pass = *layer_pass(memory)};
    call->precision = saved->precision = call->pass.precision;
    call->pass.precision = DTYPE_FLOAT32;
    memory.pass = &call->pass;
    /* Somebody else's, too: not to be written into. */
    call->given = is_custom(layer) && given != NULL ? tensor_retain(given) : NULL;
    call->scratch = tensor_activations_are_scratch(true);
    return memory;
}

/* result: y or dx, or NULL; returns it in 16 bits. */
static struct tensor *call_end(struct call *call, struct tensor *result)
{
    tensor_activations_are_scratch(call->scratch);
    if (is_custom(call->layer)) {
        round_what_is_kept(call->saved);
        if (result != NULL)
            forget_what_changed(result);
    }
    tensor_free(call->given);
    call->saved->precision = DTYPE_FLOAT32;
    return result == NULL ? NULL : precision_narrowed(call->precision, result);
}

struct tensor *precision_forward(const struct layer *layer, struct layer_memory memory,
                                 struct saved *saved, struct tensor *x)
{
    struct call call;
    x = taken_in(layer, layer_pass(memory)->precision, x);
    if (!computes(layer))
        return layer->operations->forward(layer, memory, saved, x);
    x = precision_widened(x);
    memory = call_begin(&call, layer, memory, saved, x);
    return call_end(&call, layer->operations->forward(layer, memory, saved, x));
}

struct tensor *precision_backward_input(const struct layer *layer, struct layer_memory memory,
                                        struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct call call;
    dy = taken_in(layer, layer_pass(memory)->precision, dy);
    if (!computes(layer))
        return layer->operations->backward_input(layer, memory, saved, dy, want_dx);
    dy = precision_widened(dy);
    memory = call_begin(&call, layer, memory, saved, dy);
    return call_end(&call, layer->operations->backward_input(layer, memory, saved, dy, want_dx));
}

void precision_backward_weight(const struct layer *layer, struct layer_memory memory,
                               struct saved *saved)
{
    struct call call;
    if (!computes(layer)) {
        layer->operations->backward_weight(layer, memory, saved);
        return;
    }
    memory = call_begin(&call, layer, memory, saved, NULL);
    layer->operations->backward_weight(layer, memory, saved);
    call_end(&call, NULL);
}

/* ---- what is saved ---- */

static void put(struct saved *saved, int slot, struct tensor *tensor, bool exact)
{
    if (saved->tensor[slot] != NULL)
        fatal("a layer is asked to keep what it still keeps: a second forward or backward of one "
              "micro-batch");
    saved->tensor[slot] = tensor;
    saved->exact[slot] = exact;
}

void saved_keep(struct saved *saved, int slot, struct tensor *tensor)
{
    if (saved->precision != DTYPE_FLOAT32 && tensor->dtype == DTYPE_FLOAT32)
        tensor = precision_narrowed(saved->precision, tensor);
    tensor_becomes_activation(tensor);
    put(saved, slot, tensor, false);
}

void saved_keep_exact(struct saved *saved, int slot, struct tensor *tensor)
{
    tensor_becomes_activation(tensor);
    put(saved, slot, tensor, true);
}

struct tensor *saved_take(struct saved *saved, int slot)
{
    struct tensor *tensor = saved->tensor[slot];
    if (tensor == NULL)
        fatal("a layer's backward without its forward: nothing is saved");
    tensor_must_live(tensor, "a tensor that the stage keeps for this backward", __func__);
    saved->tensor[slot] = NULL;
    return saved->precision == DTYPE_FLOAT32 ? tensor : precision_widened(tensor);
}

layer_product *layer_product_of(const struct kernels *kernels, const struct saved *saved)
{
    return saved->precision == DTYPE_BFLOAT16 ? kernels->bfloat16_product : kernels->matrix_product;
}
