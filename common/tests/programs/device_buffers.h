/*
 * For programs that send from, and receive into, the GPU's memory or the host's, as their last argument says
 * ("host", or the name of a device), and look themselves at what came. Whoever does the same in both must find the
 * same. Before it is included, `rank` is this rank.
 */
#ifndef COMMON_TESTS_PROGRAMS_DEVICE_BUFFERS_H
#define COMMON_TESTS_PROGRAMS_DEVICE_BUFFERS_H

#include "common/base/device.h"
#include "common/tests/programs/checked.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_COUNT = 200000 };
#define UNTOUCHED (-7.0f)

static inline float *buffer_on(enum device device)
{
    return memory_allocate_on(device, MEMORY_WORKSPACE, BUFFER_COUNT * sizeof(float));
}

/* Where the program's argument says. */
static inline float *buffer_new(void)
{
    return buffer_on(device_is_open() ? DEVICE_CUDA : DEVICE_CPU);
}

static inline float *host_copy(void)
{
    static float copy[BUFFER_COUNT];
    return copy;
}

static inline void buffer_put(float *to, const float *from, int count)
{
    if (device_owns(to))
        device_copy_in(to, from, (size_t)count * sizeof *to);
    else
        memcpy(to, from, (size_t)count * sizeof *to);
}

static inline const float *buffer_get(const float *from, int count)
{
    if (!device_owns(from))
        return from;
    device_copy_out(host_copy(), from, (size_t)count * sizeof *from);
    return host_copy();
}

/* The numbers of `giver` in a round. */
static inline float number(int giver, int round, int i)
{
    return (float)(1000000 * giver + 10000 * (round % 97) + i % 10000);
}

static inline void fill(float *to, int giver, int round, int count)
{
    for (int i = 0; i < count; i++)
        host_copy()[i] = number(giver, round, i);
    buffer_put(to, host_copy(), count);
}

static inline void untouch(float *to, int count)
{
    for (int i = 0; i < count; i++)
        host_copy()[i] = UNTOUCHED;
    buffer_put(to, host_copy(), count);
}

/* `count` numbers of giver, and behind them one that nobody touched. */
static inline int is_filled(const float *buffer, int giver, int round, int count)
{
    const float *x = buffer_get(buffer, count + 1);
    for (int i = 0; i < count; i++)
        if (x[i] != number(giver, round, i))
            return 0;
    return x[count] == UNTOUCHED;
}

/* The begin of main: MPI, the log in folder argv[1] and the device argv[2]. */
static inline void begin_program(int *argc, char ***argv, int *own_rank, int *ranks)
{
    PMPI_Init(argc, argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, own_rank);
    PMPI_Comm_size(MPI_COMM_WORLD, ranks);
    if (*argc < 3)
        exit(2);
    if (strcmp((*argv)[2], "host") != 0)
        device_open((*argv)[2], *own_rank);
    if (strcmp((*argv)[1], "none") != 0)
        log_open((*argv)[1], *own_rank, *ranks, 1);
}

#endif
