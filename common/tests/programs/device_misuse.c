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

/* An exchange of this rank with itself, by addresses: one buffer, MPI_BOTTOM, for both sides. */
static void exchange(float *from, float *to)
{
    MPI_Datatype type[2];
    float *const place[] = {from, to};
    for (int i = 0; i < 2; i++) {
        MPI_Aint address;
        MUST(MPI_Get_address(place[i], &address));
        MUST(MPI_Type_create_hindexed(1, (int[]){COUNT}, &address, MPI_FLOAT, &type[i]));
        MUST(MPI_Type_commit(&type[i]));
    }
    MUST(MPI_Alltoallw(MPI_BOTTOM, (int[]){1}, (int[]){0}, &type[0], MPI_BOTTOM, (int[]){1},
                       (int[]){0}, &type[1], MPI_COMM_WORLD));
}

static void both_sides(void)
{
    static float on_host[COUNT];
    exchange(on_host, buffer);
}

static void far_apart(void)
{
    const size_t far = (size_t)100 << 20;
    float *large = memory_allocate_on(device_is_open() ? DEVICE_CUDA : DEVICE_CPU, MEMORY_WORKSPACE,
                                      far + COUNT * sizeof *large);
    exchange(large, large + far / sizeof *large);
}

/* Is none: the same exchange, near. */
static void near_enough(void)
{
    fill(buffer, 0, 1, COUNT);
    untouch(buffer + COUNT, BUFFER_COUNT - COUNT);
    exchange(buffer, buffer + BUFFER_COUNT - COUNT - 1);
    CHECK(is_filled(buffer + BUFFER_COUNT - COUNT - 1, 0, 1, COUNT));
    CHECK(buffer_get(buffer + COUNT, 1)[0] == UNTOUCHED);
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
               {"both-sides", both_sides},
               {"far-apart", far_apart},
               {"near-enough", near_enough},
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
