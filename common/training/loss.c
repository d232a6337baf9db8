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

static bool looks_at_labels(enum loss_kind kind, const struct tensor *outputs)
{
    return kind != LOSS_MEAN && outputs->device != DEVICE_META;
}

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
    if (!looks_at_labels(kind, outputs))
        return extent;
    if (labels == NULL || labels->dtype != DTYPE_INT32 || labels->count != extent.rows)
        fatal("cross-entropy needs int32 labels (%d), not %s %s", extent.rows,
              labels == NULL ? "NULL" : dtype_name(labels->dtype),
              labels == NULL ? "" : shape_text(labels->shape, text));
    return extent;
}

/* Fatal for one that is no class. */
static void check_labels(struct extent extent, const struct tensor *labels)
{
    struct tensor *numbers = tensor_on_host(labels, "be looked at");
    for (int i = 0; i < extent.rows; i++) {
        const int32_t label = tensor_integers(numbers)[i];
        if (label < 0 || label >= extent.classes)
            fatal("label %d, number %d, is not in 0 … %d: were the labels received whole, as "
                  "MPI_INT32_T, before the loss?",
                  label, i, extent.classes - 1);
    }
    tensor_free(numbers);
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
    const struct kernels *kernels = kernels_for(outputs->device);
    *correct = 0;
    if (looks_at_labels(kind, outputs))
        check_labels(extent, labels);
    if (kind == LOSS_MEAN)
        return kernels->sum(outputs->elements, tensor_floats(outputs)) / outputs->count;
    return kernels->cross_entropy(extent.rows, extent.classes, tensor_floats(outputs),
                                  numbers_of(labels), correct) /
           extent.rows;
}

static void fill(struct tensor *tensor, float value)
{
    struct tensor *room = tensor_host_room(tensor);
    for (int i = 0; i < room->count; i++)
        tensor_floats(room)[i] = value;
    tensor_bring(tensor, room);
}

struct tensor *loss_backward(enum loss_kind kind, const struct tensor *outputs,
                             const struct tensor *labels, float scale)
{
    struct extent extent = check_arguments(kind, outputs, labels);
    struct tensor *gradient =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, outputs->device, outputs->shape);
    if (kind == LOSS_MEAN) {
        if (outputs->device != DEVICE_META)
            fill(gradient, scale / (float)outputs->count);
        return gradient;
    }
    /* Of labels on the GPU the forward has looked at each; here the processor would have to wait for them. */
    if (outputs->device == DEVICE_CPU)
        check_labels(extent, labels);
    kernels_for(outputs->device)
        ->cross_entropy_backward(extent.rows, extent.classes, tensor_floats(outputs),
                                 numbers_of(labels), scale / (float)extent.rows,
                                 tensor_floats(gradient));
    return gradient;
}
