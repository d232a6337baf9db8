/*
 * Messages of the GPU's memory that end otherwise than by a wait that goes well: nothing of them may be left. For
 * common/mpi/tests/test_device_messages.c, on two ranks:
 *
 *     device_leftovers FOLDER|none host|emulated|cuda
 *
 * What arrives is looked at here; a wrong number ends all ranks.
 */
static int rank;
#include "common/mpi/collective.h"
#include "common/tests/programs/device_buffers.h"

#include <mpi.h>
#include <unistd.h>

enum { LONG = 1000, ROOM = 600, SEVERAL = 8 };

static int other, rounds;
static float *sent, *got;

static void begin_round(void)
{
    rounds++;
    fill(sent, rank, rounds, LONG);
    untouch(got, 2 * LONG);
}

static void must_be_truncated(int error)
{
    int class;
    MUST(MPI_Error_class(error, &class));
    CHECK(class == MPI_ERR_TRUNCATE || class == MPI_ERR_IN_STATUS);
}

/* Their requests get the handles of those that MPI has freed; and they have nothing to do with the GPU. */
static void messages_of_the_host(void)
{
    static float from_here[SEVERAL][LONG], to_here[SEVERAL][LONG];
    MPI_Request request[3 * SEVERAL];
    untouch(got, 2 * LONG);
    for (int i = 0; i < SEVERAL; i++) {
        MUST(MPI_Irecv(to_here[i], LONG, MPI_FLOAT, other, 1, MPI_COMM_WORLD, &request[i]));
        MUST(MPI_Recv_init(to_here[i], LONG, MPI_FLOAT, other, 2, MPI_COMM_WORLD,
                           &request[SEVERAL + i]));
        MUST(MPI_Start(&request[SEVERAL + i]));
    }
    for (int i = 0; i < 2 * SEVERAL; i++)
        MUST(MPI_Send(from_here[i % SEVERAL], LONG, MPI_FLOAT, other, 1 + i / SEVERAL,
                      MPI_COMM_WORLD));
    for (int i = 0; i < 2 * SEVERAL; i++)
        MUST(MPI_Wait(&request[i], MPI_STATUS_IGNORE));
    for (int i = 0; i < SEVERAL; i++)
        MUST(MPI_Request_free(&request[SEVERAL + i]));
    const float *x = buffer_get(got, 2 * LONG);
    for (int i = 0; i < 2 * LONG; i++)
        CHECK(x[i] == UNTOUCHED);
    CHECK(!staged_requests_exist());
}

/* ---- messages that are too long ---------------------------------------------------------------------------- */

static void send_two(void)
{
    MPI_Request request[2];
    for (int i = 0; i < 2; i++)
        MUST(MPI_Isend(sent, LONG, MPI_FLOAT, other, 3 + i, MPI_COMM_WORLD, &request[i]));
    MUST(MPI_Waitall(2, request, MPI_STATUSES_IGNORE));
    MUST(MPI_Barrier(MPI_COMM_WORLD)); /* now both have arrived here */
}

static int end_any(MPI_Request request[2])
{
    int index;
    return MPI_Waitany(2, request, &index, MPI_STATUS_IGNORE);
}

static int end_some(MPI_Request request[2])
{
    int some, index[2];
    return MPI_Waitsome(2, request, &some, index, MPI_STATUSES_IGNORE);
}

static int end_all(MPI_Request request[2])
{
    return MPI_Waitall(2, request, MPI_STATUSES_IGNORE);
}

static int test_any(MPI_Request request[2])
{
    int index, flag;
    return MPI_Testany(2, request, &index, &flag, MPI_STATUS_IGNORE);
}

static int test_all(MPI_Request request[2])
{
    int flag;
    return MPI_Testall(2, request, &flag, MPI_STATUSES_IGNORE);
}

static int (*const ends[])(MPI_Request[2]) = {end_any, end_some, end_all, test_any, test_all};

/* One is told, and MPI frees both. */
static void two_truncated(int (*end)(MPI_Request[2]), bool persistent)
{
    MPI_Request request[2];
    begin_round();
    for (int i = 0; i < 2; i++)
        MUST((persistent ? MPI_Recv_init : MPI_Irecv)(got + i * LONG, ROOM, MPI_FLOAT, other, 3 + i,
                                                      MPI_COMM_WORLD, &request[i]));
    if (persistent)
        MUST(MPI_Startall(2, request));
    send_two();
    const int error = end(request);
    if (!persistent || error != MPI_SUCCESS) /* of persistent ones Open MPI does not always tell */
        must_be_truncated(error);
    CHECK(is_filled(got, other, rounds, ROOM));
    for (int i = 0; i < 2; i++)
        MPI_Wait(&request[i], MPI_STATUS_IGNORE);
    for (int i = 0; i < 2; i++)
        if (request[i] != MPI_REQUEST_NULL)
            MUST(MPI_Request_free(&request[i]));
    messages_of_the_host();
}

/* One is too long, the other is not: its numbers are there. */
static void one_truncated(void)
{
    MPI_Request request[2];
    MPI_Status status[2];
    begin_round();
    MUST(MPI_Irecv(got, ROOM, MPI_FLOAT, other, 3, MPI_COMM_WORLD, &request[0]));
    MUST(MPI_Irecv(got + LONG, LONG + 5, MPI_FLOAT, other, 4, MPI_COMM_WORLD, &request[1]));
    untouch(got + 2 * LONG, 1);
    send_two();
    must_be_truncated(MPI_Waitall(2, request, status));
    CHECK(is_filled(got, other, rounds, ROOM));
    CHECK(is_filled(got + LONG, other, rounds, LONG));
    messages_of_the_host();
}

/* ---- sends that nobody waits for --------------------------------------------------------------------------- */

static size_t resident_bytes(void)
{
    size_t all, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%zu %zu", &all, &resident) == 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Their memory of the host is used again, though the program never waits. */
static void freed(void)
{
    enum { SENDS = 100 };
    static float there[BUFFER_COUNT];
    size_t before = 0;
    for (int i = 0; i < SENDS; i++) {
        MPI_Request request;
        if (i == SENDS / 10)
            before = resident_bytes();
        MUST(MPI_Isend(sent, BUFFER_COUNT, MPI_FLOAT, other, 5, MPI_COMM_WORLD, &request));
        MUST(MPI_Request_free(&request));
        MUST(MPI_Recv(there, BUFFER_COUNT, MPI_FLOAT, other, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    }
    /* The log takes, and gives back, memory of its own, which a sanitizer keeps. */
    CHECK(log_is_open() || resident_bytes() < before + SENDS / 4 * sizeof there);
    MUST(MPI_Barrier(MPI_COMM_WORLD));
}

/* ---- what is looked at from within -------------------------------------------------------------------------- */

/* More than an int holds. */
static void long_message(void)
{
    const MPI_Count bytes = ((MPI_Count)5 << 30) + 3;
    const struct staged staged = {0};
    MPI_Status status = {0};
    uint64_t found = 0;
    MUST(MPI_Status_set_elements_x(&status, MPI_BYTE, bytes));
    MUST(MPI_Status_set_cancelled(&status, 0));
    CHECK(log_mpi_status_bytes(&status, &found) && found == (uint64_t)bytes);
    CHECK(staged_arrived(&staged, &status) == (uint64_t)bytes);
}

/* Does anything come back to this rank? */
static bool comes_back(enum log_operation operation, int root, const void *input,
                       const void *output)
{
    const struct log_mpi_collective call = {.operation = operation,
                                            .comm = MPI_COMM_WORLD,
                                            .root = root,
                                            .op = MPI_OP_NULL,
                                            .input = ONE(input, 10, MPI_FLOAT),
                                            .output = ONE(output, 10, MPI_FLOAT)};
    struct staged staged = staged_collective(&call);
    const bool comes = staged.comes.count > 0;
    staged_clear(&staged);
    return comes;
}

/* What a root gives, and keeps, is not copied to where it is. */
static void roots(void)
{
    CHECK(!comes_back(LOG_BCAST, rank, got, got) && !comes_back(LOG_IBCAST, rank, got, got));
    CHECK(!comes_back(LOG_SCATTER, rank, got, MPI_IN_PLACE));
    CHECK(comes_back(LOG_SCATTER, rank, got, sent));
    CHECK(comes_back(LOG_BCAST, other, got, got));
    CHECK(comes_back(LOG_SCATTER, other, NULL, got));
}

int main(int argc, char **argv)
{
    int ranks;
    begin_program(&argc, &argv, &rank, &ranks);
    CHECK(ranks == 2);
    other = 1 - rank;
    sent = buffer_new();
    got = buffer_new();
    MUST(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        two_truncated(ends[i], false);
        two_truncated(ends[i], true);
    }
    one_truncated();
    freed();
    long_message();
    if (device_is_open())
        roots();
    return end_program();
}
