/* Numbers on any device: see device_numbers.h. */
#include "common/base/device_numbers.h"

#include "common/base/device.h"

#include <stdint.h>
#include <string.h>

enum device device_of(const void *numbers)
{
    return device_owns(numbers) ? DEVICE_CUDA : DEVICE_CPU;
}

const char *device_misplaced(enum device found, enum device expected)
{
    if (found == expected)
        return "";
    return found == DEVICE_CPU    ? "; it lies in the memory of the processor"
           : found == DEVICE_CUDA ? "; it lies in the memory of the GPU"
                                  : "; it is meta, and has no numbers";
}

void device_copy(void *to, const void *from, size_t bytes)
{
    const bool to_gpu = device_owns(to), from_gpu = device_owns(from);
    if (bytes == 0)
        return;
    if (to_gpu && from_gpu)
        device_copy_within(to, from, bytes);
    else if (to_gpu)
        device_copy_in(to, from, bytes);
    else if (from_gpu)
        device_copy_out(to, from, bytes);
    else
        memmove(to, from, bytes);
}

const void *device_lend(enum device device, const void *numbers, size_t bytes)
{
    if (device_of(numbers) == device)
        return numbers;
    void *copy = memory_allocate_on(device, MEMORY_WORKSPACE, bytes);
    device_copy(copy, numbers, bytes);
    return copy;
}

void device_return(enum device device, const void *numbers, const void *lent, size_t bytes)
{
    if (lent != numbers)
        memory_release_on(device, MEMORY_WORKSPACE, (void *)(uintptr_t)lent, bytes);
}
