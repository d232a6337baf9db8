/*
 * The seam between the kit and a library that knows CUDA (device.h): what each gives the other. Read by C and
 * by C++; nothing else of the kit is linked into such a library.
 */
#ifndef COMMON_BASE_DEVICE_BACK_END_H
#define COMMON_BASE_DEVICE_BACK_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernels;

/* What the kit gives: for the library's errors, and for scratch space inside kernels. */
struct device_services {
    /* Ends the program. where: "common/kernels/cuda/norms.cu:31", what: the call that failed, why: the reason, and
     * what to do. */
    void (*failed)(const char *where, const char *what, const char *why);
    /* Device memory accounted as MEMORY_WORKSPACE; given back before the kernel's function returns. */
    void *(*scratch_new)(size_t bytes);
    void (*scratch_free)(void *block, size_t bytes);
};

/* What the library gives; device.h says what each does. */
struct device_back_end {
    const char *name; /* of the GPU */
    uint64_t place;   /* the GPU's address in this computer: one for all processes that have it */
    const char *
        refused; /* not NULL: it can't be used, and why, and what to do; all else is not filled in then */
    const struct kernels *kernels;
    void (*use_tf32)(void);
    void *(*block_new)(size_t bytes);
    void (*block_free)(void *block);
    void (*memory)(size_t *all, size_t *nobodys);
    void (*copy_in)(void *to_device, const void *from_host, size_t bytes);
    void (*copy_out)(void *to_host, const void *from_device, size_t bytes);
    void (*copy_within)(void *to, const void *from, size_t bytes);
    void (*fill)(void *to, int byte, size_t bytes);
    void (*wait)(void);
    uint64_t (*now)(void);
    void *(*staging_new)(size_t bytes);
    void (*staging_free)(void *block, size_t bytes);
    void (*fetch)(void *to_staging, const void *from_device, size_t bytes);
    void (*bring)(void *to_device, const void *from_staging, size_t bytes, uint64_t after);
    uint64_t (*launches)(void);
    uint64_t (*waits)(void);
};

/* The library's only symbol, DEVICE_BACK_END_OPEN: called once. `services` stays the kit's and valid. */
#define DEVICE_BACK_END_OPEN "device_back_end_open"
/* The others stay in it: it is compiled so that they are hidden. */
#define DEVICE_BACK_END_EXPORTED __attribute__((visibility("default")))
typedef const struct device_back_end *
device_back_end_open_function(const struct device_services *services, int rank_on_host);

#endif
