/*
 * Tensors: references, views (tensor.h). Shapes stand in shape.c.
 */
#include "common/base/tensor.h"
#include "common/base/device.h"
#include "common/base/fatal.h"
#include "common/base/machine.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static int count_of(size_t elements)
{
    return elements <= INT_MAX ? (int)elements : -1;
}

/* What all meta tensors share. Asked for again only when it must be larger: a tensor that is
 * made is the most frequent event on this device. Tensors that are made one
 * after the other begin at different places: MPI refuses one buffer for what goes in and what comes out. */
static void *folded_memory(size_t bytes)
{
    enum { PLACES = 64, APART = 64 };
    static unsigned char *memory;
    static size_t size;
    static unsigned made;
    const size_t most = TENSOR_META_BYTES;
    const size_t needed = (bytes < most ? bytes : most) + (size_t)PLACES * APART;
    if (memory == NULL || needed > size) {
        memory = machine_folded_memory(needed);
        size = needed;
    }
    return memory + (size_t)(made++ % PLACES) * APART;
}

static bool activations_are_scratch;
static long references_held;

long tensor_references_held(void)
{
    return references_held;
}

/* With one reference, which is the caller's. */
static struct tensor *describe(struct tensor what)
{
    struct tensor *tensor = memory_block_new(sizeof *tensor);
    *tensor = what;
    tensor->elements = shape_elements(what.shape);
    tensor->count = count_of(tensor->elements);
    tensor->references = 1;
    references_held++;
    return tensor;
}

struct tensor *tensor_borrow(enum memory_kind kind, enum device device, struct shape shape,
                             float *data)
{
    if (device == DEVICE_META)
        data = folded_memory(shape_elements(shape) * sizeof *data);
    return describe((struct tensor){.data = data,
                                    .shape = shape,
                                    .dtype = DTYPE_FLOAT32,
                                    .device = device,
                                    .kind = kind,
                                    .borrowed = true});
}

struct tensor *tensor_new(enum memory_kind kind, enum dtype dtype, enum device device,
                          struct shape shape)
{
    if (kind == MEMORY_HOST && device == DEVICE_CUDA)
        device = DEVICE_CPU;
    size_t elements = device == DEVICE_META ? shape_elements(shape) : (size_t)shape_count(shape);
    size_t bytes = elements * dtype_bytes(dtype);
    void *data = NULL;
    const bool scratch = kind == MEMORY_ACTIVATION && activations_are_scratch;
    if (scratch)
        kind = MEMORY_WORKSPACE;
    if (device == DEVICE_META) {
        data = folded_memory(bytes);
        memory_account(kind, (int64_t)bytes);
    } else {
        data = memory_allocate_on(device, kind, bytes);
    }
    return describe((struct tensor){.data = data,
                                    .shape = shape,
                                    .dtype = dtype,
                                    .device = device,
                                    .kind = kind,
                                    .scratch = scratch});
}

bool tensor_activations_are_scratch(bool wanted)
{
    const bool before = activations_are_scratch;
    activations_are_scratch = wanted;
    return before;
}

struct tensor *tensor_view(struct tensor *base, size_t first, struct shape shape)
{
    size_t elements = shape_elements(shape);
    if (first > base->elements || elements > base->elements - first) {
        char wanted[SHAPE_TEXT_SIZE], there[SHAPE_TEXT_SIZE];
        fatal("a view %s from element %zu does not fit into a tensor %s", shape_text(shape, wanted),
              first, shape_text(base->shape, there));
    }
    tensor_must_live(base, "this tensor", __func__);
    base->references++; /* by which the view holds it */
    struct tensor what = *base;
    if (base->device != DEVICE_META)
        what.data = (char *)base->data + first * dtype_bytes(base->dtype);
    what.shape = shape;
    what.base = base;
    what.held = NULL;
    what.narrow = NULL;
    what.scratch = false;
    return describe(what);
}

struct tensor *tensor_retain(struct tensor *tensor)
{
    tensor_must_live(tensor, "this tensor", __func__);
    tensor->references++;
    references_held++;
    return tensor;
}

/* What describes a freed tensor is not used again at once: so that who frees or uses the tensor once
 * more is told so, and does not meet somebody else's. */
static void lay_to_rest(struct tensor *tensor)
{
    enum { RESTING = 256 };
    static struct tensor *resting[RESTING];
    static unsigned next;
    /* From the first one on as many are given back as are laid down. */
    for (int i = 0; resting[0] == NULL && i < RESTING; i++)
        resting[RESTING - 1 - i] = memory_block_new(sizeof *tensor);
    memory_block_free(resting[next], sizeof *tensor);
    resting[next] = tensor;
    next = (next + 1) % RESTING;
}

/* One reference less, which was counted among those that are held, or is no longer. */
static void release(struct tensor *tensor)
{
    while (tensor != NULL) {
        tensor_must_live(tensor, "this tensor", "tensor_free");
        tensor_note_release(tensor);
        if (--tensor->references > 0)
            return;
        struct tensor *base = tensor->base;
        release(tensor->narrow);
        tensor_take_over(tensor);
        if (base == NULL && !tensor->borrowed) {
            if (tensor->device == DEVICE_META)
                memory_account(tensor->kind, -(int64_t)tensor_bytes(tensor));
            else
                memory_release_on(tensor->device, tensor->kind, tensor->data, tensor_bytes(tensor));
        }
        lay_to_rest(tensor);
        tensor = base;
    }
}

void tensor_free(struct tensor *tensor)
{
    references_held -= tensor != NULL;
    release(tensor);
}

void tensor_bind(struct tensor *tensor)
{
    references_held -= tensor != NULL;
}

void tensor_unbind(struct tensor *tensor)
{
    references_held += tensor != NULL;
}

bool tensor_is_shared(const struct tensor *tensor)
{
    return tensor->references > 1 || tensor->base != NULL;
}

size_t tensor_bytes(const struct tensor *tensor)
{
    return tensor->elements * dtype_bytes(tensor->dtype);
}

void tensor_need_numbers(const struct tensor *tensor, const char *purpose)
{
    char text[SHAPE_TEXT_SIZE];
    if (tensor->device == DEVICE_META)
        fatal("a tensor %s on the meta device can't %s: it has a shape and no numbers. Run with "
              "--device cpu",
              shape_text(tensor->shape, text), purpose);
}

int tensor_rows(const struct tensor *tensor)
{
    return (int)(tensor->elements / (size_t)shape_last(tensor->shape));
}

static void fill(struct tensor *tensor, int byte)
{
    tensor_forget_narrow(tensor);
    if (tensor->device == DEVICE_CUDA)
        device_fill(tensor->data, byte, tensor_bytes(tensor));
    else if (tensor->device == DEVICE_CPU)
        memset(tensor->data, byte, tensor_bytes(tensor));
}

void tensor_zero(struct tensor *tensor)
{
    fill(tensor, 0);
}

void tensor_spoil(struct tensor *tensor)
{
    fill(tensor, 0xff);
}

/* Between any two devices but the meta device. */
static void copy_numbers(enum device to, void *target, enum device from, const void *source,
                         size_t bytes)
{
    if (to == DEVICE_CUDA && from == DEVICE_CUDA)
        device_copy_within(target, source, bytes);
    else if (to == DEVICE_CUDA)
        device_copy_in(target, source, bytes);
    else if (to == DEVICE_CPU && from == DEVICE_CUDA)
        device_copy_out(target, source, bytes);
    else if (to == DEVICE_CPU && bytes > 0)
        memmove(target, source, bytes);
}

void tensor_copy(struct tensor *to, const struct tensor *from)
{
    if (to->elements != from->elements || to->dtype != from->dtype) {
        char target[SHAPE_TEXT_SIZE], source[SHAPE_TEXT_SIZE];
        fatal("%s %s can't be copied into %s %s", dtype_name(from->dtype),
              shape_text(from->shape, source), dtype_name(to->dtype),
              shape_text(to->shape, target));
    }
    tensor_forget_narrow(to);
    if (to->device == DEVICE_META)
        return;
    tensor_need_numbers(from, "be copied to another device");
    copy_numbers(to->device, to->data, from->device, from->data, tensor_bytes(to));
}

static void *element(const struct tensor *tensor, size_t first, size_t count)
{
    char text[SHAPE_TEXT_SIZE];
    if (first > tensor->elements || count > tensor->elements - first)
        fatal("%zu elements from element %zu on are not in a tensor %s", count, first,
              shape_text(tensor->shape, text));
    return (char *)tensor->data +
           (tensor->device == DEVICE_META ? 0 : first * dtype_bytes(tensor->dtype));
}

void tensor_put(struct tensor *tensor, size_t first, size_t count, const void *numbers)
{
    void *to = element(tensor, first, count);
    tensor_forget_narrow(tensor);
    copy_numbers(tensor->device, to, DEVICE_CPU, numbers, count * dtype_bytes(tensor->dtype));
}

void tensor_get(const struct tensor *tensor, size_t first, size_t count, void *numbers)
{
    const void *from = element(tensor, first, count);
    if (tensor->device != DEVICE_META)
        copy_numbers(DEVICE_CPU, numbers, tensor->device, from, count * dtype_bytes(tensor->dtype));
}

struct tensor *tensor_host_room(struct tensor *tensor)
{
    tensor_need_numbers(tensor, "be filled");
    return tensor->device == DEVICE_CPU
               ? tensor_retain(tensor)
               : tensor_new(MEMORY_WORKSPACE, tensor->dtype, DEVICE_CPU, tensor->shape);
}

void tensor_bring(struct tensor *tensor, struct tensor *room)
{
    if (room == tensor)
        tensor_forget_narrow(tensor);
    else
        tensor_copy(tensor, room);
    tensor_free(room);
}

struct tensor *tensor_on_host(const struct tensor *tensor, const char *purpose)
{
    tensor_need_numbers(tensor, purpose);
    if (tensor->device == DEVICE_CPU)
        return tensor_retain((struct tensor *)(uintptr_t)tensor);
    struct tensor *copy = tensor_new(MEMORY_WORKSPACE, tensor->dtype, DEVICE_CPU, tensor->shape);
    tensor_copy(copy, tensor);
    return copy;
}
