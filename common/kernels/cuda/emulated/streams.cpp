/*
 * Streams and events of the emulated GPU (cuda_runtime.h): what was asked for and is not done yet.
 */
#include "common/kernels/cuda/emulated/emulation.h"

#include <deque>
#include <vector>

struct emulated_event {
    struct emulated_stream *stream; /* on which it was recorded last */
    unsigned long recorded, passed; /* how often */
};

/* What to do; or an event that passes here, or, with `waits`, that has to have passed so often. */
struct task {
    std::function<void()> what;
    struct emulated_event *event;
    unsigned long times;
    bool waits;
};

struct emulated_stream {
    std::deque<struct task> tasks;
};

enum { FIRST, LAST, AT_ONCE };

static std::vector<struct emulated_stream *> streams;

static int streams_go(void)
{
    static const char *const words[] = {"first", "last", "at-once", NULL};
    static const int wanted = emulated_choice("EMULATED_STREAMS", words);
    return wanted;
}

/* ---- doing it ---------------------------------------------------------------------------------------------------- */

/* The next of this stream, and of others what that waits for. Who records an event does so before others wait for
 * it, so this comes to an end. */
static void go_on(struct emulated_stream *stream)
{
    const struct task task = std::move(stream->tasks.front());
    while (task.waits && task.event->passed < task.times)
        go_on(task.event->stream);
    stream->tasks.pop_front();
    if (task.what)
        task.what();
    else if (!task.waits)
        task.event->passed = task.times;
}

static void finish(struct emulated_stream *stream)
{
    while (!stream->tasks.empty())
        go_on(stream);
}

static void finish_others(const struct emulated_stream *stream)
{
    for (struct emulated_stream *other : streams)
        if (other != stream)
            finish(other);
}

void emulated_finish(void)
{
    static bool going_on; /* what is done may ask for the memory */
    bool any = false;
    for (const struct emulated_stream *stream : streams)
        any = any || !stream->tasks.empty();
    if (going_on || !any)
        return;
    going_on = true;
    emulated_open_memory();
    finish_others(NULL);
    emulated_close_memory();
    going_on = false;
}

void emulated_do(struct emulated_stream *stream, std::function<void()> what)
{
    stream->tasks.push_back({std::move(what), NULL, 0, false});
    if (streams_go() == AT_ONCE)
        emulated_finish();
}

/* ---- CUDA's calls ---------------------------------------------------------------------------------------------------- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned)
{
    if (emulated_fault("busy") || emulated_fault("exclusive"))
        return cudaErrorDevicesUnavailable;
    if (emulated_fault("full"))
        return cudaErrorMemoryAllocation;
    *stream = new struct emulated_stream;
    streams.push_back(*stream);
    return cudaSuccess;
}

static cudaError_t fault = cudaSuccess;

void emulated_fail(cudaError_t error)
{
    if (fault == cudaSuccess)
        fault = error;
}

/* A launch that failed is told here, and from then on. */
static cudaError_t error_of_launches(void)
{
    if (fault != cudaSuccess)
        return fault;
    return emulated_fault("launch") && emulated_launches > 1 ? cudaErrorIllegalAddress
                                                             : cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    if (stream->tasks.empty() && streams_go() != LAST)
        return error_of_launches();
    emulated_open_memory();
    if (streams_go() == LAST)
        finish_others(stream);
    finish(stream);
    emulated_close_memory();
    return error_of_launches();
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
    if (event->passed < event->recorded)
        stream->tasks.push_back({{}, event, event->recorded, true});
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned)
{
    *event = new struct emulated_event();
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    event->stream = stream;
    event->recorded++;
    if (stream->tasks.empty())
        event->passed = event->recorded;
    else
        stream->tasks.push_back({{}, event, event->recorded, false});
    return cudaSuccess;
}

static void go_on_to(cudaEvent_t event, bool to_its_end)
{
    emulated_open_memory();
    if (streams_go() == LAST)
        finish_others(event->stream);
    do
        go_on(event->stream);
    while (to_its_end && event->passed < event->recorded);
    emulated_close_memory();
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    if (event->passed < event->recorded)
        go_on_to(event, true);
    return error_of_launches();
}

/* Who asks again and again sees it go on. */
cudaError_t cudaEventQuery(cudaEvent_t event)
{
    if (event->passed < event->recorded)
        go_on_to(event, false);
    return emulated_noted(event->passed < event->recorded ? cudaErrorNotReady : cudaSuccess);
}
