/*
 * What student files may call: where numbers lie, and arithmetic with numbers of any dtype. See ../memory.h.
 */
#include "assignments/memory/memory.h"
#include "common/base/device_numbers.h"
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
        device_copy(to, from, count * dtype_bytes(dtype));
}

/* Where the result lies; what it is made of may have to come there. */
void widen_numbers(enum dtype from, size_t count, const void *numbers, float *to)
{
    const enum device device = device_of(to);
    const size_t bytes = count * dtype_bytes(from);
    if (from == DTYPE_FLOAT32) {
        copy_numbers(from, count, numbers, to);
    } else if (count > 0 && !nobody_looks(to) && !nobody_looks(numbers)) {
        const void *lent = device_lend(device, numbers, bytes);
        kernels_for(device)->widen(from, count, lent, to);
        device_return(device, numbers, lent, bytes);
    }
}

void round_numbers(enum dtype to, size_t count, const float *numbers, void *rounded)
{
    const enum device device = device_of(rounded);
    const size_t bytes = count * sizeof *numbers;
    if (to == DTYPE_FLOAT32) {
        copy_numbers(to, count, numbers, rounded);
    } else if (count > 0 && !nobody_looks(rounded) && !nobody_looks(numbers)) {
        const float *lent = device_lend(device, numbers, bytes);
        kernels_for(device)->narrow(to, count, lent, rounded);
        device_return(device, numbers, lent, bytes);
    }
}

/* The processor's cache holds a block; a GPU has more to do at once. */
enum { BLOCK = 4096, GPU_BLOCK = 1 << 22 };

static size_t block_length(enum device device, size_t count)
{
    const size_t most = device == DEVICE_CUDA ? GPU_BLOCK : BLOCK;
    return count < most ? count : most;
}

/* Room for a block where the processor can't work, else this. */
static float *block_new(enum device device, size_t length, float *here)
{
    return device == DEVICE_CPU
               ? here
               : memory_allocate_on(device, MEMORY_WORKSPACE, length * sizeof(float));
}

static void block_free(enum device device, float *block, size_t length)
{
    if (device != DEVICE_CPU)
        memory_release_on(device, MEMORY_WORKSPACE, block, length * sizeof(float));
}

void add_numbers(enum dtype dtype, size_t count, void *sum, const void *more)
{
    float here[BLOCK], there[BLOCK];
    flops_charge((double)count);
    if (count == 0 || nobody_looks(sum))
        return;
    const enum device device = device_of(sum);
    const size_t most = block_length(device, count);
    float *block = block_new(device, most, here), *other = block_new(device, most, there);
    for (size_t i = 0; i < count; i += most) {
        const size_t length = block_length(device, count - i);
        void *to = numbers_at(sum, dtype, i);
        widen_numbers(dtype, length, to, block);
        widen_numbers(dtype, length, numbers_at(more, dtype, i), other);
        kernels_for(device)->add(length, other, block);
        round_numbers(dtype, length, block, to);
    }
    block_free(device, other, most);
    block_free(device, block, most);
}

void scale_numbers(enum dtype dtype, size_t count, void *numbers, double factor)
{
    float here[BLOCK];
    flops_charge((double)count);
    if (count == 0 || nobody_looks(numbers))
        return;
    const enum device device = device_of(numbers);
    const size_t most = block_length(device, count);
    float *block = block_new(device, most, here);
    for (size_t i = 0; i < count; i += most) {
        const size_t length = block_length(device, count - i);
        void *to = numbers_at(numbers, dtype, i);
        widen_numbers(dtype, length, to, block);
        kernels_for(device)->scale(length, (float)factor, block);
        round_numbers(dtype, length, block, to);
    }
    block_free(device, block, most);
}

/* In one order, and by the processor: where its parts are added up, the sum has to be the same on every device. */
double sum_of_squares(enum dtype dtype, size_t count, const void *numbers)
{
    float block[BLOCK];
    double sum = 0;
    flops_charge(2.0 * (double)count);
    if (count == 0 || nobody_looks(numbers))
        return 0;
    const size_t bytes = count * dtype_bytes(dtype);
    const void *here = device_lend(DEVICE_CPU, numbers, bytes);
    for (size_t i = 0; i < count; i += BLOCK) {
        const size_t length = block_length(DEVICE_CPU, count - i);
        widen_numbers(dtype, length, numbers_at(here, dtype, i), block);
        for (size_t k = 0; k < length; k++)
            sum += (double)block[k] * (double)block[k];
    }
    device_return(DEVICE_CPU, numbers, here, bytes);
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
