/*
 * One-sided calls, all that there are, on three ranks; it checks what arrives. Its communicator has the
 * ranks of the world backwards, and rank r puts, gets and adds 1000 r + i. The folder for the log is
 * the first argument. The second makes it hang: "fence": rank 1 does not come to a fence; "lock": rank 1
 * wants what rank 0 has locked for ever; "wait": rank 1 never completes what rank 0 has posted.
 */
#include "common/base/machine.h"
#include "common/tests/programs/checked.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT 100

static int rank, own; /* in the world, and in the communicator */
static int next, last;
static MPI_Comm backwards;

/* Which world rank a rank of the communicator is, and the other way round. */
static int other(int r)
{
    return 2 - r;
}

static void fill(int *numbers, int from)
{
    for (int i = 0; i < COUNT; i++)
        numbers[i] = 1000 * from + i;
}

static bool came_from(const int *numbers, int from)
{
    for (int i = 0; i < COUNT; i++)
        if (numbers[i] != 1000 * from + i)
            return false;
    return true;
}

static void fences(void)
{
    int *memory, mine[COUNT], got[COUNT] = {0};
    MPI_Win window;
    fill(mine, rank);
    MUST(MPI_Win_allocate(2 * COUNT * sizeof(int), sizeof(int), MPI_INFO_NULL, backwards, &memory,
                          &window));
    memset(memory, 0, 2 * COUNT * sizeof(int));
    MUST(MPI_Win_fence(0, window));
    MUST(MPI_Put(mine, COUNT, MPI_INT, next, COUNT, COUNT, MPI_INT, window));
    MUST(MPI_Win_fence(0, window));
    CHECK(came_from(memory + COUNT, other(last)));
    MUST(MPI_Get(got, COUNT, MPI_INT, last, COUNT, COUNT, MPI_INT, window));
    MUST(MPI_Accumulate(mine, COUNT, MPI_INT, 0, 0, COUNT, MPI_INT, MPI_SUM, window));
    MUST(MPI_Win_fence(0, window));
    CHECK(came_from(got, other((last + 2) % 3)));
    CHECK(own != 0 || (memory[0] == 3000 && memory[COUNT - 1] == 3000 + 3 * (COUNT - 1)));
    MUST(MPI_Win_free(&window));
    CHECK(window == MPI_WIN_NULL);
}

/* Two ranks at a time would not know who is first: one after the other. */
static void one_with_locks(MPI_Win window, int *mine)
{
    int got[COUNT] = {0}, one = 1, two = 2, old = -1;
    MPI_Request request;
    MUST(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, next, 0, window));
    MUST(MPI_Put(mine, COUNT, MPI_INT, next, 0, COUNT, MPI_INT, window));
    MUST(MPI_Win_flush(next, window));
    MUST(MPI_Get(got, COUNT, MPI_INT, next, 0, COUNT, MPI_INT, window));
    MUST(MPI_Win_flush_local(next, window));
    CHECK(came_from(got, rank));
    MUST(MPI_Get_accumulate(mine, COUNT, MPI_INT, got, COUNT, MPI_INT, next, 0, COUNT, MPI_INT,
                            MPI_SUM, window));
    MUST(MPI_Win_unlock(next, window));
    CHECK(came_from(got, rank));

    MUST(MPI_Win_lock_all(0, window));
    MUST(MPI_Rget(got, COUNT, MPI_INT, next, 0, COUNT, MPI_INT, window, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(got[1] == 2 * mine[1]);
    MUST(MPI_Rput(mine, COUNT, MPI_INT, next, 0, COUNT, MPI_INT, window, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    MUST(MPI_Win_flush_all(window));
    MUST(MPI_Raccumulate(mine, COUNT, MPI_INT, next, 0, COUNT, MPI_INT, MPI_SUM, window, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    MUST(MPI_Win_flush_local_all(window));
    MUST(MPI_Win_flush_all(window));
    MUST(MPI_Rget_accumulate(NULL, 0, MPI_INT, got, COUNT, MPI_INT, next, 0, COUNT, MPI_INT,
                             MPI_NO_OP, window, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(got[1] == 2 * mine[1]);
    MUST(MPI_Fetch_and_op(&one, &old, MPI_INT, next, COUNT, MPI_SUM, window));
    MUST(MPI_Win_flush(next, window));
    CHECK(old == 0);
    MUST(MPI_Compare_and_swap(&two, &one, &old, MPI_INT, next, COUNT, window));
    MUST(MPI_Win_unlock_all(window));
    CHECK(old == 1);
}

static void locks(void)
{
    static int memory[COUNT + 1];
    int mine[COUNT];
    MPI_Win window;
    fill(mine, rank);
    memset(memory, 0, sizeof memory);
    MUST(MPI_Win_create(memory, sizeof memory, sizeof(int), MPI_INFO_NULL, backwards, &window));
    for (int turn = 0; turn < 3; turn++) {
        if (turn == own)
            one_with_locks(window, mine);
        MUST(MPI_Barrier(backwards));
    }
    MUST(MPI_Win_lock(MPI_LOCK_SHARED, own, 0, window));
    MUST(MPI_Win_sync(window));
    CHECK(memory[COUNT] == 2);
    MUST(MPI_Win_unlock(own, window));
    MUST(MPI_Win_free(&window));
}

/* Every rank is written to by the one before it. */
static void groups(void)
{
    int memory[COUNT] = {0}, mine[COUNT], through = 0;
    MPI_Group all, before, behind;
    MPI_Win window;
    fill(mine, rank);
    MUST(MPI_Comm_group(backwards, &all));
    MUST(MPI_Group_incl(all, 1, &last, &before));
    MUST(MPI_Group_incl(all, 1, &next, &behind));
    MUST(MPI_Win_create(memory, sizeof memory, 1, MPI_INFO_NULL, backwards, &window));
    MUST(MPI_Win_post(before, 0, window));
    MUST(MPI_Win_start(behind, 0, window));
    MUST(MPI_Put(mine, COUNT, MPI_INT, next, 0, COUNT, MPI_INT, window));
    MUST(MPI_Win_complete(window));
    if (own == 0 && strcmp(machine_name(), "real") == 0) /* the simulated one has no such test */
        while (!through)
            MUST(MPI_Win_test(window, &through));
    else
        MUST(MPI_Win_wait(window));
    CHECK(came_from(memory, other(last)));
    MUST(MPI_Win_free(&window));
    MUST(MPI_Group_free(&all));
    MUST(MPI_Group_free(&before));
    MUST(MPI_Group_free(&behind));
}

static void shared_and_dynamic(void)
{
    int *memory, *of_next, unit, here[4] = {0}, value = 7 + rank;
    MPI_Aint size, place, place_of_next;
    MPI_Win window;
    MUST(MPI_Win_allocate_shared(sizeof(int), sizeof(int), MPI_INFO_NULL, backwards, &memory,
                                 &window));
    MUST(MPI_Win_lock_all(0, window));
    *memory = rank;
    MUST(MPI_Win_sync(window));
    MUST(MPI_Barrier(backwards));
    MUST(MPI_Win_shared_query(window, next, &size, &unit, &of_next));
    CHECK(*of_next == other(next));
    MUST(MPI_Win_unlock_all(window));
    MUST(MPI_Win_free(&window));

    MUST(MPI_Win_create_dynamic(MPI_INFO_NULL, backwards, &window));
    MUST(MPI_Win_attach(window, here, sizeof here));
    MUST(MPI_Get_address(here, &place));
    MUST(MPI_Sendrecv(&place, 1, MPI_AINT, last, 0, &place_of_next, 1, MPI_AINT, next, 0, backwards,
                      MPI_STATUS_IGNORE));
    MUST(MPI_Win_fence(0, window));
    MUST(MPI_Put(&value, 1, MPI_INT, next, place_of_next, 1, MPI_INT, window));
    MUST(MPI_Win_fence(0, window));
    CHECK(here[0] == 7 + other(last));
    MUST(MPI_Win_detach(window, here));
    MUST(MPI_Win_free(&window));
}

static void hang(const char *way)
{
    int memory = 0;
    MPI_Group all, two;
    MPI_Win window;
    MUST(MPI_Win_create(&memory, sizeof memory, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &window));
    if (strcmp(way, "fence") == 0) {
        if (rank == 1)
            MUST(MPI_Recv(&memory, 1, MPI_INT, 0, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        MUST(MPI_Win_fence(0, window));
    } else if (strcmp(way, "lock") == 0) {
        if (rank == 0)
            MUST(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 2, 0, window));
        if (rank == 0)
            MUST(MPI_Put(&rank, 1, MPI_INT, 2, 0, 1, MPI_INT, window));
        if (rank == 0)
            MUST(MPI_Win_flush(2, window));
        MUST(MPI_Barrier(MPI_COMM_WORLD));
        if (rank == 1) {
            MUST(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 2, 0, window));
            MUST(MPI_Put(&rank, 1, MPI_INT, 2, 0, 1, MPI_INT, window));
            MUST(MPI_Win_unlock(2, window));
        }
    } else if (strcmp(way, "wait") == 0 && rank == 0) {
        MUST(MPI_Comm_group(MPI_COMM_WORLD, &all));
        MUST(MPI_Group_incl(all, 1, (int[]){1}, &two));
        MUST(MPI_Win_post(two, 0, window));
        MUST(MPI_Win_wait(window));
    }
    MUST(MPI_Barrier(MPI_COMM_WORLD));
}

int main(int argc, char **argv)
{
    int ranks;
    if (argc < 2)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    CHECK(ranks == 3);
    log_open(argv[1], rank, ranks, 1);
    if (argc > 2) {
        alarm(2); /* on a real machine nobody notices */
        hang(argv[2]);
        return 1;
    }
    MUST(MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &backwards));
    own = 2 - rank;
    next = (own + 1) % 3;
    last = (own + 2) % 3;
    fences();
    locks();
    groups();
    shared_and_dynamic();
    MUST(MPI_Comm_free(&backwards));
    return end_program();
}
