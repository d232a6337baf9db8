/*
 * Communicators of every kind, for common/mpi/tests/test_log_groups.c, which knows who is in which:
 *
 *     log_groups FOLDER all|few        few: what the simulated cluster has
 *     log_groups FOLDER wrong NUMBER   a call with a wrong argument, which MPI refuses
 */

#include "common/tests/programs/checked.h"

#include <mpi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, ranks;

/* Calls something over it, and frees it. */
static void use(MPI_Comm comm)
{
    if (comm == MPI_COMM_NULL)
        return;
    MUST(MPI_Barrier(comm));
    MUST(MPI_Comm_free(&comm));
}

static void copies(void)
{
    MPI_Comm first, second, third;
    MUST(MPI_Comm_dup(MPI_COMM_WORLD, &first));
    MUST(MPI_Comm_dup(MPI_COMM_WORLD, &second));
    MUST(MPI_Comm_dup(first, &third));
    use(first);
    use(second);
    use(third);
    MUST(MPI_Comm_dup_with_info(MPI_COMM_WORLD, MPI_INFO_NULL, &first));
    use(first);
    MUST(MPI_Comm_dup(MPI_COMM_SELF, &first));
    MUST(MPI_Barrier(MPI_COMM_SELF));
    MUST(MPI_Barrier(first));
    MUST(MPI_Comm_disconnect(&first));
}

/* Two copies under way at once, which other calls overtake. */
static void copies_later(void)
{
    MPI_Comm first, second, between;
    MPI_Request request[2];
    MUST(MPI_Comm_idup(MPI_COMM_WORLD, &first, &request[0]));
    MUST(MPI_Comm_idup(MPI_COMM_WORLD, &second, &request[1]));
    MUST(MPI_Barrier(MPI_COMM_WORLD));
    MUST(MPI_Wait(&request[1], MPI_STATUS_IGNORE));
    MUST(MPI_Wait(&request[0], MPI_STATUS_IGNORE));
    MUST(MPI_Comm_dup(MPI_COMM_WORLD, &between));
    use(between);
    use(second);
    use(first);
}

static void parts(void)
{
    MPI_Comm made;
    MPI_Group world, lower, ends;
    MUST(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &made)); /* the last one first */
    use(made);
    MUST(MPI_Comm_split(MPI_COMM_WORLD, rank == 0 ? MPI_UNDEFINED : 0, rank, &made));
    CHECK((made == MPI_COMM_NULL) == (rank == 0));
    use(made);
    MUST(MPI_Comm_group(MPI_COMM_WORLD, &world));
    MUST(MPI_Group_range_incl(world, 1, (int[][3]){{0, ranks / 2, 1}}, &lower));
    MUST(MPI_Comm_create(MPI_COMM_WORLD, lower, &made));
    use(made);
    /* Only who is in it makes it: some ranks more often than others, and nobody waits for the rest. */
    MUST(MPI_Group_incl(world, ranks > 1 ? 2 : 1, (int[]){ranks - 1, 0}, &ends));
    for (int i = 0; i < 3 && (rank == 0 || rank == ranks - 1); i++) {
        MUST(MPI_Comm_create_group(MPI_COMM_WORLD, ends, i == 1 ? 7 : 5, &made));
        use(made);
    }
    if (rank <= ranks / 2) {
        MUST(MPI_Comm_create_group(MPI_COMM_WORLD, lower, 5, &made));
        use(made);
    }
    MUST(MPI_Comm_split(MPI_COMM_WORLD, 0, rank, &made));
    use(made);
    MUST(MPI_Group_free(&world));
    MUST(MPI_Group_free(&lower));
    MUST(MPI_Group_free(&ends));
}

static void grids(void)
{
    MPI_Comm grid, column;
    const int sizes[] = {ranks / 2 > 0 ? ranks / 2 : 1, ranks > 1 ? 2 : 1}, periodic[] = {1, 0};
    MUST(MPI_Cart_create(MPI_COMM_WORLD, 2, sizes, periodic, 0, &grid));
    CHECK((grid == MPI_COMM_NULL) == (rank >= sizes[0] * sizes[1]));
    if (grid == MPI_COMM_NULL)
        return;
    MUST(MPI_Cart_sub(grid, (int[]){1, 0}, &column));
    use(column);
    use(grid);
}

static void graphs(void)
{
    MPI_Comm made;
    const int next = (rank + 1) % ranks, last = (rank + ranks - 1) % ranks, one = 1;
    int index[16], edge[32];
    for (int i = 0; i < ranks; i++) {
        index[i] = i + 1;
        edge[i] = (i + 1) % ranks;
    }
    MUST(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &made));
    use(made);
    MUST(MPI_Graph_create(MPI_COMM_WORLD, ranks, index, edge, 0, &made));
    use(made);
    MUST(MPI_Dist_graph_create(MPI_COMM_WORLD, 1, &rank, &one, &next, &one, MPI_INFO_NULL, 0,
                               &made));
    use(made);
    MUST(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, &last, &one, 1, &next, &one,
                                        MPI_INFO_NULL, 0, &made));
    use(made);
}

/* The even ranks with the odd ones. */
static void collectives_between(MPI_Comm between)
{
    const bool is_even = rank % 2 == 0;
    int own, value = rank, sum = 0, all[16];
    MUST(MPI_Comm_rank(between, &own));
    MUST(MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, between));
    /* The second of the odd ones, or the only one, tells the even ones. */
    const int root = ranks >= 4 ? 1 : 0;
    value = rank == 2 * root + 1 ? 42 : 0;
    MUST(MPI_Bcast(&value, 1, MPI_INT,
                   is_even       ? root
                   : own == root ? MPI_ROOT
                                 : MPI_PROC_NULL,
                   between));
    CHECK(!is_even || value == 42);
    value = 10 * rank;
    MUST(MPI_Gather(&value, 1, MPI_INT, all, 1, MPI_INT,
                    is_even ? (own == 0 ? MPI_ROOT : MPI_PROC_NULL) : 0, between));
    CHECK(rank != 0 || all[0] == 10);
    MUST(MPI_Allgather(&value, 1, MPI_INT, all, 1, MPI_INT, between));
    CHECK(all[0] == (is_even ? 10 : 0));
}

static void two_groups(void)
{
    MPI_Comm half, between, copy, part, merged;
    MPI_Request request;
    const bool is_even = rank % 2 == 0;
    int number = rank;
    MUST(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half));
    for (int i = 0; i < 2; i++) {
        /* The tag is for the message of the two leaders alone. */
        MUST(MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, is_even ? 1 : 0, rank < 2 ? 11 : rank,
                                  &between));
        if (i == 0)
            use(between);
    }
    collectives_between(between);
    if (rank == 0) {
        MUST(MPI_Send(&number, 1, MPI_INT, 0, 77, between)); /* to rank 1 of the world */
    } else if (rank == 1) {
        MUST(MPI_Irecv(&number, 1, MPI_INT, 0, 77, between, &request));
        MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
        CHECK(number == 0);
    }
    MUST(MPI_Comm_dup(between, &copy));
    use(copy);
    /* The lower half of the ranks on both sides, and the upper. */
    MUST(MPI_Comm_split(between, rank / 2 >= ranks / 4, rank, &part));
    use(part);
    MUST(MPI_Intercomm_merge(between, is_even, &merged)); /* the odd ones first */
    use(merged);
    use(half);
    use(between);
}

/* Its request outlives it. */
static void freed_early(void)
{
    MPI_Comm copy;
    MPI_Request request[2];
    int number = rank, got = -1;
    const int next = (rank + 1) % ranks, last = (rank + ranks - 1) % ranks;
    MUST(MPI_Comm_dup(MPI_COMM_WORLD, &copy));
    MUST(MPI_Irecv(&got, 1, MPI_INT, last, 88, copy, &request[0]));
    MUST(MPI_Isend(&number, 1, MPI_INT, next, 88, copy, &request[1]));
    MUST(MPI_Comm_free(&copy));
    MUST(MPI_Waitall(2, request, MPI_STATUSES_IGNORE));
    CHECK(got == last);
}

/* One that the log did not see being made. */
static void unseen(void)
{
    MPI_Comm copy;
    MUST(PMPI_Comm_dup(MPI_COMM_WORLD, &copy));
    use(copy);
}

/* Open MPI tells an error handler in which call it was. */
static void refused(MPI_Comm *comm, int *error, ...)
{
    va_list more;
    (void)comm, (void)error;
    va_start(more, error);
    printf("refused: %s\n", va_arg(more, const char *));
    va_end(more);
    fflush(stdout);
    PMPI_Abort(MPI_COMM_WORLD, 9);
}

static void wrong(int which)
{
    MPI_Comm made;
    int x[16] = {0}, y[16];
    MPI_Datatype pair;
    MPI_Request request;
    MPI_Errhandler handler;
    PMPI_Comm_create_errhandler(refused, &handler);
    PMPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
    PMPI_Comm_set_errhandler(MPI_COMM_SELF, handler);
    PMPI_Type_vector(2, 1, 2, MPI_INT, &pair); /* and not committed */
    switch (which) {
    case 0:
        MPI_Comm_split(MPI_COMM_NULL, 0, 0, &made);
        break;
    case 1:
        MPI_Allreduce(x, y, 1, MPI_DATATYPE_NULL, MPI_SUM, MPI_COMM_WORLD);
        break;
    case 2:
        MPI_Allgather(x, 1, pair, y, 1, pair, MPI_COMM_WORLD);
        break;
    case 3:
        MPI_Bcast(x, -1, MPI_INT, 0, MPI_COMM_WORLD);
        break;
    case 4:
        MPI_Gather(x, 1, MPI_INT, y, 1, MPI_INT, ranks, MPI_COMM_WORLD);
        break;
    case 5:
        MPI_Alltoallv(x, NULL, NULL, MPI_INT, y, NULL, NULL, MPI_INT, MPI_COMM_WORLD);
        break;
    case 6:
        MPI_Ialltoallw(x, NULL, NULL, NULL, y, NULL, NULL, NULL, MPI_COMM_WORLD, &request);
        break;
    case 7:
        MPI_Ineighbor_allgather(x, 1, MPI_INT, y, 1, MPI_INT, MPI_COMM_WORLD, &request);
        break;
    case 8:
        MPI_Comm_idup(MPI_COMM_NULL, &made, &request);
        break;
    case 9:
        MPI_Intercomm_merge(MPI_COMM_WORLD, 0, &made);
        break;
    default:
        MPI_Reduce_scatter(x, y, (int[]){1, -1, 1}, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    CHECK(ranks <= 8);
    log_open(argv[1], rank, ranks, 1);
    if (strcmp(argv[2], "wrong") == 0 && argc > 3)
        wrong(atoi(argv[3]));
    copies();
    parts();
    grids();
    freed_early();
    unseen();
    if (strcmp(argv[2], "all") == 0) {
        copies_later();
        graphs();
        if (ranks > 1)
            two_groups();
    }
    return end_program();
}
