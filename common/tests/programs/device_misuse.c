/*
 * What can't be done with the GPU's memory, each refused with a message, and what goes wrong as it does with the
 * host's, for common/mpi/tests/test_device_messages.c:
 *
 *     device_misuse FOLDER|none host|emulated|cuda MISUSE
 *
 * A misuse that is not refused ends with status 0.
 */
static int rank;
#include "common/mpi/staged_way.h"
#include "common/tests/programs/device_buffers.h"

#include <mpi.h>

enum { COUNT = 100 };

static int ranks;
static float *buffer;

static void window(void)
{
    MPI_Win win;
    MUST(MPI_Win_create(buffer, COUNT * sizeof(float), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win));
}

static void put(void)
{
    MPI_Win win;
    void *base;
    MUST(MPI_Win_allocate(COUNT * sizeof(float), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win));
    MUST(MPI_Win_fence(0, win));
    MUST(MPI_Put(buffer, COUNT, MPI_FLOAT, rank, 0, COUNT, MPI_FLOAT, win));
}

static void fetch_and_op(void)
{
    MPI_Win win;
    void *base;
    const float one = 1;
    MUST(MPI_Win_allocate(COUNT * sizeof(float), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win));
    MUST(MPI_Win_fence(0, win));
    MUST(MPI_Fetch_and_op(&one, buffer, MPI_FLOAT, rank, 0, MPI_SUM, win));
}

static void gaps(void)
{
    MPI_Datatype column;
    MUST(MPI_Type_vector(10, 1, 10, MPI_FLOAT, &column));
    MUST(MPI_Type_commit(&column));
    MUST(MPI_Send(buffer, 1, column, rank, 0, MPI_COMM_WORLD));
}

static void pack(void)
{
    int position = 0;
    char packed[4 * COUNT];
    MUST(MPI_Pack(buffer, COUNT, MPI_FLOAT, packed, sizeof packed, &position, MPI_COMM_WORLD));
}

static void buffered(void)
{
    MUST(MPI_Buffer_attach(buffer, COUNT));
}

static void direct(void)
{
    staged_choose(STAGED_NEVER);
}

/* Is no misuse: sums within one rank. */
static void reduce_local(void)
{
    float *other = buffer_new();
    fill(buffer, 0, 1, COUNT);
    fill(other, 1, 1, COUNT);
    untouch(other + COUNT, 1);
    MUST(MPI_Reduce_local(buffer, other, COUNT, MPI_FLOAT, MPI_SUM));
    const float *x = buffer_get(other, COUNT + 1);
    for (int i = 0; i < COUNT; i++)
        CHECK(x[i] == number(0, 1, i) + number(1, 1, i));
    CHECK(x[COUNT] == UNTOUCHED);
}

/* The buffer of a send, and of a sum, is written before they are complete. */
static void changed(void)
{
    MPI_Request request[2];
    float *sums = buffer_new();
    fill(buffer, rank, 1, BUFFER_COUNT);
    MUST(MPI_Issend(buffer, BUFFER_COUNT / 2, MPI_FLOAT, (rank + 1) % ranks, 0, MPI_COMM_WORLD,
                    &request[0]));
    MUST(MPI_Iallreduce(buffer + BUFFER_COUNT / 2, sums, BUFFER_COUNT / 2, MPI_FLOAT, MPI_SUM,
                        MPI_COMM_WORLD, &request[1]));
    fill(buffer, rank, 2, BUFFER_COUNT);
    MUST(MPI_Recv(sums, BUFFER_COUNT / 2, MPI_FLOAT, (rank + ranks - 1) % ranks, 0, MPI_COMM_WORLD,
                  MPI_STATUS_IGNORE));
    MUST(MPI_Waitall(2, request, MPI_STATUSES_IGNORE));
}

static const struct {
    const char *name;
    void (*commit)(void);
} misuses[] = {{"window", window},
               {"put", put},
               {"fetch-and-op", fetch_and_op},
               {"gaps", gaps},
               {"pack", pack},
               {"buffered", buffered},
               {"direct", direct},
               {"reduce-local", reduce_local},
               {"changed", changed}};

int main(int argc, char **argv)
{
    begin_program(&argc, &argv, &rank, &ranks);
    buffer = buffer_new();
    for (size_t i = 0; argc > 3 && i < sizeof misuses / sizeof misuses[0]; i++)
        if (strcmp(argv[3], misuses[i].name) == 0) {
            misuses[i].commit();
            return end_program();
        }
    return 2;
}
