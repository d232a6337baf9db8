/*
 * Tensors: shapes, references, views (tensor.h).
 */
#include "common/base/tensor.h"
#include "common/base/fatal.h"
#include "common/base/machine.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- shapes ---- */

size_t shape_elements(struct shape shape)
{
    char text[SHAPE_TEXT_SIZE];
    if (shape.dimensions < 0 || shape.dimensions > TENSOR_MAX_DIMENSIONS)
        fatal("a shape of %d dimensions: a tensor has 0 to %d", shape.dimensions,
              TENSOR_MAX_DIMENSIONS);
    size_t count = 1;
    bool overflow = false;
    for (int i = 0; i < shape.dimensions; i++) {
        if (shape.size[i] < 0)
            fatal("shape %s has a negative size", shape_text(shape, text));
        overflow |= __builtin_mul_overflow(count, (size_t)shape.size[i], &count);
    }
    if (overflow)
        fatal("shape %s has more elements than can be counted", shape_text(shape, text));
    return count;
}

int shape_last(struct shape shape)
{
    return shape.size[shape.dimensions - 1];
}

struct shape shape_with(struct shape shape, int dimension, int size)
{
    char text[SHAPE_TEXT_SIZE];
    if (dimension < 0 || dimension >= shape.dimensions)
        fatal("shape %s has no dimension %d: they are numbered from 0", shape_text(shape, text),
              dimension);
    shape.size[dimension] = size;
    return shape;
}

struct shape shape_with_last(struct shape shape, int size)
{
    return shape_with(shape, shape.dimensions - 1, size);
}

int shape_count(struct shape shape)
{
    size_t count = shape_elements(shape);
    if (count > INT_MAX) {
        char text[SHAPE_TEXT_SIZE];
        fatal("shape %s has more than %d elements", shape_text(shape, text), INT_MAX);
    }
    return (int)count;
}

struct shape shape_flat(size_t elements)
{
    const size_t row = 1024;
    if (elements <= INT_MAX)
        return SHAPE((int)elements);
    size_t rows = (elements - 1) / row + 1;
    if (rows > INT_MAX)
        fatal("%zu elements are more than any tensor has", elements);
    return SHAPE((int)rows, (int)row);
}

bool shape_equal(struct shape a, struct shape b)
{
    if (a.dimensions != b.dimensions)
        return false;
    for (int i = 0; i < a.dimensions; i++)
        if (a.size[i] != b.size[i])
            return false;
    return true;
}

struct shape shape_with_batch(int batch, struct shape sample)
{
    if (sample.dimensions >= TENSOR_MAX_DIMENSIONS) {
        char text[SHAPE_TEXT_SIZE];
        fatal("no room for a batch dimension before %s: a tensor has at most %d dimensions",
              shape_text(sample, text), TENSOR_MAX_DIMENSIONS);
    }
    struct shape shape = {.dimensions = sample.dimensions + 1, .size = {batch}};
    for (int i = 0; i < sample.dimensions; i++)
        shape.size[i + 1] = sample.size[i];
    return shape;
}

const char *shape_text(struct shape shape, char text[SHAPE_TEXT_SIZE])
{
    size_t used = 0;
    text[used++] = '(';
    for (int i = 0; i < shape.dimensions && i < TENSOR_MAX_DIMENSIONS; i++)
        used += (size_t)snprintf(text + used, SHAPE_TEXT_SIZE - used, i == 0 ? "%d" : ", %d",
                                 shape.size[i]);
    snprintf(text + used, SHAPE_TEXT_SIZE - used, ")");
    return text;
}

const char *shape_place_text(struct shape shape, int element, char text[SHAPE_TEXT_SIZE])
{
    struct shape place = shape;
    for (int d = shape.dimensions - 1; d >= 0; d--) {
        place.size[d] = element % shape.size[d];
        element /= shape.size[d];
    }
    return shape_text(place, text);
}

/* ---- dtypes ---- */

size_t dtype_bytes(enum dtype dtype)
{
    switch (dtype) {
    case DTYPE_FLOAT32:
    case DTYPE_INT32:
        return 4;
    case DTYPE_BFLOAT16:
        return 2;
    }
    fatal("%d is no dtype", (int)dtype);
}

const char *dtype_name(enum dtype dtype)
{
    switch (dtype) {
    case DTYPE_FLOAT32:
        return "float32";
    case DTYPE_BFLOAT16:
        return "bfloat16";
    case DTYPE_INT32:
        return "int32";
    }
    return "unknown";
}

/* ---- tensors ---- */

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
    size_t elements = device == DEVICE_CPU ? (size_t)shape_count(shape) : shape_elements(shape);
    size_t bytes = elements * dtype_bytes(dtype);
    void *data = NULL;
    if (device == DEVICE_CPU) {
        data = memory_allocate(kind, bytes);
    } else if (device == DEVICE_META) {
        data = folded_memory(bytes);
        memory_account(kind, (int64_t)bytes);
    } else {
        fatal("device %d is not built into this program: use the cpu", (int)device);
    }
    return describe((struct tensor){
        .data = data, .shape = shape, .dtype = dtype, .device = device, .kind = kind});
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

void tensor_free(struct tensor *tensor)
{
    references_held -= tensor != NULL;
    while (tensor != NULL) {
        tensor_must_live(tensor, "this tensor", __func__);
        tensor_note_release(tensor);
        if (--tensor->references > 0)
            return;
        struct tensor *base = tensor->base;
        tensor_take_over(tensor);
        if (base == NULL && !tensor->borrowed) {
            if (tensor->device == DEVICE_CPU)
                memory_release(tensor->kind, tensor->data, tensor_bytes(tensor));
            else
                memory_account(tensor->kind, -(int64_t)tensor_bytes(tensor));
        }
        lay_to_rest(tensor);
        tensor = base;
    }
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

void tensor_zero(struct tensor *tensor)
{
    if (tensor->device != DEVICE_META)
        memset(tensor->data, 0, tensor_bytes(tensor));
}

void tensor_copy(struct tensor *to, const struct tensor *from)
{
    if (to->elements != from->elements || to->dtype != from->dtype) {
        char target[SHAPE_TEXT_SIZE], source[SHAPE_TEXT_SIZE];
        fatal("%s %s can't be copied into %s %s", dtype_name(from->dtype),
              shape_text(from->shape, source), dtype_name(to->dtype),
              shape_text(to->shape, target));
    }
    if (to->device == DEVICE_META)
        return;
    tensor_need_numbers(from, "be copied to another device");
    if (to->elements > 0)
        memmove(to->data, from->data, tensor_bytes(to));
}
