/*
 * Memory, accounted exactly by kind.
 *
 * Every tensor's bytes are counted under the kind of thing that it holds: live
 * now, and the most that was ever live. Freed blocks are kept and used again,
 * so that a training loop, once warm, asks the system for nothing. (Under
 * AddressSanitizer every block goes back at once, so that misuse is found.)
 * One thread per process allocates.
 */
#ifndef COMMON_BASE_MEMORY_H
#define COMMON_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memory_kind {
    MEMORY_PARAMETER,
    MEMORY_GRADIENT,
    MEMORY_ACTIVATION,
    MEMORY_OPTIMIZER, /* optimizer state */
    MEMORY_WORKSPACE, /* scratch space inside kernels, batches, data sets */
    MEMORY_HOST,      /* in the host's memory, whatever it holds: what was moved off the device */
    MEMORY_KINDS
};
/* The kinds in front of it are in the device's memory: what a device must hold is their sum. */
enum { MEMORY_DEVICE_KINDS = MEMORY_HOST };

const char *memory_kind_name(enum memory_kind kind);

/* Where tensors are: in memory that the processor reads, in a GPU's (device.h), or nowhere (tensor.h). */
enum device { DEVICE_CPU, DEVICE_CUDA, DEVICE_META };

/* The same in the memory of a device, the CPU's or the GPU's. */
void *memory_allocate_on(enum device device, enum memory_kind kind, size_t bytes);
void memory_release_on(enum device device, enum memory_kind kind, void *block, size_t bytes);
/* 64-byte aligned, contents undefined; fatal when there is none left. bytes may be 0. */
void *memory_allocate(enum memory_kind kind, size_t bytes);
/* block as it came from memory_allocate with the same kind and bytes; NULL is allowed. */
void memory_release(enum memory_kind kind, void *block, size_t bytes);

/* From now on a block holds NaN when it is given out and when it is given back, so that what
 * was never filled, or freed too early, can't be right by luck. Off at first: it costs time. */
void memory_spoil(bool wanted);
/* The same of memory that is about to be filled by somebody else, if it is wanted. */
void memory_spoil_block(void *block, size_t bytes);

/* Blocks that no kind is charged for, kept and used again in the same way: for
 * descriptions (of tensors, of what a layer saved), not for what they describe. */
void *memory_block_new(size_t bytes);
void memory_block_free(void *block, size_t bytes);

/* For devices without data: account for bytes that are not there. */
void memory_account(enum memory_kind kind, int64_t bytes);

/* Called after every change of live bytes, from now on; NULL: by nobody. It may not allocate. */
void memory_set_observer(void (*observer)(enum memory_kind kind, int64_t bytes));

size_t memory_live(enum memory_kind kind);
size_t memory_live_on_device(void); /* of all kinds but MEMORY_HOST */
size_t memory_peak(enum memory_kind kind);
void memory_reset_peak(void);       /* the peaks become what is live now */
size_t memory_from_system(void);    /* bytes ever asked of the system: constant once warm */
void memory_return_to_system(void); /* frees the kept blocks (tests, end of the program) */

#endif
