/*
 * Calls nearly everything that the log records, on three ranks, and checks what
 * arrives: a wrapper that spoils a call is found out here. The folder for the
 * log is the first argument; "-": no log.
 */

#include "common/tests/programs/checked.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT 2000 /* integers: more than goes out at once */

static int rank, ranks, next, last;

static void fill(int *numbers, int from)
{
    for (int i = 0; i < COUNT; i++)
        numbers[i] = 1000000 * from + i;
}

static bool came_from(const int *numbers, int from)
{
    for (int i = 0; i < COUNT; i++)
        if (numbers[i] != 1000000 * from + i)
            return false;
    return true;
}

typedef int start_function(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

static void point_to_point(MPI_Comm comm)
{
    static int out[COUNT], in[COUNT];
    fill(out, rank);
    start_function *const start[] = {MPI_Isend, MPI_Issend, MPI_Ibsend};
    MPI_Request request[2];
    MPI_Status status[2];
    for (int i = 0; i < 3; i++) {
        memset(in, 0, sizeof in);
        MUST(MPI_Irecv(in, COUNT, MPI_INT, i == 1 ? MPI_ANY_SOURCE : last, i, comm, &request[0]));
        MUST(start[i](out, COUNT, MPI_INT, next, i, comm, &request[1]));
        MUST(MPI_Waitall(2, request, i == 0 ? MPI_STATUSES_IGNORE : status));
        CHECK(came_from(in, last) && request[0] == MPI_REQUEST_NULL);
        CHECK(i == 0 || (status[0].MPI_SOURCE == last && status[0].MPI_TAG == i));
    }
    memset(in, 0, sizeof in);
    MUST(MPI_Sendrecv(out, COUNT, MPI_INT, next, 7, in, COUNT, MPI_INT, last, 7, comm, status));
    CHECK(came_from(in, last) && status[0].MPI_SOURCE == last);
    memcpy(in, out, sizeof in);
    MUST(MPI_Sendrecv_replace(in, COUNT, MPI_INT, next, 8, last, 8, comm, MPI_STATUS_IGNORE));
    CHECK(came_from(in, last));

    typedef int send_function(const void *, int, MPI_Datatype, int, int, MPI_Comm);
    send_function *const send[] = {MPI_Send, MPI_Ssend, MPI_Bsend};
    for (int i = 0; i < 3; i++) {
        memset(in, 0, sizeof in);
        if (rank == 0) {
            MUST(send[i](out, COUNT, MPI_INT, 1, 9, comm));
        } else if (rank == 1) {
            MUST(MPI_Recv(in, COUNT, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm,
                          i == 0 ? MPI_STATUS_IGNORE : status));
            CHECK(came_from(in, 0));
        }
    }
    MUST(MPI_Send(out, COUNT, MPI_INT, MPI_PROC_NULL, 9, comm));
    MUST(MPI_Recv(in, COUNT, MPI_INT, MPI_PROC_NULL, 9, comm, status));
    CHECK(status[0].MPI_SOURCE == MPI_PROC_NULL);
}

/* Small messages, whose requests share a handle, and every way to wait and test. */
static void small_messages(MPI_Comm comm)
{
    enum { MESSAGES = 6 };
    for (int way = 0; way < 7; way++) {
        int out[MESSAGES], in[MESSAGES], index[2 * MESSAGES], some, flag;
        MPI_Request request[2 * MESSAGES], made;
        for (int i = 0; i < MESSAGES; i++) {
            out[i] = 100 * rank + i;
            MUST(MPI_Isend(&out[i], 1, MPI_INT, next, i, comm, &made));
            request[i] = made;
            MUST(MPI_Irecv(&in[i], 1, MPI_INT, last, i, comm, &request[MESSAGES + i]));
        }
        for (int left = 2 * MESSAGES; left > 0;) {
            some = 1;
            flag = 1;
            if (way == 0) {
                MUST(MPI_Wait(&request[2 * MESSAGES - left], MPI_STATUS_IGNORE));
            } else if (way == 1) {
                MUST(MPI_Waitany(2 * MESSAGES, request, &index[0], MPI_STATUS_IGNORE));
            } else if (way == 2) {
                MUST(MPI_Waitsome(2 * MESSAGES, request, &some, index, MPI_STATUSES_IGNORE));
            } else if (way == 3) {
                MUST(MPI_Test(&request[2 * MESSAGES - left], &flag, MPI_STATUS_IGNORE));
            } else if (way == 4) {
                MUST(MPI_Testall(2 * MESSAGES, request, &flag, MPI_STATUSES_IGNORE));
                some = 2 * MESSAGES;
            } else if (way == 5) {
                MUST(MPI_Testany(2 * MESSAGES, request, &index[0], &flag, MPI_STATUS_IGNORE));
            } else {
                MUST(MPI_Testsome(2 * MESSAGES, request, &some, index, MPI_STATUSES_IGNORE));
            }
            left -= flag ? some : 0;
        }
        for (int i = 0; i < MESSAGES; i++)
            CHECK(in[i] == 100 * last + i);
    }
}

static void persistent_and_probes(MPI_Comm comm)
{
    static int out[COUNT], in[COUNT];
    MPI_Request request[2];
    MPI_Status status;
    MPI_Message message;
    int flag = 0, count;
    MUST(MPI_Send_init(out, COUNT, MPI_INT, next, 3, comm, &request[0]));
    MUST(MPI_Recv_init(in, COUNT, MPI_INT, last, 3, comm, &request[1]));
    for (int i = 0; i < 3; i++) {
        fill(out, rank + 10 * i);
        if (i == 0) {
            MUST(MPI_Startall(2, request));
        } else {
            MUST(MPI_Start(&request[1]));
            MUST(MPI_Start(&request[0]));
        }
        MUST(MPI_Waitall(2, request, MPI_STATUSES_IGNORE));
        CHECK(came_from(in, last + 10 * i));
    }
    MUST(MPI_Request_free(&request[0]));
    MUST(MPI_Request_free(&request[1]));

    fill(out, rank);
    MUST(MPI_Isend(out, COUNT, MPI_INT, next, 4, comm, &request[0]));
    MUST(MPI_Probe(MPI_ANY_SOURCE, 4, comm, &status));
    MUST(MPI_Get_count(&status, MPI_INT, &count));
    CHECK(count == COUNT && status.MPI_SOURCE == last);
    MUST(MPI_Mprobe(last, MPI_ANY_TAG, comm, &message, MPI_STATUS_IGNORE));
    MUST(MPI_Mrecv(in, COUNT, MPI_INT, &message, &status));
    CHECK(came_from(in, last) && status.MPI_TAG == 4);
    MUST(MPI_Wait(&request[0], &status));

    MUST(MPI_Isend(out, COUNT, MPI_INT, next, 5, comm, &request[0]));
    while (!flag)
        MUST(MPI_Iprobe(last, 5, comm, &flag, MPI_STATUS_IGNORE));
    for (flag = 0; !flag;)
        MUST(MPI_Improbe(last, 5, comm, &flag, &message, &status));
    MUST(MPI_Imrecv(in, COUNT, MPI_INT, &message, &request[1]));
    MUST(MPI_Waitall(2, request, MPI_STATUSES_IGNORE));
    CHECK(came_from(in, last));

    MUST(MPI_Irecv(in, 1, MPI_INT, last, 99, comm, &request[0]));
    MUST(MPI_Cancel(&request[0]));
    MUST(MPI_Wait(&request[0], &status));
    MUST(MPI_Test_cancelled(&status, &flag));
    CHECK(flag);
}

/* Every other column of a matrix: gaps in memory. The type goes before the message does. */
static void with_gaps(MPI_Comm comm)
{
    int out[8][6], in[8][6];
    MPI_Datatype column;
    MPI_Request request[2];
    for (int i = 0; i < 48; i++) {
        out[i / 6][i % 6] = 1000 * rank + i;
        in[i / 6][i % 6] = -1;
    }
    MUST(MPI_Type_vector(8, 1, 6, MPI_INT, &column));
    MUST(MPI_Type_commit(&column));
    MUST(MPI_Irecv(&in[0][2], 1, column, last, 11, comm, &request[0]));
    MUST(MPI_Isend(&out[0][1], 1, column, next, 11, comm, &request[1]));
    MUST(MPI_Type_free(&column));
    MUST(MPI_Waitall(2, request, MPI_STATUSES_IGNORE));
    for (int i = 0; i < 8; i++)
        CHECK(in[i][2] == 1000 * last + 6 * i + 1 && in[i][1] == -1 && in[i][3] == -1);
}

/* A send of two elements a page apart, whose second page goes before it is waited for. */
static void with_memory_gone(MPI_Comm comm)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const int per_page = (int)(page / sizeof(int));
    static int in[COUNT];
    char *out = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MPI_Datatype row, spread;
    MPI_Request request;
    int sent = 0;
    CHECK(out != MAP_FAILED && 2 * (per_page / 2) <= COUNT);
    MUST(MPI_Type_contiguous(per_page / 2, MPI_INT, &row));
    MUST(MPI_Type_create_resized(row, 0, (MPI_Aint)page, &spread));
    MUST(MPI_Type_commit(&spread));
    MUST(MPI_Issend(out, 2, spread, next, 12, comm, &request));
    MUST(MPI_Recv(in, COUNT, MPI_INT, last, 12, comm, MPI_STATUS_IGNORE));
    while (!sent)
        MUST(MPI_Request_get_status(request, &sent, MPI_STATUS_IGNORE));
    CHECK(munmap(out + page, page) == 0);
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(munmap(out, page) == 0);
    MUST(MPI_Type_free(&row));
    MUST(MPI_Type_free(&spread));
}

/* With MPI_IN_PLACE, count and datatype mean nothing, not even that there is one. */
static void in_place(MPI_Comm comm)
{
    const MPI_Datatype unset = (MPI_Datatype)NULL;
    int all[3] = {0, 0, 0};
    all[rank] = rank + 1;
    if (rank == 2)
        MUST(MPI_Gather(MPI_IN_PLACE, 9, unset, all, 1, MPI_INT, 2, comm));
    else
        MUST(MPI_Gather(&all[rank], 1, MPI_INT, NULL, 0, unset, 2, comm));
    CHECK(rank != 2 || all[0] + 10 * all[1] + 100 * all[2] == 321);
    all[rank] = rank + 1;
    MUST(MPI_Allgather(MPI_IN_PLACE, 9, unset, all, 1, MPI_INT, comm));
    CHECK(all[0] + 10 * all[1] + 100 * all[2] == 321);
    MUST(MPI_Alltoall(MPI_IN_PLACE, 9, unset, all, 1, MPI_INT, comm));
    CHECK(all[0] == rank + 1 && all[1] == rank + 1 && all[2] == rank + 1);
}

static void collectives(MPI_Comm comm)
{
    int mine = rank + 1, all[3], sum, block[3] = {rank, rank, rank}, ones[3] = {1, 1, 1};
    int places[3] = {0, 1, 2};
    MPI_Request request;
    MUST(MPI_Barrier(comm));
    sum = rank == 1 ? 42 : 0;
    MUST(MPI_Bcast(&sum, 1, MPI_INT, 1, comm));
    CHECK(sum == 42);
    MUST(MPI_Reduce(&mine, &sum, 1, MPI_INT, MPI_SUM, 0, comm));
    CHECK(rank != 0 || sum == 6);
    sum = mine;
    MUST(MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, comm));
    CHECK(sum == 6);
    MUST(MPI_Scan(&mine, &sum, 1, MPI_INT, MPI_SUM, comm));
    CHECK(sum == (rank + 1) * (rank + 2) / 2);
    MUST(MPI_Exscan(&mine, &sum, 1, MPI_INT, MPI_SUM, comm));
    CHECK(rank == 0 || sum == rank * (rank + 1) / 2);
    MUST(MPI_Reduce_scatter(block, &sum, ones, MPI_INT, MPI_SUM, comm));
    CHECK(sum == 3);
    MUST(MPI_Reduce_scatter_block(block, &sum, 1, MPI_INT, MPI_SUM, comm));
    CHECK(sum == 3);
    MUST(MPI_Gather(&mine, 1, MPI_INT, all, 1, MPI_INT, 2, comm));
    CHECK(rank != 2 || all[0] + 10 * all[1] + 100 * all[2] == 321);
    MUST(MPI_Gatherv(&mine, 1, MPI_INT, all, ones, places, MPI_INT, 2, comm));
    CHECK(rank != 2 || all[0] + 10 * all[1] + 100 * all[2] == 321);
    MUST(MPI_Allgather(&mine, 1, MPI_INT, all, 1, MPI_INT, comm));
    CHECK(all[0] + 10 * all[1] + 100 * all[2] == 321);
    MUST(MPI_Allgatherv(&mine, 1, MPI_INT, all, ones, places, MPI_INT, comm));
    CHECK(all[0] + 10 * all[1] + 100 * all[2] == 321);
    MUST(MPI_Scatter(all, 1, MPI_INT, &sum, 1, MPI_INT, 0, comm));
    CHECK(sum == mine);
    MUST(MPI_Scatterv(all, ones, places, MPI_INT, &sum, 1, MPI_INT, 0, comm));
    CHECK(sum == mine);
    MUST(MPI_Alltoall(block, 1, MPI_INT, all, 1, MPI_INT, comm));
    CHECK(all[0] == 0 && all[1] == 1 && all[2] == 2);
    MUST(MPI_Alltoallv(block, ones, places, MPI_INT, all, ones, places, MPI_INT, comm));
    CHECK(all[0] == 0 && all[1] == 1 && all[2] == 2);
    MUST(MPI_Ibarrier(comm, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    sum = rank == 2 ? 43 : 0;
    MUST(MPI_Ibcast(&sum, 1, MPI_INT, 2, comm, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(sum == 43);
    MUST(MPI_Ireduce(&mine, &sum, 1, MPI_INT, MPI_SUM, 0, comm, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(rank != 0 || sum == 6);
    MUST(MPI_Iallreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comm, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(sum == 6);
    MUST(MPI_Iallgather(&mine, 1, MPI_INT, all, 1, MPI_INT, comm, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(all[0] + 10 * all[1] + 100 * all[2] == 321);
    MUST(MPI_Ireduce_scatter(block, &sum, ones, MPI_INT, MPI_SUM, comm, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(sum == 3);
    MUST(MPI_Ireduce_scatter_block(block, &sum, 1, MPI_INT, MPI_SUM, comm, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(sum == 3);
}

static void communicators(void)
{
    MPI_Comm copy, half, pair;
    MPI_Group world, two;
    MUST(MPI_Comm_dup(MPI_COMM_WORLD, &copy));
    point_to_point(copy);
    collectives(copy);
    /* Ranks in reverse order: peers are recorded as ranks of the world. */
    MUST(MPI_Comm_split(MPI_COMM_WORLD, rank == 1 ? MPI_UNDEFINED : 0, -rank, &half));
    CHECK((half == MPI_COMM_NULL) == (rank == 1));
    if (half != MPI_COMM_NULL) {
        int number = rank;
        if (rank == 2)
            MUST(MPI_Send(&number, 1, MPI_INT, 1, 77, half));
        else
            MUST(MPI_Recv(&number, 1, MPI_INT, 0, 77, half, MPI_STATUS_IGNORE));
        CHECK(number == 2);
        MUST(MPI_Comm_free(&half));
    }
    MUST(MPI_Comm_group(MPI_COMM_WORLD, &world));
    MUST(MPI_Group_incl(world, 2, (int[]){0, 1}, &two));
    MUST(MPI_Comm_create(MPI_COMM_WORLD, two, &pair));
    if (pair != MPI_COMM_NULL) {
        MUST(MPI_Barrier(pair));
        MUST(MPI_Comm_free(&pair));
    }
    MUST(MPI_Group_free(&world));
    MUST(MPI_Group_free(&two));
    MUST(MPI_Comm_free(&copy));
}

int main(int argc, char **argv)
{
    static char room[4 * COUNT * sizeof(int) + 4 * MPI_BSEND_OVERHEAD];
    if (argc < 2)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    next = (rank + 1) % ranks;
    last = (rank + ranks - 1) % ranks;
    CHECK(ranks == 3);
    PMPI_Buffer_attach(room, sizeof room);
    if (strcmp(argv[1], "-") != 0)
        log_open(argv[1], rank, ranks, 1);
    point_to_point(MPI_COMM_WORLD);
    small_messages(MPI_COMM_WORLD);
    persistent_and_probes(MPI_COMM_WORLD);
    with_gaps(MPI_COMM_WORLD);
    with_memory_gone(MPI_COMM_WORLD);
    in_place(MPI_COMM_WORLD);
    collectives(MPI_COMM_WORLD);
    communicators();
    return end_program();
}
