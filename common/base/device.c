/*
 * The GPU: which library knows it, and calls of that (device.h).
 */
#include "common/base/device.h"

#include "common/base/device_back_end.h"
#include "common/base/device_ranges.h"
#include "common/base/device_touched.h"
#include "common/base/fatal.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct device_back_end *back_end; /* NULL: none is loaded */
static const char *opened;                     /* its name */

/* ---- what the library may ask for ---------------------------------------------------------------- */

static void failed(const char *where, const char *what, const char *why)
{
    fatal_at(opened, "%s failed at %s: %s", what, where, why);
}

static void *scratch_new(size_t bytes)
{
    return memory_allocate_on(DEVICE_CUDA, MEMORY_WORKSPACE, bytes);
}

static void scratch_free(void *block, size_t bytes)
{
    memory_release_on(DEVICE_CUDA, MEMORY_WORKSPACE, block, bytes);
}

static const struct device_services services = {
    .failed = failed, .scratch_new = scratch_new, .scratch_free = scratch_free};

/* ---- loading ---------------------------------------------------------------------------------------- */

/* devices/NAME.so in the folder of the program or in one above it: build/ is one of them. False: there is none. */
static bool find(const char *name, char path[PATH_MAX])
{
    char folder[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    if (length < 0)
        return false;
    folder[length] = '\0';
    for (char *end = strrchr(folder, '/'); end != NULL; end = strrchr(folder, '/')) {
        *end = '\0';
        const int needed = snprintf(path, PATH_MAX, "%s/devices/%s.so", folder, name);
        if (needed < PATH_MAX && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

const char *device_how_to_get(const char *name)
{
    return strcmp(name, "cuda") == 0
               ? "the kit was built without nvcc, CUDA's compiler. On a computer with an NVIDIA "
                 "GPU "
                 "make setup CUDA=1 says how to install it (without root: the packages "
                 "nvidia-cuda-nvcc and nvidia-cublas of PyPI), then make devices builds it. "
                 "DEVICE=emulated (--device emulated) runs the same kernels without a GPU"
               : "make devices builds it";
}

static device_back_end_open_function *load(const char *name)
{
    char path[PATH_MAX];
    if (!find(name, path))
        fatal_at("device_open",
                 "there is no library for the device %s (devices/%s.so, in a folder above this "
                 "program): %s",
                 name, name, device_how_to_get(name));
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fatal_at(
            "device_open",
            "the library of the device %s can't be loaded: %s. Remove it, and make devices builds "
            "it anew: rm '%s'",
            name, dlerror(), path);
    device_back_end_open_function *open = NULL;
    *(void **)&open = dlsym(library, DEVICE_BACK_END_OPEN);
    if (open == NULL)
        fatal_at("device_open",
                 "%s is no library of a device: remove it, and make devices builds it anew", path);
    return open;
}

void device_open(const char *name, int rank_on_host)
{
    if (opened != NULL && strcmp(opened, name) == 0)
        return;
    if (opened != NULL)
        fatal("the device %s is in use: a program can't use %s, too", opened, name);
    device_back_end_open_function *open = load(name);
    opened = name;
    const struct device_back_end *found = open(&services, rank_on_host);
    if (found->refused != NULL)
        fatal("%s", found->refused);
    back_end = found;
    device_touched_watch();
}

bool device_is_open(void)
{
    return back_end != NULL;
}

const char *device_back_end(void)
{
    return opened;
}

/* The one that was loaded. */
static const struct device_back_end *used(void)
{
    if (back_end == NULL)
        fatal_at("device_open", "a tensor on the GPU is wanted, and no GPU was opened: run with "
                                "--device cuda or --device "
                                "emulated");
    return back_end;
}

/* ---- calls --------------------------------------------------------------------------------------------- */

const char *device_name(void)
{
    return used()->name;
}

void device_use_tf32(void)
{
    used()->use_tf32();
}

uint64_t device_place(void)
{
    return used()->place;
}

const struct kernels *device_kernels(void)
{
    return used()->kernels;
}

bool device_owns(const void *address)
{
    return device_ranges_have(address);
}

void *device_block_new(size_t bytes)
{
    void *block = used()->block_new(bytes);
    if (block != NULL)
        device_ranges_add(block, bytes);
    return block;
}

void device_block_free(void *block)
{
    device_ranges_remove(block);
    used()->block_free(block);
}

void device_memory(size_t *all, size_t *nobodys)
{
    used()->memory(all, nobodys);
}

void device_copy_in(void *to_device, const void *from_host, size_t bytes)
{
    if (bytes > 0)
        used()->copy_in(to_device, from_host, bytes);
}

void device_copy_out(void *to_host, const void *from_device, size_t bytes)
{
    if (bytes > 0)
        used()->copy_out(to_host, from_device, bytes);
}

void device_copy_within(void *to, const void *from, size_t bytes)
{
    if (bytes > 0)
        used()->copy_within(to, from, bytes);
}

void device_fill(void *to, int byte, size_t bytes)
{
    if (bytes > 0)
        used()->fill(to, byte, bytes);
}

void device_wait(void)
{
    used()->wait();
}

device_moment device_now(void)
{
    return used()->now();
}

void *device_staging_new(size_t bytes)
{
    return used()->staging_new(bytes);
}

void device_staging_free(void *block, size_t bytes)
{
    if (block != NULL)
        used()->staging_free(block, bytes);
}

void device_fetch(void *to_staging, const void *from_device, size_t bytes)
{
    if (bytes > 0)
        used()->fetch(to_staging, from_device, bytes);
}

void device_bring(void *to_device, const void *from_staging, size_t bytes, device_moment after)
{
    if (bytes > 0)
        used()->bring(to_device, from_staging, bytes, after);
}

uint64_t device_launches(void)
{
    return back_end == NULL ? 0 : back_end->launches();
}

uint64_t device_waits(void)
{
    return back_end == NULL ? 0 : back_end->waits();
}
