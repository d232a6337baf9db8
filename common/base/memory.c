/*
 * Memory, accounted by kind, and the cache of freed blocks (memory.h).
 *
 * Sizes are rounded up to size classes, four to each doubling, so at most a
 * fifth of a block of more than 512 bytes is unused. A freed block goes to its class's list and is
 * given out again to the next request of that class. The list stands beside the
 * blocks and not in them: a message that arrives late, in a block that was freed
 * too early, must not break it. What is accounted is what was asked for, not the
 * rounded size.
 */
#include "common/base/memory.h"
#include "common/base/device.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT     64
#define SMALL_CLASSES 8 /* 64, 128, … 512 bytes */
#define CLASSES       (SMALL_CLASSES + 4 * 56)

/* Under AddressSanitizer nothing is kept. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEP_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEP_BLOCKS 0
#endif
#endif
#ifndef KEEP_BLOCKS
#define KEEP_BLOCKS 1
#endif

/* The kept blocks of a class; there is room for as many as were ever made. */
struct kept_blocks {
    void **block;
    size_t count;
    size_t made;
    size_t room;
};

/* Those of the host's memory, and of the GPU's. */
static struct kept_blocks kept[2][CLASSES];
static int64_t live_bytes[MEMORY_KINDS];
static int64_t peak_bytes[MEMORY_KINDS];
static size_t from_system;
static bool spoils;
static void (*observer)(enum memory_kind kind, int64_t bytes); /* or NULL */

const char *memory_kind_name(enum memory_kind kind)
{
    static const char *const names[MEMORY_KINDS] = {"parameter", "gradient",  "activation",
                                                    "optimizer", "workspace", "host"};
    return (unsigned)kind < MEMORY_KINDS ? names[kind] : "unknown";
}

/* The class of a size, and the bytes of a block of that class. */
static int class_of(size_t bytes, size_t *block_bytes)
{
    if (bytes > (size_t)1 << 60)
        fatal("%zu bytes asked for: more than any machine has", bytes);
    size_t last_unit = bytes == 0 ? 0 : (bytes - 1) / ALIGNMENT;
    if (last_unit < SMALL_CLASSES) {
        *block_bytes = (last_unit + 1) * ALIGNMENT;
        return (int)last_unit;
    }
    int shift = 63 - __builtin_clzll(last_unit) - 2;
    size_t quarter = last_unit >> shift; /* 4 … 7 */
    *block_bytes = ((quarter + 1) << shift) * ALIGNMENT;
    return SMALL_CLASSES + (shift - 1) * 4 + (int)(quarter - 4);
}

/* So that giving back never asks for memory. */
static bool make_room_for_one_more(struct kept_blocks *blocks)
{
    if (blocks->made == blocks->room) {
        size_t room = blocks->room == 0 ? 16 : 2 * blocks->room;
        void **grown = realloc(blocks->block, room * sizeof *grown);
        if (grown == NULL)
            return false;
        blocks->block = grown;
        blocks->room = room;
    }
    blocks->made++;
    return true;
}

/* From the system, or NULL. */
static void *system_block(bool on_gpu, size_t bytes)
{
    void *memory = NULL;
    if (on_gpu)
        memory = device_block_new(bytes);
    else if (posix_memalign(&memory, ALIGNMENT, bytes) != 0)
        memory = NULL;
    from_system += memory == NULL ? 0 : bytes;
    return memory;
}

static void system_free(bool on_gpu, void *block)
{
    if (on_gpu)
        device_block_free(block);
    else
        free(block);
}

static void return_to_system(bool on_gpu)
{
    for (int size_class = 0; size_class < CLASSES; size_class++) {
        struct kept_blocks *blocks = &kept[on_gpu][size_class];
        while (blocks->count > 0) {
            system_free(on_gpu, blocks->block[--blocks->count]);
            blocks->made--;
        }
        if (blocks->made == 0) {
            free(blocks->block);
            *blocks = (struct kept_blocks){0};
        }
    }
}

/* A block of the class of this size, or NULL. */
static void *block_get(bool on_gpu, size_t bytes)
{
    size_t block_bytes;
    struct kept_blocks *blocks = &kept[on_gpu][class_of(bytes, &block_bytes)];
    if (blocks->count > 0)
        return blocks->block[--blocks->count];
    if (KEEP_BLOCKS && !make_room_for_one_more(blocks))
        return NULL;
    if (!KEEP_BLOCKS) /* the exact size, so that a byte too far is seen */
        block_bytes = bytes == 0 ? 1 : bytes;
    void *memory = system_block(on_gpu, block_bytes);
    if (memory == NULL && KEEP_BLOCKS && on_gpu) {
        /* What is kept is of other sizes: given back, it may be enough. */
        return_to_system(on_gpu);
        memory = system_block(on_gpu, block_bytes);
    }
    blocks->made -= memory == NULL && KEEP_BLOCKS;
    return memory;
}

static void block_keep(bool on_gpu, void *block, size_t bytes)
{
    if (block == NULL)
        return;
    if (!KEEP_BLOCKS) {
        system_free(on_gpu, block);
        return;
    }
    size_t block_bytes;
    struct kept_blocks *blocks = &kept[on_gpu][class_of(bytes, &block_bytes)];
    if (blocks->count == blocks->made)
        fatal("a block of %zu bytes was given back more often than it was handed out", bytes);
    blocks->block[blocks->count++] = block;
}

void *memory_block_new(size_t bytes)
{
    void *block = block_get(false, bytes);
    if (block == NULL)
        fatal("no memory left: %zu bytes asked for", bytes);
    return block;
}

void memory_block_free(void *block, size_t bytes)
{
    block_keep(false, block, bytes);
}

void memory_account(enum memory_kind kind, int64_t bytes)
{
    if ((unsigned)kind >= MEMORY_KINDS)
        fatal("%d is no kind of memory", (int)kind);
    live_bytes[kind] += bytes;
    if (live_bytes[kind] < 0)
        fatal("%lld more bytes of %s memory were released than allocated",
              (long long)-live_bytes[kind], memory_kind_name(kind));
    if (live_bytes[kind] > peak_bytes[kind])
        peak_bytes[kind] = live_bytes[kind];
    if (observer != NULL)
        observer(kind, bytes);
}

void memory_set_observer(void (*wanted)(enum memory_kind kind, int64_t bytes))
{
    observer = wanted;
}

void memory_spoil(bool wanted)
{
    spoils = wanted;
}

/* All bits set: NaN in every floating-point type, -1 in integers. */
void memory_spoil_block(void *block, size_t bytes)
{
    if (spoils && device_owns(block))
        device_fill(block, 0xff, bytes);
    else if (spoils)
        memset(block, 0xff, bytes);
}

/* What there is, for the message that nothing is left. */
static void say_gpu(bool on_gpu, char *text, size_t size)
{
    size_t all = 0, nobodys = 0;
    text[0] = '\0';
    if (!on_gpu)
        return;
    device_memory(&all, &nobodys);
    snprintf(text, size, " on the GPU (%s), which has %zu bytes, of which %zu are free",
             device_name(), all, nobodys);
}

static _Noreturn void none_left(bool on_gpu, enum memory_kind kind, size_t bytes)
{
    char gpu[200];
    say_gpu(on_gpu, gpu, sizeof gpu);
    fatal_at("memory_allocate",
             "no memory left%s: %zu bytes asked for (%s); already live: parameter %zu, gradient "
             "%zu, activation %zu, optimizer %zu, workspace %zu, host %zu bytes. A smaller batch, "
             "more micro-batches or a smaller model needs less%s",
             gpu, bytes, memory_kind_name(kind), memory_live(MEMORY_PARAMETER),
             memory_live(MEMORY_GRADIENT), memory_live(MEMORY_ACTIVATION),
             memory_live(MEMORY_OPTIMIZER), memory_live(MEMORY_WORKSPACE), memory_live(MEMORY_HOST),
             on_gpu ? "; what is neither live here nor free is other processes' on the same GPU "
                      "(nvidia-smi lists "
                      "them)"
                    : "");
}

void *memory_allocate_on(enum device device, enum memory_kind kind, size_t bytes)
{
    const bool on_gpu = device == DEVICE_CUDA;
    void *block = block_get(on_gpu, bytes);
    if (block == NULL)
        none_left(on_gpu, kind, bytes);
    memory_account(kind, (int64_t)bytes);
    memory_spoil_block(block, bytes);
    return block;
}

void memory_release_on(enum device device, enum memory_kind kind, void *block, size_t bytes)
{
    if (block == NULL)
        return;
    const bool on_gpu = device == DEVICE_CUDA;
    memory_account(kind, -(int64_t)bytes);
    memory_spoil_block(block, bytes);
    block_keep(on_gpu, block, bytes);
}

void *memory_allocate(enum memory_kind kind, size_t bytes)
{
    return memory_allocate_on(DEVICE_CPU, kind, bytes);
}

void memory_release(enum memory_kind kind, void *block, size_t bytes)
{
    memory_release_on(DEVICE_CPU, kind, block, bytes);
}

size_t memory_live(enum memory_kind kind)
{
    return (size_t)live_bytes[kind];
}

size_t memory_live_on_device(void)
{
    size_t live = 0;
    for (int kind = 0; kind < MEMORY_DEVICE_KINDS; kind++)
        live += memory_live((enum memory_kind)kind);
    return live;
}

size_t memory_peak(enum memory_kind kind)
{
    return (size_t)peak_bytes[kind];
}

void memory_reset_peak(void)
{
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        peak_bytes[kind] = live_bytes[kind];
}

size_t memory_from_system(void)
{
    return from_system;
}

void memory_return_to_system(void)
{
    return_to_system(false);
    return_to_system(true);
}
