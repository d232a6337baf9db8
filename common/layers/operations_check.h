/*
 * What the files of operations share: are the tensors there that a function was given, on one device, and
 * of shapes that go together? If not, fatal in the name of that function.
 */
#ifndef COMMON_LAYERS_OPERATIONS_CHECK_H
#define COMMON_LAYERS_OPERATIONS_CHECK_H

#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/kernels/kernels.h"

/* What a function was given, and what the function calls it. */
struct operand {
    const char *name;
    const struct tensor *tensor;
};

static inline void check_operand(const char *function, struct operand x, const struct tensor *other)
{
    if (x.tensor == NULL)
        fatal_at(function, "%s is NULL", x.name);
    tensor_must_live(x.tensor, x.name, function);
    if (x.tensor->dtype != DTYPE_FLOAT32)
        fatal_at(function, "%s is %s; expected float32", x.name, dtype_name(x.tensor->dtype));
    if (x.tensor->shape.dimensions < 1)
        fatal_at(function, "%s has no dimensions; expected at least one", x.name);
    if (other != NULL && x.tensor->device != other->device)
        fatal_at(function, "%s is on another device than the first tensor", x.name);
}

/* All of them are there; the table of their device. */
static inline const struct kernels *check(const char *function, int count,
                                          const struct operand *operand)
{
    for (int i = 0; i < count; i++)
        check_operand(function, operand[i], i == 0 ? NULL : operand[0].tensor);
    return kernels_for(operand[0].tensor->device);
}
#define CHECK(...)                                                                                 \
    check(__func__, (int)(sizeof((struct operand[]){__VA_ARGS__}) / sizeof(struct operand)),       \
          (struct operand[]){__VA_ARGS__})

static inline void same_shape(const char *function, struct operand a, struct operand b)
{
    char first[SHAPE_TEXT_SIZE], second[SHAPE_TEXT_SIZE];
    if (!shape_equal(a.tensor->shape, b.tensor->shape))
        fatal_at(function, "%s is %s and %s is %s; expected the same shape", a.name,
                 shape_text(a.tensor->shape, first), b.name, shape_text(b.tensor->shape, second));
}

static inline int columns_of(const struct tensor *x)
{
    return shape_last(x->shape);
}

static inline int rows_of(const struct tensor *x)
{
    return columns_of(x) == 0 ? 0 : tensor_rows(x);
}

/* `few` has as many numbers as `matrix` has rows, or columns. */
static inline void one_per(const char *function, const char *what, int expected, struct operand few,
                           struct operand matrix)
{
    char first[SHAPE_TEXT_SIZE], second[SHAPE_TEXT_SIZE];
    if (few.tensor->elements != (size_t)expected)
        fatal_at(function, "%s is %s and %s is %s; expected one number for each of the %d %s of %s",
                 few.name, shape_text(few.tensor->shape, first), matrix.name,
                 shape_text(matrix.tensor->shape, second), expected, what, matrix.name);
}

static inline void charge(double each, const struct tensor *x)
{
    flops_charge(each * (double)x->elements);
}

#endif
