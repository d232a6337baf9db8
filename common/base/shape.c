/*
 * Shapes of tensors, and what their elements are (tensor.h).
 */
#include "common/base/fatal.h"
#include "common/base/tensor.h"

#include <limits.h>
#include <stdio.h>

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
    case DTYPE_FLOAT16:
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
    case DTYPE_FLOAT16:
        return "float16";
    case DTYPE_INT32:
        return "int32";
    }
    return "unknown";
}

bool dtype_is_sixteen_bits(enum dtype dtype)
{
    return dtype == DTYPE_BFLOAT16 || dtype == DTYPE_FLOAT16;
}
