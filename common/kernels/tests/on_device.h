/*
 * Kernels on the emulated GPU, for tests: the same work in every order of the threads, each in a process of its own
 * (which order it is, is decided once in a process), and twice in one of them. All must leave the same bits.
 *
 * What the processes share is one block of memory, from which a test takes its arrays: it fills them, lets the
 * work be done, and compares what it finds there with what it knows.
 */
#ifndef COMMON_KERNELS_TESTS_ON_DEVICE_H
#define COMMON_KERNELS_TESTS_ON_DEVICE_H

#include "common/base/memory.h"
#include "common/kernels/kernels.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHARED_BYTES ((size_t)256 << 20)
static char *shared;
static size_t shared_used;

/* `count` numbers of 4 bytes, zeros. They stay to the end of the test. */
static inline void *shared_numbers(int count)
{
    if (shared == NULL)
        shared = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    void *block = shared + shared_used;
    shared_used += sizeof(float) * (size_t)count;
    ck_assert_uint_le(shared_used, SHARED_BYTES);
    return block;
}

/* The same numbers, as kernels see and write them, and in double precision, as a formula has them. */
struct array {
    int count;
    float *single; /* shared */
    double *exact;
};

/* filled: with numbers from -1 to 1, and zeros otherwise. */
static inline struct array array_new(int count, bool filled)
{
    static unsigned state = 1;
    struct array array = {count, shared_numbers(count), calloc((size_t)count + 1, sizeof(double))};
    for (int k = 0; k < count && filled; k++) {
        state = state * 1664525 + 1013904223;
        array.single[k] = (float)(state >> 16) / 32768.0f - 1.0f;
        array.exact[k] = (double)array.single[k];
    }
    return array;
}

/* The distance of the two, of the norm of the exact one. Where terms as large as `unit` may have cancelled, they count
 * as if each number were at least that large. */
static inline double array_distance_of_sums(struct array array, double unit)
{
    double difference = 0, norm = 0;
    for (int k = 0; k < array.count; k++) {
        difference += pow((double)array.single[k] - array.exact[k], 2);
        norm += pow(array.exact[k], 2);
    }
    return sqrt(difference / fmax(norm, fmax(array.count * unit * unit, 1e-30)));
}

static inline double array_distance(struct array array)
{
    return array_distance_of_sums(array, 0);
}

/* Within the work: the numbers on the GPU, and back. Where they are not `wanted`, the kernel gets NULL. */
static inline void *array_lend(struct array array, bool wanted)
{
    return lend(wanted ? array.single : NULL, sizeof(float) * (size_t)array.count);
}

static inline void array_take_back(void *lent, struct array array)
{
    if (lent != NULL)
        take_back(lent, array.single, sizeof(float) * (size_t)array.count);
}

/* ---- the work ---------------------------------------------------------------------------------------------------- */

enum { SCRATCH_LEFT = 4 };

static inline void work_in_process(const char *order, void (*work)(const void *what),
                                   const void *what)
{
    const pid_t process = fork();
    ck_assert_int_ge(process, 0);
    if (process == 0) {
        if (setenv("EMULATED_ORDER", order, 1) != 0 || setenv("TEST_DEVICE", "emulated", 1) != 0)
            _exit(3);
        memory_spoil(true); /* scratch space that is read before it is filled has NaN */
        work(what);
        _exit(memory_live(MEMORY_WORKSPACE) == 0 ? 0 : SCRATCH_LEFT);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ck_assert_msg(code != SCRATCH_LEFT, "threads %s: scratch space was not given back", order);
    ck_assert_msg(code == 0, "threads %s: the kernels failed", order);
}

static inline void in_every_order(void (*work)(const void *what), const void *what)
{
    static const char *const order[] = {"forward", "forward", "reversed", "shuffled"};
    char *given = malloc(shared_used), *left = malloc(shared_used);
    memcpy(given, shared, shared_used);
    for (size_t run = 0; run < sizeof order / sizeof *order; run++) {
        memcpy(shared, given, shared_used);
        work_in_process(order[run], work, what);
        if (run == 0)
            memcpy(left, shared, shared_used);
        ck_assert_msg(memcmp(left, shared, shared_used) == 0, "threads %s: other bits", order[run]);
    }
    free(given);
    free(left);
}

#endif
