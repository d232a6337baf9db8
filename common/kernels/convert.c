/* Tensors of 16 bits from float32 and back; see convert.h. */
#include "common/kernels/convert.h"

#include "common/base/fatal.h"
#include "common/kernels/kernels.h"

static void refuse(const struct tensor *to, const struct tensor *from, const char *why)
{
    char target[SHAPE_TEXT_SIZE], source[SHAPE_TEXT_SIZE];
    fatal("%s %s can't be converted into %s %s: %s", dtype_name(from->dtype),
          shape_text(from->shape, source), dtype_name(to->dtype), shape_text(to->shape, target),
          why);
}

void tensor_convert(struct tensor *to, const struct tensor *from)
{
    if (to->elements != from->elements)
        refuse(to, from, "they have not as many elements");
    if (to->device != from->device)
        refuse(to, from, "they are on different devices");
    if (to->dtype == from->dtype)
        tensor_copy(to, from);
    else if (to->dtype == DTYPE_FLOAT32 && dtype_is_sixteen_bits(from->dtype))
        kernels_for(to->device)->widen(from->dtype, from->elements, from->data, tensor_floats(to));
    else if (from->dtype == DTYPE_FLOAT32 && dtype_is_sixteen_bits(to->dtype))
        kernels_for(to->device)->narrow(to->dtype, from->elements, tensor_floats(from), to->data);
    else
        refuse(to, from, "conversions are from float32 to 16 bits and back");
}

struct tensor *tensor_widened(const struct tensor *tensor, enum memory_kind kind)
{
    struct tensor *wide = tensor_new(kind, DTYPE_FLOAT32, tensor->device, tensor->shape);
    tensor_convert(wide, tensor);
    return wide;
}

struct tensor *tensor_narrowed(const struct tensor *tensor, enum dtype dtype, enum memory_kind kind)
{
    struct tensor *narrow = tensor_new(kind, dtype, tensor->device, tensor->shape);
    tensor_convert(narrow, tensor);
    return narrow;
}
