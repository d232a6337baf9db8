/*
 * Losses (loss.h). Sums are kept in double precision: they are what runs are
 * compared by. Their few operations are not charged: an element takes two
 * exponentials, where a layer's took a row of products.
 */
#include "common/training/loss.h"
#include "common/base/fatal.h"
#include "common/kernels/kernels.h"

struct extent {
    int rows; /* samples, or all tokens of all samples */
    int classes;
};

static struct extent check_arguments(enum loss_kind kind, const struct tensor *outputs,
                                     const struct tensor *labels)
{
    char text[SHAPE_TEXT_SIZE];
    if (outputs == NULL || outputs->shape.dimensions < 2 || outputs->dtype != DTYPE_FLOAT32)
        fatal("the outputs must be float32 (samples, classes) or (samples, tokens, classes), not "
              "%s %s",
              outputs == NULL ? "NULL" : dtype_name(outputs->dtype),
              outputs == NULL ? "" : shape_text(outputs->shape, text));
    struct extent extent = {tensor_rows(outputs), shape_last(outputs->shape)};
    if (extent.rows == 0 || extent.classes == 0)
        fatal("no loss of outputs of shape %s", shape_text(outputs->shape, text));
    if (kind == LOSS_MEAN || outputs->device == DEVICE_META)
        return extent;

    if (labels == NULL || labels->dtype != DTYPE_INT32 || labels->count != extent.rows)
        fatal("cross-entropy needs int32 labels (%d), not %s %s", extent.rows,
              labels == NULL ? "NULL" : dtype_name(labels->dtype),
              labels == NULL ? "" : shape_text(labels->shape, text));
    for (int i = 0; i < extent.rows; i++) {
        int32_t label = tensor_integers(labels)[i];
        if (label < 0 || label >= extent.classes)
            fatal("label %d, number %d, is not in 0 … %d: were the labels received whole, as "
                  "MPI_INT32_T, before the loss?",
                  label, i, extent.classes - 1);
    }
    return extent;
}

/* On the meta device nobody has labels. */
static const int32_t *numbers_of(const struct tensor *labels)
{
    return labels == NULL ? NULL : tensor_integers(labels);
}

double loss_forward(enum loss_kind kind, const struct tensor *outputs, const struct tensor *labels,
                    int *correct)
{
    struct extent extent = check_arguments(kind, outputs, labels);
    *correct = 0;
    if (kind == LOSS_MEAN) {
        double sum = 0;
        for (int i = 0; i < outputs->count && outputs->device != DEVICE_META; i++)
            sum += (double)tensor_floats(outputs)[i];
        return sum / outputs->count;
    }
    return kernels_for(outputs->device)
               ->cross_entropy(extent.rows, extent.classes, tensor_floats(outputs),
                               numbers_of(labels), correct) /
           extent.rows;
}

struct tensor *loss_backward(enum loss_kind kind, const struct tensor *outputs,
                             const struct tensor *labels, float scale)
{
    struct extent extent = check_arguments(kind, outputs, labels);
    struct tensor *gradient =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, outputs->device, outputs->shape);
    float *to = tensor_floats(gradient);
    if (kind == LOSS_MEAN) {
        for (int i = 0; i < outputs->count && outputs->device != DEVICE_META; i++)
            to[i] = scale / (float)outputs->count;
        return gradient;
    }
    kernels_for(outputs->device)
        ->cross_entropy_backward(extent.rows, extent.classes, tensor_floats(outputs),
                                 numbers_of(labels), scale / (float)extent.rows, to);
    return gradient;
}
