/*
 * Requests whose messages are from and into the GPU's memory, ended in all ways and in odd orders, for
 * common/mpi/tests/test_device_messages.c:
 *
 *     device_requests FOLDER|none host|emulated|cuda
 *
 * What arrives is looked at here; a wrong number ends all ranks.
 */
static int rank;
#include "common/tests/programs/device_buffers.h"

#include <mpi.h>

enum { MESSAGES = 12, ALL = 2 * MESSAGES, EACH = BUFFER_COUNT / MESSAGES };

static int ranks, to, from, rounds;
static float *sent, *got;
static MPI_Request request[ALL]; /* receives, then sends */
static bool looked_at[MESSAGES];

static int count_of(int message)
{
    const int counts[] = {1, EACH - 2, 0, 700, 10, 5000};
    return counts[message % 6];
}

static float *part(float *buffer, int message)
{
    return buffer + message * EACH;
}

static int round_of(int message)
{
    return MESSAGES * rounds + message;
}

static void fill_all(void)
{
    rounds++;
    for (int i = 0; i < MESSAGES; i++) {
        fill(part(sent, i), rank, round_of(i), count_of(i));
        untouch(part(got, i), EACH);
        looked_at[i] = false;
    }
}

static int send(int i, MPI_Request *made)
{
    return (i % 3 == 0 ? MPI_Issend : MPI_Isend)(part(sent, i), count_of(i), MPI_FLOAT, to, i,
                                                 MPI_COMM_WORLD, made);
}

static int receive(int i, MPI_Request *made)
{
    return MPI_Irecv(part(got, i), EACH - 1, MPI_FLOAT, from, i, MPI_COMM_WORLD, made);
}

/* Some receives are there before their messages, some behind. */
static void begin_all(void)
{
    fill_all();
    for (int i = 0; i < MESSAGES; i += 2)
        MUST(receive(i, &request[i]));
    MUST(MPI_Barrier(MPI_COMM_WORLD));
    for (int i = MESSAGES - 1; i >= 0; i--)
        MUST(send(i, &request[MESSAGES + i]));
    for (int i = 1; i < MESSAGES; i += 2)
        MUST(receive(i, &request[i]));
}

/* A request of this number has completed. */
static void completed(int i)
{
    CHECK(i >= 0 && i < ALL);
    if (i >= MESSAGES)
        return;
    CHECK(!looked_at[i]);
    looked_at[i] = true;
    CHECK(is_filled(part(got, i), from, round_of(i), count_of(i)));
}

static void all_completed(void)
{
    for (int i = 0; i < MESSAGES; i++)
        completed(i);
}

/* ---- ways to end them --------------------------------------------------------------------------------- */

static void wait_backwards(void)
{
    for (int i = ALL - 1; i >= 0; i--) {
        MUST(MPI_Wait(&request[i], MPI_STATUS_IGNORE));
        completed(i);
    }
}

static void waitall(void)
{
    MPI_Status status[ALL];
    MUST(MPI_Waitall(ALL, request, status));
    all_completed();
}

static void waitany(void)
{
    for (int i = 0, index; i < ALL; i++) {
        MUST(MPI_Waitany(ALL, request, &index, MPI_STATUS_IGNORE));
        completed(index);
    }
}

static void waitsome(void)
{
    int index[ALL], some;
    for (int all = 0; all < ALL; all += some) {
        MUST(MPI_Waitsome(ALL, request, &some, index, MPI_STATUSES_IGNORE));
        for (int i = 0; i < some; i++)
            completed(index[i]);
    }
}

static void test_in_turn(void)
{
    bool ended[ALL] = {false};
    for (int all = 0, i = 5; all < ALL; i = (i + 7) % ALL) {
        int flag = 0;
        if (ended[i])
            continue;
        MUST(MPI_Test(&request[i], &flag, MPI_STATUS_IGNORE));
        if (flag)
            completed(i);
        ended[i] = flag;
        all += flag;
    }
}

static void testall(void)
{
    for (int flag = 0; !flag;)
        MUST(MPI_Testall(ALL, request, &flag, MPI_STATUSES_IGNORE));
    all_completed();
}

static void testany(void)
{
    for (int all = 0, index, flag; all < ALL; all += flag) {
        MUST(MPI_Testany(ALL, request, &index, &flag, MPI_STATUS_IGNORE));
        if (flag)
            completed(index);
    }
}

static void testsome(void)
{
    int index[ALL], some;
    for (int all = 0; all < ALL; all += some) {
        MUST(MPI_Testsome(ALL, request, &some, index, MPI_STATUSES_IGNORE));
        for (int i = 0; i < some; i++)
            completed(index[i]);
    }
}

/* The numbers are there when it says so; the wait behind it changes nothing. */
static void get_status(void)
{
    for (int i = 0; i < MESSAGES; i++) {
        for (int flag = 0; !flag;)
            MUST(MPI_Request_get_status(request[i], &flag, MPI_STATUS_IGNORE));
        completed(i);
        looked_at[i] = false;
        fill(part(got, i), rank, 0, 1);
    }
    MUST(MPI_Waitall(ALL, request, MPI_STATUSES_IGNORE));
    for (int i = 0; i < MESSAGES; i++)
        CHECK(buffer_get(part(got, i), 1)[0] == number(rank, 0, 0));
}

static void (*const ends[])(void) = {wait_backwards, waitall, waitany,  waitsome,  test_in_turn,
                                     testall,        testany, testsome, get_status};
enum { ENDS = sizeof ends / sizeof ends[0], SIMPLE_ENDS = ENDS - 1 };

/* ---- others -------------------------------------------------------------------------------------------- */

/* Made once, started again and again, with other numbers each time. */
static void persistent(void)
{
    for (int i = 0; i < MESSAGES; i++) {
        MUST(
            MPI_Recv_init(part(got, i), EACH - 1, MPI_FLOAT, from, i, MPI_COMM_WORLD, &request[i]));
        MUST((i % 3 == 0 ? MPI_Ssend_init : MPI_Send_init)(
            part(sent, i), count_of(i), MPI_FLOAT, to, i, MPI_COMM_WORLD, &request[MESSAGES + i]));
    }
    for (int i = 0; i < SIMPLE_ENDS; i++) {
        fill_all();
        if (i % 2 == 0)
            MUST(MPI_Startall(ALL, request));
        for (int j = ALL - 1; i % 2 == 1 && j >= 0; j--)
            MUST(MPI_Start(&request[j]));
        ends[i]();
    }
    for (int i = 0; i < ALL; i++)
        MUST(MPI_Request_free(&request[i]));
}

/* Sends that nobody waits for: when the answer is there, their buffers are free again. */
static void freed(void)
{
    for (int again = 0; again < 3; again++) {
        begin_all();
        for (int i = MESSAGES; i < ALL; i++)
            MUST(MPI_Request_free(&request[i]));
        for (int i = 0; i < MESSAGES; i++)
            MUST(MPI_Wait(&request[i], MPI_STATUS_IGNORE));
        all_completed();
        MUST(MPI_Barrier(MPI_COMM_WORLD));
    }
}

/* Nothing comes, and nothing is touched. */
static void cancelled(void)
{
    MPI_Status status;
    int is_cancelled;
    fill_all();
    MUST(MPI_Irecv(got, 100, MPI_FLOAT, from, 1000, MPI_COMM_WORLD, &request[0]));
    MUST(MPI_Cancel(&request[0]));
    MUST(MPI_Wait(&request[0], &status));
    MUST(MPI_Test_cancelled(&status, &is_cancelled));
    CHECK(is_cancelled && buffer_get(got, 1)[0] == UNTOUCHED);
}

/* Sums in place that are under way beside each other and beside messages. */
static void collectives(void)
{
    MPI_Request sum[MESSAGES];
    begin_all();
    float *sums = buffer_new();
    for (int i = 0; i < MESSAGES; i++) {
        fill(part(sums, i), 0, i, count_of(i));
        MUST(MPI_Iallreduce(MPI_IN_PLACE, part(sums, i), count_of(i), MPI_FLOAT, MPI_SUM,
                            MPI_COMM_WORLD, &sum[i]));
    }
    waitany();
    for (int i = MESSAGES - 1; i >= 0; i--) {
        MUST(MPI_Wait(&sum[i], MPI_STATUS_IGNORE));
        const float *x = buffer_get(part(sums, i), EACH);
        for (int j = 0; j < count_of(i); j++)
            CHECK(x[j] == (float)ranks * number(0, i, j));
    }
    memory_release_on(device_is_open() ? DEVICE_CUDA : DEVICE_CPU, MEMORY_WORKSPACE, sums,
                      BUFFER_COUNT * sizeof(float));
}

int main(int argc, char **argv)
{
    begin_program(&argc, &argv, &rank, &ranks);
    to = (rank + 1) % ranks;
    from = (rank + ranks - 1) % ranks;
    sent = buffer_new();
    got = buffer_new();
    for (int again = 0; again < 3; again++)
        for (int i = 0; i < ENDS; i++) {
            begin_all();
            ends[i]();
        }
    persistent();
    freed();
    cancelled();
    collectives();
    return end_program();
}
