/*
 * What student files may call besides what they bring: see data.h.
 */
#include "assignments/data/data.h"

#include "common/base/device_numbers.h"
#include "common/base/flops.h"
#include "common/files/dataset.h"
#include "common/kernels/kernels.h"

void shuffle(uint64_t seed, int number, int samples, int *order)
{
    dataset_epoch_order(seed, number, samples, order);
}

struct tensor *parameter_gradient(struct stage *stage, int layer, int i)
{
    const struct parameter *parameter = &stage_layer(stage, layer)->parameter[i];
    struct tensor *all = stage_layer_gradients(stage, layer);
    struct tensor *view = tensor_view(all, parameter->offset, parameter->shape);
    tensor_free(all);
    return view;
}

void layer_range(struct stage *stage, int layer, size_t *begin, size_t *end)
{
    stage_layer_range(stage, layer, begin, end);
    const bool last = layer == stage_first_layer(stage) + stage_layers(stage) - 1;
    if (last && stage_tied_copy(stage) != NULL)
        *end = stage_gradients(stage)->elements;
}

void scale_values(float *values, int count, float factor)
{
    if (!machine_is_folded(values))
        kernels_for(device_of(values))->scale((size_t)count, factor, values);
    flops_charge(count);
}

void add_values(float *values, const float *more, int count)
{
    const enum device device = device_of(values);
    const size_t bytes = (size_t)count * sizeof *values;
    if (count > 0 && !machine_is_folded(values)) {
        /* What came by a message may lie in the host's memory. */
        const float *lent = device_lend(device, more, bytes);
        kernels_for(device)->add((size_t)count, lent, values);
        device_return(device, more, lent, bytes);
    }
    flops_charge(count);
}
