/*
 * The GPU, as the rest of the kit sees it: memory that the processor can't
 * read, and a table of kernels that work on it.
 *
 * What knows CUDA stands in common/kernels/cuda and is built into a library of
 * its own, which is loaded when a program is told to use it. So a program
 * needs no CUDA to be built or started, and the same program runs on the
 * processor, on a GPU, and on the emulated GPU:
 *
 *     build/devices/cuda.so       compiled by nvcc, where there is one
 *     build/devices/emulated.so   the same .cu files, compiled by the C++ compiler
 *                                 for the processor (kernels/cuda/emulated)
 *
 * Tensors on either have device DEVICE_CUDA. A program uses one of the two.
 *
 * Kernels and copies run one after the other, in the order in which they were
 * asked for, behind the program's back: a function returns when its work is
 * ordered, not when it is done. Only device_copy_out, device_fetch and
 * device_wait come back when everything before them is done.
 *
 * So a training waits only where the processor needs a number:
 *
 *     a loss           once per micro-batch (batch_loss), and for its labels, which are looked at before
 *     tokens           which an embedding checks in its forward
 *     sums             of all numbers of a tensor (kernels.h), for clipping, say
 *     messages         before MPI sends what is on the GPU
 *     transfers        to the host's memory (transfer.h), at their end
 *     what is stored   evidence, checkpoints, fingerprints in the log
 *     times            with an open log, --report or --against the begin and the end of each computation
 *                      (log_time_computations)
 *     students' layers with an open log: have they written where they must not?
 *     16 bits          behind a student's layer, likewise
 *     the end of a run
 */
#ifndef COMMON_BASE_DEVICE_H
#define COMMON_BASE_DEVICE_H

#include "common/base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Loads a back end, "cuda" or "emulated", and takes GPU number `rank_on_host` mod the number of GPUs. Fatal, with what
 * to do, where it is not built, there is no GPU or no driver for it, or another one was loaded before. Calling it
 * again with the same name does nothing. */
void device_open(const char *name, int rank_on_host);
/* What to do where the library of that back end is not built: words for the end of a sentence. */
const char *device_how_to_get(const char *name);
/* Has one been loaded? */
bool device_is_open(void);
/* "cuda" or "emulated"; NULL: none is loaded. */
const char *device_back_end(void);
/* What it calls itself: "NVIDIA H100 80GB HBM3", or "emulated". */
const char *device_name(void);
/* From now on matrix products of float32 are made in TF32: their factors are rounded to 10 bits behind the point (and
 * the sums are float32), which GPUs since 2020 do several times as fast. */
void device_use_tf32(void);
/* Where the GPU is in this computer: the same number for all processes that have it. */
uint64_t device_place(void);

/* Is this an address in a block of the GPU's memory (device_block_new)? False where none is loaded. It asks nobody, so
 * handlers of signals may, too. */
bool device_owns(const void *address);

/* ---- copies, between memory that anybody may read and the GPU's ---------------------------------- */

/* The host's memory may be used again at once. */
void device_copy_in(void *to_device, const void *from_host, size_t bytes);
/* Waits for what was asked for before, and for the copy. */
void device_copy_out(void *to_host, const void *from_device, size_t bytes);
/* Within the GPU; the two may overlap. */
void device_copy_within(void *to, const void *from, size_t bytes);
/* Every byte becomes this one. */
void device_fill(void *to, int byte, size_t bytes);
/* Waits until everything that was asked for is done. */
void device_wait(void);

/* How often so far: kernels and cuBLAS's products were launched, and the host waited for the GPU. 0 where none is
 * loaded. */
uint64_t device_launches(void);
uint64_t device_waits(void);

/* ---- messages: copies beside the computation ----------------------------------------------------- */

/* A moment: everything that was asked for so far. */
typedef uint64_t device_moment;
device_moment device_now(void);
/* Memory of the host that the GPU copies from and to by itself (pinned). Not accounted: it holds copies
 * of what is. Given back, it is used again when the copies that read it are done. */
void *device_staging_new(size_t bytes);
void device_staging_free(void *block, size_t bytes);
/* To such memory; comes back when it is there. Waits for what was asked for before. */
void device_fetch(void *to_staging, const void *from_device, size_t bytes);
/* From such memory: begins when `after` has passed, and what is asked for from now on waits for it. */
void device_bring(void *to_device, const void *from_staging, size_t bytes, device_moment after);

/* ---- for memory.c and kernels.h ------------------------------------------------------------------- */

/* NULL: there is none left. */
void *device_block_new(size_t bytes);
void device_block_free(void *block);
/* Bytes of the GPU's memory: all of it, and what nobody has. */
void device_memory(size_t *all, size_t *nobodys);
struct kernels;
const struct kernels *device_kernels(void);

#endif
