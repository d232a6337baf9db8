/*
 * What the files of the back end share: opening.cu, back_end.cu and staging.cu.
 */
#ifndef COMMON_KERNELS_CUDA_BACK_END_H
#define COMMON_KERNELS_CUDA_BACK_END_H

#include "common/kernels/cuda/cuda.h"

/* opening.cu: takes a GPU and makes the two streams and cuBLAS's handle. NULL, or why it can't be used, and what
 * to do. */
const char *cuda_open(int rank_on_host);
/* What it calls itself. */
const char *cuda_name(void);
/* Its address on this computer's bus. */
uint64_t cuda_place(void);
/* The stream of copies of messages, beside the kernels. */
extern cudaStream_t cuda_copies;

/* staging.cu: device.h says what each does. */
uint64_t cuda_now(void);
void *cuda_staging_new(size_t bytes);
void cuda_staging_free(void *block, size_t bytes);
void cuda_copy_in(void *to_device, const void *from_host, size_t bytes);
void cuda_bring(void *to_device, const void *from_staging, size_t bytes, uint64_t after);

#endif
