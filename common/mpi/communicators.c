/*
 * For the wrappers: communicators.
 *
 * A communicator's number and what the log calls its members are kept with it
 * as an MPI attribute. Requests may outlive their communicator, so the entry is
 * counted by references.
 */
#include "common/mpi/log_mpi.h"
#include "common/mpi/ranks.h"

#include "common/base/fatal.h"

#include <limits.h>
#include <stdlib.h>
#include <xxhash.h>

/* ---- communicators ------------------------------------------------------------ */

static void must(int error, const char *call)
{
    if (error != MPI_SUCCESS)
        fatal("the log's own %s failed with MPI error %d", call, error);
}

void log_mpi_communicator_release(struct log_mpi_communicator *communicator)
{
    if (communicator != NULL && --communicator->references == 0) {
        free(communicator->log_rank);
        free(communicator);
    }
}

/* MPI calls this when a communicator goes. */
static int forget_communicator(MPI_Comm comm, int key, void *attribute, void *extra)
{
    (void)comm, (void)key, (void)extra;
    log_mpi_communicator_release(attribute);
    return MPI_SUCCESS;
}

static MPI_Comm ranks_of = MPI_COMM_NULL; /* MPI_COMM_WORLD, until somebody says otherwise */

void log_mpi_ranks_are_of(MPI_Comm comm)
{
    ranks_of = comm;
}

/* Fills in what the log calls those that a rank in comm stands for. */
static void translate(MPI_Comm comm, struct log_mpi_communicator *communicator)
{
    int between;
    MPI_Group group, known;
    must(PMPI_Comm_test_inter(comm, &between), "MPI_Comm_test_inter");
    if (between)
        must(PMPI_Comm_remote_group(comm, &group), "MPI_Comm_remote_group");
    else
        must(PMPI_Comm_group(comm, &group), "MPI_Comm_group");
    must(PMPI_Comm_group(ranks_of != MPI_COMM_NULL ? ranks_of : MPI_COMM_WORLD, &known),
         "MPI_Comm_group");
    must(PMPI_Group_size(group, &communicator->size), "MPI_Group_size");

    int *rank = malloc(((size_t)communicator->size + 1) * sizeof *rank);
    communicator->log_rank = malloc(((size_t)communicator->size + 1) * sizeof *rank);
    if (rank == NULL || communicator->log_rank == NULL)
        fatal("no memory for a communicator of %d ranks", communicator->size);
    for (int i = 0; i < communicator->size; i++)
        rank[i] = i;
    must(PMPI_Group_translate_ranks(group, communicator->size, rank, known, communicator->log_rank),
         "MPI_Group_translate_ranks");
    free(rank);
    must(PMPI_Group_free(&group), "MPI_Group_free");
    must(PMPI_Group_free(&known), "MPI_Group_free");
}

/* A number for a communicator that the kit did not see being made: from its members, so that
 * they all have the same. The highest bit keeps it apart from the agreed ones. */
static uint64_t number_from_members(const struct log_mpi_communicator *communicator)
{
    size_t bytes = (size_t)communicator->size * sizeof *communicator->log_rank;
    return XXH3_64bits(communicator->log_rank, bytes) | (uint64_t)1 << 63;
}

struct log_mpi_communicator *log_mpi_communicator(MPI_Comm comm)
{
    static struct log_mpi_communicator none = {.references = 1};
    static int key = MPI_KEYVAL_INVALID;
    if (comm == MPI_COMM_NULL)
        return &none;
    if (key == MPI_KEYVAL_INVALID)
        must(PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, forget_communicator, &key, NULL),
             "MPI_Comm_create_keyval");

    struct log_mpi_communicator *communicator;
    int found;
    must(PMPI_Comm_get_attr(comm, key, (void *)&communicator, &found), "MPI_Comm_get_attr");
    if (found)
        return communicator;
    communicator = calloc(1, sizeof *communicator);
    if (communicator == NULL)
        fatal("no memory for a communicator");
    communicator->references = 1;
    translate(comm, communicator);
    communicator->number = comm == MPI_COMM_WORLD ? LOG_WORLD
                           : comm == ranks_of     ? LOG_RUN
                                                  : number_from_members(communicator);
    must(PMPI_Comm_set_attr(comm, key, communicator), "MPI_Comm_set_attr");
    return communicator;
}

struct log_mpi_communicator *log_mpi_communicator_retain(struct log_mpi_communicator *communicator)
{
    communicator->references++;
    return communicator;
}

int log_mpi_peer(const struct log_mpi_communicator *communicator, int rank)
{
    if (rank == MPI_ANY_SOURCE)
        return LOG_ANY_SOURCE;
    if (rank == MPI_PROC_NULL)
        return LOG_PEER_NULL;
    if (rank < 0 || rank >= communicator->size)
        return LOG_NO_PEER;
    const int log_rank = communicator->log_rank[rank];
    return log_rank == MPI_UNDEFINED ? LOG_NO_PEER : log_rank;
}

void log_mpi_number_communicator(MPI_Comm comm)
{
    static uint64_t made_here;
    if (comm == MPI_COMM_NULL)
        return;
    int between, rank;
    must(PMPI_Comm_test_inter(comm, &between), "MPI_Comm_test_inter");
    if (between)
        return;
    struct log_mpi_communicator *communicator = log_mpi_communicator(comm);
    uint64_t number = 0;
    must(PMPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
    if (rank == 0)
        number = (uint64_t)(communicator->log_rank[0] + 1) << 32 | ++made_here;
    must(PMPI_Bcast(&number, 1, MPI_UINT64_T, 0, comm), "MPI_Bcast");
    communicator->number = number;
}
