/*
 * What student files may call: where numbers lie, and arithmetic with numbers of any dtype. See ../memory.h.
 */
#include "assignments/memory/memory.h"
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/kernels/kernels.h"

#include <math.h>
#include <string.h>

/* ---- where numbers lie ------------------------------------------------------------------------------ */

/* Of a large tensor on the meta device only the front has addresses (TENSOR_META_BYTES): what lies behind that is taken to be
 * there, too, far enough from the end for the longest message. */
void *numbers_at(const void *numbers, enum dtype dtype, size_t elements)
{
    const size_t bytes = elements * dtype_bytes(dtype), half = TENSOR_META_BYTES / 2;
    const size_t place = bytes >= half && machine_is_folded(numbers) ? bytes % half : bytes;
    return (char *)(uintptr_t)numbers + place;
}

void *own_gradients_of(struct zero *zero, const struct unit *unit)
{
    if (zero->zero_stage >= 2 && zero->own_gradients == NULL)
        fatal("zero->own_gradients is NULL: zero2_begin makes it");
    if (zero->own_gradients != NULL)
        return numbers_at(zero->own_gradients->data, zero->gradients, unit->place);
    return numbers_at(stage_gradients(zero->stage)->data, zero->gradients, unit->own_begin);
}

void *own_parameters_of(struct zero *zero, const struct unit *unit)
{
    if (zero->zero_stage == 3 && zero->own_parameters == NULL)
        fatal("zero->own_parameters is NULL: zero3_begin makes it, before the masters, which begin "
              "as "
              "those parameters");
    if (zero->own_parameters != NULL)
        return numbers_at(zero->own_parameters->data, zero->precision, unit->place);
    return numbers_at(stage_parameters(zero->stage)->data, zero->precision, unit->own_begin);
}

const struct unit *unit_of_layer(const struct zero *zero, int layer)
{
    const struct unit *found = NULL;
    size_t begin, end;
    stage_layer_range(zero->stage, layer, &begin, &end);
    for (int u = 0; u < zero->units && begin < end; u++)
        if (zero->unit[u].first_layer <= layer &&
            layer < zero->unit[u].first_layer + zero->unit[u].layers)
            found = &zero->unit[u];
    return found;
}

void initial_parameters(struct zero *zero, size_t begin, size_t count, void *to)
{
    stage_initial_parameters(zero->stage, begin, count, to);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

MPI_Datatype message_type(enum dtype dtype)
{
    return dtype == DTYPE_BFLOAT16  ? mpi_bfloat16()
           : dtype == DTYPE_FLOAT16 ? mpi_float16()
                                    : MPI_FLOAT;
}

MPI_Op message_sum(enum dtype dtype)
{
    return dtype == DTYPE_BFLOAT16  ? mpi_bfloat16_sum()
           : dtype == DTYPE_FLOAT16 ? mpi_float16_sum()
                                    : MPI_SUM;
}

/* ---- arithmetic ------------------------------------------------------------------------------------------ */

/* On the meta device there are no numbers. */
static bool nobody_looks(const void *numbers)
{
    return machine_is_folded(numbers);
}

void copy_numbers(enum dtype dtype, size_t count, const void *from, void *to)
{
    if (count > 0 && !nobody_looks(to))
        memmove(to, from, count * dtype_bytes(dtype));
}

void widen_numbers(enum dtype from, size_t count, const void *numbers, float *to)
{
    if (from == DTYPE_FLOAT32)
        copy_numbers(from, count, numbers, to);
    else if (count > 0 && !nobody_looks(to) && !nobody_looks(numbers))
        kernels_for(DEVICE_CPU)->widen(from, count, numbers, to);
}

void round_numbers(enum dtype to, size_t count, const float *numbers, void *rounded)
{
    if (to == DTYPE_FLOAT32)
        copy_numbers(to, count, numbers, rounded);
    else if (count > 0 && !nobody_looks(rounded) && !nobody_looks(numbers))
        kernels_for(DEVICE_CPU)->narrow(to, count, numbers, rounded);
}

enum { BLOCK = 4096 };

static size_t block_length(size_t count, size_t i)
{
    return count - i < BLOCK ? count - i : BLOCK;
}

void add_numbers(enum dtype dtype, size_t count, void *sum, const void *more)
{
    float block[BLOCK], other[BLOCK];
    const struct kernels *kernels = kernels_for(DEVICE_CPU);
    flops_charge((double)count);
    for (size_t i = 0; i < count && !nobody_looks(sum); i += BLOCK) {
        const size_t length = block_length(count, i);
        void *to = numbers_at(sum, dtype, i);
        widen_numbers(dtype, length, to, block);
        widen_numbers(dtype, length, numbers_at(more, dtype, i), other);
        kernels->add(length, other, block);
        round_numbers(dtype, length, block, to);
    }
}

void scale_numbers(enum dtype dtype, size_t count, void *numbers, double factor)
{
    float block[BLOCK];
    const struct kernels *kernels = kernels_for(DEVICE_CPU);
    flops_charge((double)count);
    for (size_t i = 0; i < count && !nobody_looks(numbers); i += BLOCK) {
        const size_t length = block_length(count, i);
        void *to = numbers_at(numbers, dtype, i);
        widen_numbers(dtype, length, to, block);
        kernels->scale(length, (float)factor, block);
        round_numbers(dtype, length, block, to);
    }
}

double sum_of_squares(enum dtype dtype, size_t count, const void *numbers)
{
    float block[BLOCK];
    double sum = 0;
    flops_charge(2.0 * (double)count);
    for (size_t i = 0; i < count && !nobody_looks(numbers); i += BLOCK) {
        const size_t length = block_length(count, i);
        widen_numbers(dtype, length, numbers_at(numbers, dtype, i), block);
        for (size_t k = 0; k < length; k++)
            sum += (double)block[k] * (double)block[k];
    }
    return sum;
}

/* ---- the end of a step ------------------------------------------------------------------------------------- */

static void step_with_all(struct zero *zero, double factor)
{
    if (zero->most_norm > 0)
        factor = clip_factor(zero, factor);
    optimizer_step_begin(zero->optimizer, stage_index(zero->stage));
    if (zero->offloads)
        offload_step(zero, factor);
    if (zero->offloads_parameters)
        offload_parameters_step(zero, factor);
    for (int u = 0; u < zero->units && !zero->offloads && !zero->offloads_parameters; u++) {
        const struct unit *unit = &zero->unit[u];
        step_own_parameters(zero, unit, own_gradients_of(zero, unit), own_parameters_of(zero, unit),
                            factor);
    }
    optimizer_step_end(zero->optimizer);
}

/* A step that is not taken leaves gradients on their way to the host. */
static void let_arrive(struct zero *zero)
{
    for (int u = 0; u < zero->units && (zero->offloads || zero->offloads_parameters); u++) {
        transfer_wait(zero->transfer[u]);
        zero->transfer[u] = NULL;
    }
}

void update_own_parameters(struct zero *zero)
{
    const bool scales = zero->precision == DTYPE_FLOAT16;
    const bool finite = !scales || gradients_are_finite(zero);
    if (finite)
        step_with_all(zero, 1 / zero->loss_scale);
    else
        let_arrive(zero);
    if (scales)
        update_loss_scale(zero, finite);
}
