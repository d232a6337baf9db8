/*
 * What the files of the emulation share.
 */
#ifndef EMULATED_EMULATION_H
#define EMULATED_EMULATION_H

#include <cuda_runtime.h>

#include <functional>

/* While one lives, device memory can be read and written. What was asked for before is done first. */
struct emulated_access {
    emulated_access();
    ~emulated_access();
    emulated_access(const emulated_access &) = delete;
    emulated_access &operator=(const emulated_access &) = delete;
};

/* memory.cpp: the memory can be used from the first of these calls that are open to the last. */
void emulated_open_memory(void);
void emulated_close_memory(void);
bool emulated_is_device(const void *address);

/* streams.cpp: `what` is done when all before it on this stream is, and no sooner than something waits for it. */
void emulated_do(struct emulated_stream *stream, std::function<void()> what);
/* What is done touched what it must not: every call that waits says so from now on. */
void emulated_fail(cudaError_t error);
/* All that was asked for, on every stream. */
void emulated_finish(void);

/* order.cpp: place number i of `count`, i < count, in the order that EMULATED_ORDER asks for. */
struct emulated_order {
    size_t count, first, step;
    explicit emulated_order(size_t count);
    size_t place(size_t i) const { return (first + (i * step) % count) % count; }
};

/* runtime.cpp: returns the error, and keeps it for cudaGetLastError, as CUDA does with those of calls that may be
 * asked again: a program that goes on after one takes it away, or its next launch finds it. */
cudaError_t emulated_noted(cudaError_t error);
/* A process has no part in what it was forked from: cudaErrorInitializationError there. */
cudaError_t emulated_owned(void);
/* Launches so far. */
extern unsigned long emulated_launches;
/* Is EMULATED_FAULT this? The number behind a colon is the value. */
bool emulated_fault(const char *name, size_t *value = NULL);
/* The variable is one of the words, NULL behind the last: which. Not set: 0. Something else ends the program. */
int emulated_choice(const char *variable, const char *const *words);

/* A kernel broke a rule: prints it, with the kernel's name and the thread, and ends the program. */
[[noreturn]] void emulated_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
