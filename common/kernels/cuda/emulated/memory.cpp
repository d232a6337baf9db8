/*
 * The memory of the emulated GPU, and copies (cuda_runtime.h).
 *
 * Its memory is one range of addresses, which is protected but while an emulated call runs.
 */
#include "common/kernels/cuda/emulated/emulation.h"

#include <map>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(block, bytes)   __asan_poison_memory_region(block, bytes)
#define UNPOISON(block, bytes) __asan_unpoison_memory_region(block, bytes)
#else
#define POISON(block, bytes)   (void)0
#define UNPOISON(block, bytes) (void)0
#endif

static size_t all_bytes = (size_t)8 << 30;
static const size_t apart =
    256; /* CUDA's own alignment; and between two blocks at least one byte is nobody's */

static char *memory;      /* all of it, NULL at first */
static size_t used_bytes; /* from its begin on: beyond, nothing was ever given out */
static size_t live_bytes;
static unsigned accesses;               /* that go on */
static std::map<size_t, size_t> blocks; /* given out: where, and how many bytes asked for */
static std::multimap<size_t, size_t> free_blocks; /* given back: room, where */

static size_t room_of(size_t bytes)
{
    return (bytes + apart) / apart * apart;
}

static void protect(int protection)
{
    if (used_bytes > 0 && mprotect(memory, used_bytes, protection) != 0) {
        perror("emulated GPU: its memory can't be protected");
        abort();
    }
}

void emulated_open_memory(void)
{
    if (accesses++ == 0)
        protect(PROT_READ | PROT_WRITE);
}

void emulated_close_memory(void)
{
    if (--accesses == 0)
        protect(PROT_NONE);
}

emulated_access::emulated_access()
{
    emulated_finish();
    emulated_open_memory();
}

emulated_access::~emulated_access()
{
    emulated_close_memory();
}

static cudaError_t reserve(void)
{
    (void)emulated_fault("memory", &all_bytes);
    void *range =
        mmap(NULL, all_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED)
        return cudaErrorMemoryAllocation;
    memory = (char *)range;
    /* Fewer pages to protect; where there are no large ones, it goes without. */
    (void)madvise(memory, all_bytes, MADV_HUGEPAGE);
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **block, size_t bytes)
{
    if (emulated_owned() != cudaSuccess)
        return emulated_owned();
    if (memory == NULL && reserve() != cudaSuccess)
        return emulated_noted(cudaErrorMemoryAllocation);
    const size_t room = room_of(bytes);
    size_t place = used_bytes;
    const auto found = free_blocks.find(room);
    if (found != free_blocks.end()) {
        place = found->second;
        free_blocks.erase(found);
    } else if (room > all_bytes - used_bytes) {
        return emulated_noted(cudaErrorMemoryAllocation);
    } else {
        used_bytes += room;
    }
    blocks[place] = bytes;
    live_bytes += room;
    UNPOISON(memory + place, bytes);
    POISON(memory + place + bytes, room - bytes);
    *block = memory + place;
    return cudaSuccess;
}

cudaError_t cudaFree(void *block)
{
    if (block == NULL)
        return cudaSuccess;
    emulated_finish(); /* as cudaFree does */
    const auto found = blocks.find((size_t)((char *)block - memory));
    if (found == blocks.end())
        return cudaErrorInvalidValue;
    POISON(memory + found->first, found->second);
    live_bytes -= room_of(found->second);
    free_blocks.insert({room_of(found->second), found->first});
    blocks.erase(found);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *nobodys, size_t *all)
{
    if (memory == NULL && reserve() != cudaSuccess)
        return cudaErrorMemoryAllocation;
    *all = all_bytes;
    *nobodys = all_bytes - live_bytes;
    return cudaSuccess;
}

bool emulated_is_device(const void *address)
{
    return memory != NULL && (const char *)address >= memory &&
           (const char *)address < memory + all_bytes;
}

/* ---- memory of the host that the GPU reads and writes by itself ------------------------------------------------- */

static std::map<const char *, size_t> pinned;
static size_t pinned_bytes;

static bool is_pinned(const void *address)
{
    const auto behind = pinned.upper_bound((const char *)address);
    if (behind == pinned.begin())
        return false;
    const auto found = std::prev(behind);
    return (const char *)address < found->first + found->second;
}

cudaError_t cudaHostAlloc(void **block, size_t bytes, unsigned)
{
    size_t most = SIZE_MAX;
    (void)emulated_fault("pinned", &most);
    *block = pinned_bytes + bytes > most ? NULL : malloc(bytes);
    if (*block == NULL)
        return emulated_noted(cudaErrorMemoryAllocation);
    pinned[(const char *)*block] = bytes;
    pinned_bytes += bytes;
    return cudaSuccess;
}

cudaError_t cudaFreeHost(void *block)
{
    emulated_finish();
    const auto found = pinned.find((const char *)block);
    if (found == pinned.end())
        return cudaErrorInvalidValue;
    pinned_bytes -= found->second;
    pinned.erase(found);
    free(block);
    return cudaSuccess;
}

/* ---- copies -------------------------------------------------------------------------------------------------------- */

/* A copy within the GPU whose two ends overlap has no result that CUDA tells of. */
static bool overlap(const void *a, const void *b, size_t bytes)
{
    const uintptr_t first = (uintptr_t)a, second = (uintptr_t)b;
    return first < second ? second - first < bytes : first - second < bytes;
}

/* Other memory of the host may be gone, or changed, when the copy's turn comes: what it has is taken at once, and
 * what it gets is waited for. */
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    const bool to_device = kind != cudaMemcpyDeviceToHost,
               from_device = kind != cudaMemcpyHostToDevice;
    if (bytes == 0 || emulated_owned() != cudaSuccess)
        return emulated_owned();
    if (emulated_is_device(to) != to_device || emulated_is_device(from) != from_device)
        return cudaErrorInvalidValue;
    if (kind == cudaMemcpyDeviceToDevice && overlap(to, from, bytes))
        return cudaErrorInvalidValue;
    if (!from_device && !is_pinned(from)) {
        std::vector<char> taken((const char *)from, (const char *)from + bytes);
        emulated_do(stream, [=, now = std::move(taken)] { memcpy(to, now.data(), bytes); });
        return cudaSuccess;
    }
    emulated_do(stream, [=] { memcpy(to, from, bytes); });
    return to_device || is_pinned(to) ? cudaSuccess : cudaStreamSynchronize(stream);
}

cudaError_t cudaMemsetAsync(void *to, int byte, size_t bytes, cudaStream_t stream)
{
    if (bytes > 0 && !emulated_is_device(to))
        return cudaErrorInvalidValue;
    emulated_do(stream, [=] { memset(to, byte, bytes); });
    return cudaSuccess;
}
