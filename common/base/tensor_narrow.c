/*
 * A float32 tensor and the one of 16 bits that has its numbers (tensor.h): so that what several keep is kept
 * once; and activations that count as workspace for a while.
 */
#include "common/base/tensor.h"

#include "common/base/fatal.h"

void tensor_set_narrow(struct tensor *wide, struct tensor *narrow)
{
    if (wide->elements != narrow->elements || !dtype_is_sixteen_bits(narrow->dtype))
        fatal("%zu numbers of %s are not those of a tensor of %zu in 16 bits", narrow->elements,
              dtype_name(narrow->dtype), wide->elements);
    tensor_forget_narrow(wide);
    wide->narrow = narrow;
    tensor_bind(narrow);
}

struct tensor *tensor_narrow_of(const struct tensor *wide)
{
    return wide->narrow == NULL ? NULL : tensor_retain(wide->narrow);
}

void tensor_forget_narrow(struct tensor *wide)
{
    struct tensor *narrow = wide->narrow;
    if (narrow == NULL)
        return;
    wide->narrow = NULL;
    tensor_unbind(narrow);
    tensor_free(narrow);
}

void tensor_becomes_activation(struct tensor *tensor)
{
    if (!tensor->scratch)
        return;
    tensor->scratch = false;
    memory_account(tensor->kind, -(int64_t)tensor_bytes(tensor));
    tensor->kind = MEMORY_ACTIVATION;
    memory_account(tensor->kind, (int64_t)tensor_bytes(tensor));
}
