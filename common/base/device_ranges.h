/*
 * Which addresses are the GPU's: the blocks that were taken of its memory, as the kit keeps them. CUDA knows it, too,
 * but it can't be asked within a handler of a signal, nor when a kernel has failed, and that is when it matters most.
 */
#ifndef COMMON_BASE_DEVICE_RANGES_H
#define COMMON_BASE_DEVICE_RANGES_H

#include <stdbool.h>
#include <stddef.h>

/* A block that was taken; it overlaps no other. */
void device_ranges_add(const void *block, size_t bytes);
/* It is given back. Fatal if it was not taken. */
void device_ranges_remove(const void *block);
/* Is this address in one of them? Reads memory only: it may be asked anywhere. */
bool device_ranges_have(const void *address);

#endif
