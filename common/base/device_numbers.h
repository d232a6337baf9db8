/*
 * Numbers by their address alone, as MPI and students' functions have them, wherever they lie: in memory that the
 * processor reads, or in the GPU's (device.h).
 */
#ifndef COMMON_BASE_DEVICE_NUMBERS_H
#define COMMON_BASE_DEVICE_NUMBERS_H

#include "common/base/memory.h"

#include <stddef.h>

/* Where they lie: DEVICE_CUDA, or DEVICE_CPU for all others. */
enum device device_of(const void *numbers);
/* For messages: "", or where numbers lie that belong elsewhere: "; it lies in the memory of the processor". */
const char *device_misplaced(enum device found, enum device expected);
/* From anywhere to anywhere; on the same device the two may overlap. */
void device_copy(void *to, const void *from, size_t bytes);

/* The same numbers on this device, to be read: themselves, or a copy that counts as workspace. device_return gives that
 * back, by the same arguments. */
const void *device_lend(enum device device, const void *numbers, size_t bytes);
void device_return(enum device device, const void *numbers, const void *lent, size_t bytes);

#endif
