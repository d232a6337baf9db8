/*
 * Messages from one rank to the next, in all ways that do not need a request to be kept, for
 * common/mpi/tests/test_device_messages.c:
 *
 *     device_messages FOLDER|none host|emulated|cuda
 *
 * What arrives is looked at here; a wrong number ends all ranks.
 */
static int rank;
#include "common/mpi/sixteen_bits.h"
#include "common/tests/programs/device_buffers.h"

#include <mpi.h>

#define SIZES 4
static const int sizes[SIZES] = {0, 1, 1000, BUFFER_COUNT / 2}; /* MPI sends small ones at once */

static int ranks, to, from, rounds;
static float *sent, *got;

/* The same round on all ranks. */
static void begin_round(int count)
{
    rounds++;
    fill(sent, rank, rounds, count);
    untouch(got, count + 1);
}

static void expect(int count)
{
    CHECK(is_filled(got, from, rounds, count));
}

/* ---- sends ------------------------------------------------------------------------------------------- */

typedef int send_function(const void *, int, MPI_Datatype, int, int, MPI_Comm);
typedef int start_function(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

static void blocking(send_function *send, int count)
{
    MPI_Request request;
    begin_round(count);
    MUST(MPI_Irecv(got, count, MPI_FLOAT, from, 1, MPI_COMM_WORLD, &request));
    MUST(MPI_Barrier(MPI_COMM_WORLD));
    MUST(send(sent, count, MPI_FLOAT, to, 1, MPI_COMM_WORLD));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    expect(count);
}

static void starting(start_function *start, int count)
{
    MPI_Request request[2];
    begin_round(count);
    MUST(MPI_Irecv(got, count, MPI_FLOAT, from, 2, MPI_COMM_WORLD, &request[0]));
    MUST(MPI_Barrier(MPI_COMM_WORLD));
    MUST(start(sent, count, MPI_FLOAT, to, 2, MPI_COMM_WORLD, &request[1]));
    MUST(MPI_Waitall(2, request, MPI_STATUSES_IGNORE));
    expect(count);
}

static void all_sends(int count)
{
    send_function *const sends[] = {MPI_Send, MPI_Ssend, MPI_Bsend, MPI_Rsend};
    start_function *const starts[] = {MPI_Isend, MPI_Issend, MPI_Ibsend, MPI_Irsend};
    for (int i = 0; i < 4; i++) {
        blocking(sends[i], count);
        starting(starts[i], count);
    }
}

/* ---- both at once --------------------------------------------------------------------------------------- */

static void both(int count)
{
    MPI_Status status;
    int came;
    begin_round(count);
    MUST(MPI_Sendrecv(sent, count, MPI_FLOAT, to, 3, got, BUFFER_COUNT - 1, MPI_FLOAT, from, 3,
                      MPI_COMM_WORLD, &status));
    MUST(MPI_Get_count(&status, MPI_FLOAT, &came));
    CHECK(came == count);
    expect(count);
    begin_round(count);
    fill(got, rank, rounds, count);
    MUST(MPI_Sendrecv_replace(got, count, MPI_FLOAT, to, 4, from, 4, MPI_COMM_WORLD,
                              MPI_STATUS_IGNORE));
    expect(count);
}

/* From the host's memory into the GPU's, and the other way. */
static void mixed(int count)
{
    float *on_device = got, *on_host = buffer_on(DEVICE_CPU);
    begin_round(count);
    fill(on_host, rank, rounds, count);
    MUST(MPI_Sendrecv(on_host, count, MPI_FLOAT, to, 5, on_device, count, MPI_FLOAT, from, 5,
                      MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    expect(count);
    begin_round(count);
    got = on_host;
    untouch(got, count + 1);
    MUST(MPI_Sendrecv(sent, count, MPI_FLOAT, to, 6, on_host, count, MPI_FLOAT, from, 6,
                      MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    expect(count);
    got = on_device;
    memory_release_on(DEVICE_CPU, MEMORY_WORKSPACE, on_host, BUFFER_COUNT * sizeof(float));
}

/* ---- probes ----------------------------------------------------------------------------------------------- */

static void probed(int way, int count)
{
    MPI_Request request, receive;
    MPI_Message message;
    MPI_Status status;
    int found = 0;
    begin_round(count);
    MUST(MPI_Isend(sent, count, MPI_FLOAT, to, 7, MPI_COMM_WORLD, &request));
    if (way == 0)
        MUST(MPI_Probe(from, 7, MPI_COMM_WORLD, &status));
    while (way == 1 && !found)
        MUST(MPI_Iprobe(from, 7, MPI_COMM_WORLD, &found, &status));
    while (way == 4 && !found)
        MUST(MPI_Improbe(from, 7, MPI_COMM_WORLD, &found, &message, &status));
    if (way == 2 || way == 3)
        MUST(MPI_Mprobe(from, 7, MPI_COMM_WORLD, &message, &status));
    if (way < 2)
        MUST(MPI_Recv(got, count, MPI_FLOAT, from, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    else if (way == 2)
        MUST(MPI_Mrecv(got, count, MPI_FLOAT, &message, &status));
    else
        MUST(MPI_Imrecv(got, count, MPI_FLOAT, &message, &receive));
    if (way > 2)
        MUST(MPI_Wait(&receive, MPI_STATUS_IGNORE));
    expect(count);
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
}

/* ---- odd ones ------------------------------------------------------------------------------------------------ */

/* Less than there is room for; into the middle of a buffer; of a type that is made of others without gaps. */
static void parts(void)
{
    MPI_Datatype row;
    float *const whole_sent = sent, *const whole_got = got;
    sent += 13;
    got += 17;
    both(999);
    MUST(MPI_Type_contiguous(10, MPI_FLOAT, &row));
    MUST(MPI_Type_commit(&row));
    begin_round(50);
    MUST(
        MPI_Sendrecv(sent, 5, row, to, 8, got, 7, row, from, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    expect(50);
    MUST(MPI_Type_free(&row));
    sent = whole_sent;
    got = whole_got;
}

/* One receive of `count` of a type, to `place`, in each of the ways in which its room can be made. */
static void receive(int way, float *place, int count, MPI_Datatype type)
{
    MPI_Request request;
    if (way == 0) {
        MUST(MPI_Recv(place, count, type, from, 11, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        return;
    }
    if (way == 1)
        MUST(MPI_Irecv(place, count, type, from, 11, MPI_COMM_WORLD, &request));
    else
        MUST(MPI_Recv_init(place, count, type, from, 11, MPI_COMM_WORLD, &request));
    if (way == 2)
        MUST(MPI_Start(&request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    if (way == 2)
        MUST(MPI_Request_free(&request));
}

/* Types whose numbers have no gaps, but another order in memory, and half of what there is room for. */
static void other_orders(int way)
{
    enum { HALF = 50 };
    MPI_Datatype second_half_first, backwards;
    MPI_Request request;
    MUST(MPI_Type_indexed(2, (int[]){HALF, HALF}, (int[]){HALF, 0}, MPI_FLOAT, &second_half_first));
    MUST(MPI_Type_create_resized(MPI_FLOAT, 0, -(MPI_Aint)sizeof(float), &backwards));
    MUST(MPI_Type_commit(&second_half_first));
    MUST(MPI_Type_commit(&backwards));
    for (int is_backwards = 0; is_backwards < 2; is_backwards++) {
        begin_round(HALF);
        untouch(got, 2 * HALF);
        MUST(MPI_Isend(sent, HALF, MPI_FLOAT, to, 11, MPI_COMM_WORLD, &request));
        if (is_backwards)
            receive(way, got + 2 * HALF - 1, 2 * HALF, backwards);
        else
            receive(way, got, 1, second_half_first);
        MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
        const float *x = buffer_get(got, 2 * HALF);
        for (int i = 0; i < HALF; i++) {
            CHECK(x[i] == UNTOUCHED);
            CHECK(x[is_backwards ? 2 * HALF - 1 - i : HALF + i] == number(from, rounds, i));
        }
    }
    MUST(MPI_Type_free(&second_half_first));
    MUST(MPI_Type_free(&backwards));
}

static void nobody(void)
{
    MPI_Status status;
    begin_round(0);
    MUST(MPI_Sendrecv(sent, 10, MPI_FLOAT, MPI_PROC_NULL, 9, got, 10, MPI_FLOAT, MPI_PROC_NULL, 9,
                      MPI_COMM_WORLD, &status));
    expect(0);
    MUST(MPI_Sendrecv(NULL, 0, MPI_FLOAT, to, 9, NULL, 0, MPI_FLOAT, from, 9, MPI_COMM_WORLD,
                      &status));
}

/* Longer than there is room for: what fits has come, and no more. */
static void truncated(void)
{
    int class;
    MPI_Request request;
    begin_round(1000);
    MUST(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    MUST(MPI_Isend(sent, 1000, MPI_FLOAT, to, 10, MPI_COMM_WORLD, &request));
    const int error = MPI_Recv(got, 600, MPI_FLOAT, from, 10, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MUST(MPI_Error_class(error, &class));
    CHECK(class == MPI_ERR_TRUNCATE);
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    MUST(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL));
    expect(600);
}

/* Sums of 16-bit numbers, which are the kit's own: 1 + 2 + … of every rank. */
static void sixteen_bits(void)
{
    const uint16_t one_to_four[] = {0x3f80, 0x4000, 0x4040, 0x4080};
    const uint16_t sums[] = {0, 0x3f80, 0x4040, 0x40c0, 0x4120};
    uint16_t x[100];
    float pairs[50];
    for (int i = 0; i < 100; i++)
        x[i] = one_to_four[rank];
    memcpy(pairs, x, sizeof x);
    buffer_put(got, pairs, 50);
    MUST(MPI_Allreduce(MPI_IN_PLACE, got, 100, mpi_bfloat16(), mpi_bfloat16_sum(), MPI_COMM_WORLD));
    memcpy(x, buffer_get(got, 50), sizeof x);
    for (int i = 0; i < 100; i++)
        CHECK(x[i] == sums[ranks]);
}

int main(int argc, char **argv)
{
    begin_program(&argc, &argv, &rank, &ranks);
    to = (rank + 1) % ranks;
    from = (rank + ranks - 1) % ranks;
    sent = buffer_new();
    got = buffer_new();
    int room = 8 * (BUFFER_COUNT * (int)sizeof(float) + MPI_BSEND_OVERHEAD);
    void *buffered = malloc((size_t)room);
    CHECK(buffered != NULL && ranks <= 4);
    MUST(MPI_Buffer_attach(buffered, room));
    for (int i = 0; i < SIZES; i++) {
        all_sends(sizes[i]);
        both(sizes[i]);
        mixed(sizes[i]);
        for (int way = 0; way < 5; way++)
            probed(way, sizes[i]);
    }
    parts();
    for (int way = 0; way < 3; way++)
        other_orders(way);
    nobody();
    if (ranks > 1) /* to itself, Open MPI writes more than fits */
        truncated();
    sixteen_bits();
    MUST(MPI_Buffer_detach(&buffered, &room));
    free(buffered);
    return end_program();
}
