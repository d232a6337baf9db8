/*
 * Copies of messages, beside the kernels (device.h): memory of the host that the GPU reads by itself, and moments.
 *
 * A moment is a number that grows; its event stands in a ring. An event that was taken again for a later moment
 * comes later on the same stream, so who waits for it waits long enough.
 */
#include "common/kernels/cuda/back_end.h"

#include <stdio.h>
#include <string.h>

enum { MOMENTS = 64 };

static cudaEvent_t ring[MOMENTS];
static uint64_t moments; /* so far; the first is 1 */

static void make_event(cudaEvent_t *event)
{
    CUDA_CHECK(cudaEventCreateWithFlags(event, cudaEventDisableTiming));
}

uint64_t cuda_now(void)
{
    cudaEvent_t *event = &ring[++moments % MOMENTS];
    if (moments <= MOMENTS)
        make_event(event);
    CUDA_CHECK(cudaEventRecord(*event, cuda_stream));
    return moments;
}

void cuda_bring(void *to_device, const void *from_staging, size_t bytes, uint64_t after)
{
    static cudaEvent_t there;
    if (there == NULL)
        make_event(&there);
    if (after > 0)
        CUDA_CHECK(cudaStreamWaitEvent(cuda_copies, ring[after % MOMENTS], 0));
    CUDA_CHECK(
        cudaMemcpyAsync(to_device, from_staging, bytes, cudaMemcpyHostToDevice, cuda_copies));
    CUDA_CHECK(cudaEventRecord(there, cuda_copies));
    CUDA_CHECK(cudaStreamWaitEvent(cuda_stream, there, 0));
}

/* ---- the memory: in front of each block stands what it is ------------------------------------------------------ */

union header {
    struct {
        size_t room;
        cudaEvent_t read;   /* the copies that read it are done */
        union header *next; /* of those that were given back */
    } block;
    char alignment[256];
};

static union header *given_back;

static size_t room_for(size_t bytes)
{
    size_t room = 4096;
    while (room < bytes)
        room *= 2;
    return room;
}

/* One of this room that was given back and that no copy reads any more; or NULL. */
static union header *used_again(size_t room)
{
    for (union header **link = &given_back; *link != NULL; link = &(*link)->block.next) {
        union header *header = *link;
        if (header->block.room != room)
            continue;
        const cudaError_t passed = cudaEventQuery(header->block.read);
        if (passed == cudaErrorNotReady) {
            (void)cudaGetLastError(); /* else the next launch would be told that it failed so */
            continue;
        }
        CUDA_CHECK(passed);
        *link = header->block.next;
        return header;
    }
    return NULL;
}

/* Gives back to the system what was given back here, when its copies are done. */
static void return_to_system(void)
{
    for (union header *header = given_back, *next; header != NULL; header = next) {
        next = header->block.next;
        CUDA_CHECK(cudaEventSynchronize(header->block.read));
        CUDA_CHECK(cudaEventDestroy(header->block.read));
        CUDA_CHECK(cudaFreeHost(header));
    }
    given_back = NULL;
}

/* NULL: there is no more that could be pinned. */
static union header *pinned(size_t bytes)
{
    void *memory = NULL;
    const cudaError_t error = cudaHostAlloc(&memory, bytes, cudaHostAllocDefault);
    if (error == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();
        return NULL;
    }
    CUDA_CHECK(error);
    return (union header *)memory;
}

static void tell_none_left(size_t bytes)
{
    char why[200];
    snprintf(why, sizeof why,
             "no memory left: %zu bytes of the host's were asked for, for messages and copies of "
             "the GPU, which have to be "
             "pinned. Send less at a time, or end other programs",
             bytes);
    cuda_services->failed("common/kernels/cuda/staging.cu", "cudaHostAlloc", why);
}

static union header *new_block(size_t room)
{
    const size_t bytes = sizeof(union header) + room;
    union header *header = pinned(bytes);
    if (header == NULL) {
        return_to_system(); /* blocks of other sizes */
        header = pinned(bytes);
    }
    if (header == NULL)
        tell_none_left(room);
    header->block.room = room;
    make_event(&header->block.read);
    return header;
}

void *cuda_staging_new(size_t bytes)
{
    const size_t room = room_for(bytes);
    union header *header = used_again(room);
    return (header != NULL ? header : new_block(room)) + 1;
}

/* Copies from it may still be under way, on this stream. */
static void give_back(void *block, cudaStream_t stream)
{
    union header *header = (union header *)block - 1;
    CUDA_CHECK(cudaEventRecord(header->block.read, stream));
    header->block.next = given_back;
    given_back = header;
}

void cuda_staging_free(void *block, size_t)
{
    give_back(block, cuda_copies);
}

/* ---- copies from any memory ------------------------------------------------------------------------------------- */

/* Through such memory, in pieces: CUDA does not promise to have read other memory when its call returns. Of what is
 * large, some pieces are waited for, or all of it would be in such memory. */
void cuda_copy_in(void *to_device, const void *from_host, size_t bytes)
{
    const size_t most = (size_t)4 << 20, together = 8;
    for (size_t done = 0; done < bytes; done += most) {
        if (done > 0 && done / most % together == 0)
            CUDA_CHECK(cudaStreamSynchronize(cuda_stream));
        const size_t piece = bytes - done < most ? bytes - done : most;
        void *staging = cuda_staging_new(piece);
        memcpy(staging, (const char *)from_host + done, piece);
        CUDA_CHECK(cudaMemcpyAsync((char *)to_device + done, staging, piece, cudaMemcpyHostToDevice,
                                   cuda_stream));
        give_back(staging, cuda_stream);
    }
}
