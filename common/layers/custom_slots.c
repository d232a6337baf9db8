/*
 * What the functions of a student's layer call: slots for what is kept of a
 * micro-batch, and new tensors (custom_layer.h).
 */
#include "common/base/fatal.h"
#include "common/layers/custom.h"
#include "common/layers/layers.h"
#include "common/layers/precision.h"

static void check_slot(const struct layer_call *call, const char *function, int slot, bool full)
{
    const char *name = call->layer->custom->name;
    if (slot < 0 || slot >= LAYER_MAX_SAVED)
        fatal_at(function, "%s: there is no slot %d; they are numbered 0 to %d", name, slot,
                 LAYER_MAX_SAVED - 1);
    if (full && call->saved->tensor[slot] == NULL)
        fatal_at(function,
                 "%s: slot %d is empty: nothing was kept there (layer_keep) for this micro-batch, "
                 "or it was taken already",
                 name, slot);
    if (!full && call->saved->tensor[slot] != NULL)
        fatal_at(function,
                 "%s: slot %d still holds a tensor of this micro-batch: use another slot, or "
                 "layer_take it first",
                 name, slot);
}

void layer_keep(struct layer_call *call, int slot, struct tensor *tensor)
{
    check_slot(call, __func__, slot, false);
    if (tensor == NULL)
        fatal("%s: the tensor for slot %d is NULL", call->layer->custom->name, slot);
    tensor_taken(tensor, "the tensor", __func__);
    call->saved->tensor[slot] = tensor;
    call->saved->exact[slot] = false;
}

void layer_keep_exact(struct layer_call *call, int slot, struct tensor *tensor)
{
    layer_keep(call, slot, tensor);
    tensor_becomes_activation(tensor);
    call->saved->exact[slot] = true;
}

struct tensor *layer_kept(struct layer_call *call, int slot)
{
    check_slot(call, __func__, slot, true);
    struct tensor *tensor = call->saved->tensor[slot];
    tensor_must_live(tensor, "a tensor that the layer keeps", __func__);
    if (call->saved->precision != DTYPE_FLOAT32)
        call->saved->tensor[slot] = tensor = precision_widened(tensor);
    return tensor;
}

struct tensor *layer_take(struct layer_call *call, int slot)
{
    check_slot(call, __func__, slot, true);
    return tensor_handed_out(saved_take(call->saved, slot));
}

static struct tensor *new_tensor(const struct layer_call *call, struct shape sample)
{
    return tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, call->device,
                      shape_with_batch(call->samples, sample));
}

struct tensor *layer_output_new(const struct layer_call *call)
{
    return new_tensor(call, call->layer->output);
}

struct tensor *layer_input_new(const struct layer_call *call)
{
    return new_tensor(call, call->layer->input);
}
