/*
 * The threads of a launch (cuda_runtime.h).
 *
 * Threads that do not wait for each other run one after the other, each a plain call. Those that do have each a
 * stack of their own, and run from barrier to barrier: the next one that can goes on until it waits or ends. A
 * switch after a thread's first one is a longjmp, which, unlike swapcontext, asks nothing of the system.
 */
#include "common/kernels/cuda/emulated/emulation.h"

#include <memory>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define SWITCH_BEGINS(fake, bottom, size) __sanitizer_start_switch_fiber(fake, bottom, size)
#define SWITCH_ENDS(fake, bottom, size)   __sanitizer_finish_switch_fiber(fake, bottom, size)
#else
#define SWITCH_BEGINS(fake, bottom, size) (void)0
#define SWITCH_ENDS(fake, bottom, size)   (void)0
#endif

enum { MOST_THREADS = 1024, LANES_OF_WARP = 32, STACK_BYTES = 256 << 10 };

dim3 threadIdx, blockIdx, blockDim, gridDim;

/* What a thread waits for. */
enum waits { FOR_NOTHING, FOR_WARP, FOR_BLOCK };

struct fibre {
    ucontext_t context;
    jmp_buf goes_on;
    char *stack;
    bool begun, ended;
    enum waits waits;
    unsigned parity; /* of its shuffles: two sets of values take turns */
    uint64_t given[2];
};

static struct {
    const char *kernel;
    bool together;
    unsigned threads, left; /* of the block; that have not ended */
    const struct emulated_call *call;
    unsigned at_barrier;                            /* of the block */
    unsigned at_warp[MOST_THREADS / LANES_OF_WARP]; /* of each warp */
    struct fibre fibre[MOST_THREADS];
    unsigned running; /* which of them */
    jmp_buf scheduler;
    void *scheduler_fake; /* AddressSanitizer's */
    const void *scheduler_bottom;
    size_t scheduler_size;
} launch;

void emulated_refuse(const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "emulated GPU: kernel %s, block (%u, %u, %u), thread %u: %s\n", launch.kernel,
            blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, text);
    abort();
}

/* ---- who runs ---------------------------------------------------------------------------------------------------- */

static void become(unsigned thread)
{
    threadIdx = dim3(thread % blockDim.x, thread / blockDim.x % blockDim.y,
                     thread / blockDim.x / blockDim.y);
}

/* ---- threads that wait for each other ------------------------------------------------------------------------- */

static unsigned warp_of(unsigned thread)
{
    return thread / LANES_OF_WARP;
}

static unsigned size_of_warp(unsigned warp)
{
    const unsigned rest = launch.threads - warp * LANES_OF_WARP;
    return rest < LANES_OF_WARP ? rest : (unsigned)LANES_OF_WARP;
}

/* All that wait for this go on. */
static void release(enum waits waits, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        if (launch.fibre[i].waits == waits)
            launch.fibre[i].waits = FOR_NOTHING;
}

/* To the scheduler, and back when it is this thread's turn again. */
static void yield(struct fibre *self)
{
    if (_setjmp(self->goes_on) == 0) {
#if defined(__SANITIZE_ADDRESS__)
        static void *fakes[MOST_THREADS];
        void **fake = &fakes[self - launch.fibre];
        SWITCH_BEGINS(fake, launch.scheduler_bottom, launch.scheduler_size);
#endif
        _longjmp(launch.scheduler, 1);
    }
    SWITCH_ENDS(NULL, NULL, NULL);
}

static struct fibre *waiting_thread(const char *what)
{
    if (!launch.together)
        emulated_refuse("%s in a kernel that was launched with LAUNCH: LAUNCH_TOGETHER is for "
                        "threads that wait for "
                        "each other",
                        what);
    return &launch.fibre[launch.running];
}

void __syncthreads(void)
{
    struct fibre *self = waiting_thread("__syncthreads");
    self->waits = FOR_BLOCK;
    if (++launch.at_barrier == launch.threads) {
        launch.at_barrier = 0;
        release(FOR_BLOCK, 0, launch.threads);
    }
    yield(self);
}

static void wait_for_warp(struct fibre *self, unsigned mask)
{
    const unsigned warp = warp_of(launch.running), size = size_of_warp(warp);
    const unsigned all = size == LANES_OF_WARP ? 0xffffffffu : (1u << size) - 1;
    if ((mask & all) != all)
        emulated_refuse(
            "a barrier of some threads of a warp (mask %#x): only that of all is emulated", mask);
    self->waits = FOR_WARP;
    if (++launch.at_warp[warp] == size) {
        launch.at_warp[warp] = 0;
        release(FOR_WARP, warp * LANES_OF_WARP, size);
    }
    yield(self);
}

void __syncwarp(unsigned mask)
{
    wait_for_warp(waiting_thread("__syncwarp"), mask);
}

int emulated_lane(void)
{
    return (int)(launch.running % LANES_OF_WARP);
}

uint64_t emulated_shuffle(unsigned mask, uint64_t value, int lane)
{
    struct fibre *self = waiting_thread("a shuffle");
    const unsigned warp = warp_of(launch.running), set = self->parity;
    self->given[set] = value;
    self->parity ^= 1;
    wait_for_warp(self, mask);
    if (lane < 0 || (unsigned)lane >= size_of_warp(warp))
        emulated_refuse("a shuffle from lane %d of a warp of %u threads", lane, size_of_warp(warp));
    return launch.fibre[warp * LANES_OF_WARP + (unsigned)lane].given[set];
}

static void fibre_main(void)
{
    SWITCH_ENDS(NULL, &launch.scheduler_bottom, &launch.scheduler_size);
    launch.call->thread();
    launch.fibre[launch.running].ended = true;
    launch.left--;
    SWITCH_BEGINS(NULL, launch.scheduler_bottom, launch.scheduler_size);
    _longjmp(launch.scheduler, 1);
}

static void begin(struct fibre *fibre)
{
    fibre->begun = true;
    if (getcontext(&fibre->context) != 0)
        emulated_refuse("getcontext failed");
    fibre->context.uc_stack.ss_sp = fibre->stack;
    fibre->context.uc_stack.ss_size = STACK_BYTES;
    fibre->context.uc_link = NULL;
    makecontext(&fibre->context, fibre_main, 0);
    setcontext(&fibre->context);
}

static void run(unsigned thread)
{
    struct fibre *fibre = &launch.fibre[thread];
    launch.running = thread;
    become(thread);
    if (_setjmp(launch.scheduler) == 0) {
        SWITCH_BEGINS(&launch.scheduler_fake, fibre->stack, STACK_BYTES);
        if (fibre->begun)
            _longjmp(fibre->goes_on, 1);
        begin(fibre);
    }
    SWITCH_ENDS(launch.scheduler_fake, NULL, NULL);
}

static void make_stack(struct fibre *fibre)
{
    if (fibre->stack != NULL)
        return;
    void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED)
        emulated_refuse("no memory left for its stack");
    fibre->stack = (char *)stack;
}

/* Nobody can go on. */
static void tell_stuck(void)
{
    unsigned at_block = 0, at_warp = 0, one = 0;
    for (unsigned i = 0; i < launch.threads; i++) {
        at_block += launch.fibre[i].waits == FOR_BLOCK && !launch.fibre[i].ended;
        at_warp += launch.fibre[i].waits == FOR_WARP && !launch.fibre[i].ended;
        one = launch.fibre[i].waits != FOR_NOTHING ? i : one;
    }
    become(one);
    emulated_refuse("a barrier that not all threads reach: of %u, %u wait at __syncthreads, %u for "
                    "their warp, and %u "
                    "have ended",
                    launch.threads, at_block, at_warp, launch.threads - launch.left);
}

static void run_block_together(void)
{
    launch.left = launch.threads;
    launch.at_barrier = 0;
    memset(launch.at_warp, 0, sizeof launch.at_warp);
    for (unsigned i = 0; i < launch.threads; i++) {
        struct fibre *fibre = &launch.fibre[i];
        make_stack(fibre);
        fibre->begun = fibre->ended = false;
        fibre->waits = FOR_NOTHING;
        fibre->parity = 0;
    }
    const emulated_order order(launch.threads);
    while (launch.left > 0) {
        bool any = false;
        for (unsigned i = 0; i < launch.threads; i++) {
            const unsigned thread = (unsigned)order.place(i);
            if (launch.fibre[thread].ended || launch.fibre[thread].waits != FOR_NOTHING)
                continue;
            run(thread);
            any = true;
        }
        if (!any)
            tell_stuck();
    }
}

static void run_block_alone(void)
{
    const emulated_order order(launch.threads);
    for (unsigned i = 0; i < launch.threads; i++) {
        become((unsigned)order.place(i));
        launch.call->thread();
    }
}

static void run_all(const char *kernel, bool together, dim3 blocks, dim3 threads,
                    const struct emulated_call *call)
{
    const size_t count = (size_t)blocks.x * blocks.y * blocks.z;
    launch.kernel = kernel;
    launch.together = together;
    launch.threads = threads.x * threads.y * threads.z;
    launch.call = call;
    gridDim = blocks;
    blockDim = threads;
    const emulated_order order(count);
    for (size_t i = 0; i < count; i++) {
        const size_t block = order.place(i);
        blockIdx = dim3((unsigned)(block % blocks.x), (unsigned)(block / blocks.x % blocks.y),
                        (unsigned)(block / blocks.x / blocks.y));
        if (together)
            run_block_together();
        else
            run_block_alone();
    }
}

cudaError_t emulated_launch(const char *kernel, bool together, dim3 blocks, dim3 threads,
                            struct emulated_stream *stream, struct emulated_call *call)
{
    const std::shared_ptr<struct emulated_call> owned(call);
    const size_t per_block = (size_t)threads.x * threads.y * threads.z;
    const cudaError_t earlier = cudaGetLastError(); /* it would be taken for the launch's */
    if (earlier != cudaSuccess || emulated_owned() != cudaSuccess)
        return earlier != cudaSuccess ? earlier : emulated_owned();
    if ((size_t)blocks.x * blocks.y * blocks.z == 0)
        return cudaSuccess; /* as LAUNCH of a GPU's build does */
    if (per_block == 0 || per_block > MOST_THREADS || threads.z > 64 || blocks.x > 0x7fffffffu ||
        blocks.y > 65535 || blocks.z > 65535)
        return cudaErrorInvalidConfiguration;
    if (emulated_fault("architecture"))
        return cudaErrorNoKernelImageForDevice;
    emulated_launches++;
    emulated_do(stream, [=] { run_all(kernel, together, blocks, threads, owned.get()); });
    return cudaSuccess;
}
