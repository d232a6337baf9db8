/*
 * For the wrappers: communicators.
 *
 * A communicator's number and what the log calls its members are kept with it
 * as an MPI attribute. Requests may outlive their communicator, so the entry is
 * counted by references.
 *
 * All members find the same number without a message: from the number of the communicator that it
 * was made from, the how-manieth that was, and the members. (A message of our own could block where
 * the program would not.) Where not all of the old communicator take part in the call, it is the
 * how-manieth of those with these members and this tag; where there are two old ones, with these members.
 */
#include "common/mpi/log_mpi.h"
#include "common/mpi/ranks.h"

#include "common/base/fatal.h"
#include "common/log/log_fields.h"

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

/* What the log calls the members of a group, which it frees. */
static int *log_ranks_of(MPI_Group group, int *size)
{
    MPI_Group known;
    must(PMPI_Comm_group(ranks_of != MPI_COMM_NULL ? ranks_of : MPI_COMM_WORLD, &known),
         "MPI_Comm_group");
    must(PMPI_Group_size(group, size), "MPI_Group_size");
    int *rank = malloc(((size_t)*size + 1) * sizeof *rank);
    int *log_rank = malloc(((size_t)*size + 1) * sizeof *rank);
    if (rank == NULL || log_rank == NULL)
        fatal("no memory for a communicator of %d ranks", *size);
    for (int i = 0; i < *size; i++)
        rank[i] = i;
    must(PMPI_Group_translate_ranks(group, *size, rank, known, log_rank),
         "MPI_Group_translate_ranks");
    for (int i = 0; i < *size; i++)
        if (log_rank[i] == MPI_UNDEFINED)
            log_rank[i] = LOG_NO_PEER;
    free(rank);
    must(PMPI_Group_free(&group), "MPI_Group_free");
    must(PMPI_Group_free(&known), "MPI_Group_free");
    return log_rank;
}

void log_mpi_append_group(MPI_Group group)
{
    MPI_Group copy;
    int size;
    if (group == MPI_GROUP_NULL || PMPI_Group_union(group, MPI_GROUP_EMPTY, &copy) != MPI_SUCCESS)
        return;
    int *member = log_ranks_of(copy, &size);
    for (int i = 0; i < size; i++)
        log_append(log_record_of_count_part((struct log_count_part){.peer = member[i]}));
    free(member);
}

static uint64_t hash_of(const int *log_rank, int size)
{
    return XXH3_64bits(log_rank, (size_t)size * sizeof *log_rank);
}

/* Fills in whom a rank in comm stands for, and this rank's own place. */
static void describe(MPI_Comm comm, struct log_mpi_communicator *communicator)
{
    int between, own_size;
    MPI_Group own, remote;
    must(PMPI_Comm_rank(comm, &communicator->own_rank), "MPI_Comm_rank");
    must(PMPI_Comm_test_inter(comm, &between), "MPI_Comm_test_inter");
    must(PMPI_Comm_group(comm, &own), "MPI_Comm_group");
    int *members = log_ranks_of(own, &own_size);
    communicator->own_size = own_size;
    communicator->own_log_rank = members[communicator->own_rank];
    communicator->members = hash_of(members, own_size);
    if (!between) {
        communicator->size = own_size;
        communicator->log_rank = members;
        return;
    }
    must(PMPI_Comm_remote_group(comm, &remote), "MPI_Comm_remote_group");
    communicator->log_rank = log_ranks_of(remote, &communicator->size);
    communicator->is_between = true;
    communicator->side = communicator->size > 0 && members[0] > communicator->log_rank[0];
    /* The same on both sides. */
    communicator->members += hash_of(communicator->log_rank, communicator->size);
    free(members);
}

/* The highest bit keeps the numbers apart from LOG_WORLD and LOG_RUN. */
static uint64_t number_from(uint64_t parent, uint64_t how_manieth, uint64_t members)
{
    const uint64_t all[] = {parent, how_manieth, members};
    return XXH3_64bits(all, sizeof all) | (uint64_t)1 << 63;
}

/* Where the log numbers the ranks as this communicator does, there is nothing to say. */
static void append_member(const struct log_mpi_communicator *communicator)
{
    const bool is_run = communicator->number == LOG_RUN ||
                        (communicator->number == LOG_WORLD && ranks_of == MPI_COMM_NULL);
    if (log_is_open() && !is_run)
        log_append(log_record_of_member(
            (struct log_member){.communicator = communicator->number,
                                .parent = communicator->parent,
                                .rank = communicator->own_rank,
                                .size = communicator->own_size,
                                .side = communicator->side,
                                .remote_size = communicator->is_between ? communicator->size : 0,
                                .caller = communicator->caller}));
}

static int communicator_key(void)
{
    static int key = MPI_KEYVAL_INVALID;
    if (key == MPI_KEYVAL_INVALID)
        must(PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, forget_communicator, &key, NULL),
             "MPI_Comm_create_keyval");
    return key;
}

/* Handles of communicators that the program has freed lately, until MPI gives them to new ones. What
 * such a handle stands for is MPI's own affair, and may be nothing: it must not be asked about. */
#define FREED_HANDLES 64

static MPI_Comm freed[FREED_HANDLES];
static size_t freed_count; /* ever */
static bool sees_all;

void log_mpi_sees_all_communicators(void)
{
    sees_all = true;
}

static bool is_freed(MPI_Comm comm)
{
    for (size_t i = 0; i < freed_count && i < FREED_HANDLES; i++)
        if (freed[i] == comm)
            return true;
    return false;
}

void log_mpi_communicator_freed(MPI_Comm comm)
{
    if (sees_all && log_is_open() && !is_freed(comm))
        freed[freed_count++ % FREED_HANDLES] = comm;
}

static void forget_freed(MPI_Comm comm)
{
    for (size_t i = 0; i < freed_count && i < FREED_HANDLES; i++)
        if (freed[i] == comm)
            freed[i] = MPI_COMM_NULL;
}

/* An entry without a number. */
static struct log_mpi_communicator *add_communicator(MPI_Comm comm)
{
    forget_freed(comm);
    struct log_mpi_communicator *communicator = calloc(1, sizeof *communicator);
    if (communicator == NULL)
        fatal("no memory for a communicator");
    communicator->references = 1;
    describe(comm, communicator);
    must(PMPI_Comm_set_attr(comm, communicator_key(), communicator), "MPI_Comm_set_attr");
    return communicator;
}

/* How many were made so far by calls in which only these members take part. Few kinds exist. */
struct made_before {
    struct made_before *next;
    uint64_t kind;
    uint64_t count;
};

static uint64_t how_manieth_of(uint64_t kind)
{
    static struct made_before *all;
    struct made_before *entry = all;
    while (entry != NULL && entry->kind != kind)
        entry = entry->next;
    if (entry == NULL) {
        entry = malloc(sizeof *entry);
        if (entry == NULL)
            fatal("no memory for the log of a communicator");
        *entry = (struct made_before){all, kind, 0};
        all = entry;
    }
    return ++entry->count;
}

/* The number of one whose parent says nothing about it. */
static uint64_t number_by_members(uint64_t basis, uint64_t tag, uint64_t members)
{
    const uint64_t kind = number_from(basis, tag, members);
    return number_from(kind, how_manieth_of(kind), members);
}

struct log_mpi_communicator *log_mpi_communicator(MPI_Comm comm)
{
    static struct log_mpi_communicator none = {.references = 1};
    struct log_mpi_communicator *communicator;
    int found;
    if (comm == MPI_COMM_NULL)
        return &none;
    if (is_freed(comm))
        fatal("this communicator was freed already (MPI_Comm_free): free it behind the last call "
              "that "
              "uses it");
    must(PMPI_Comm_get_attr(comm, communicator_key(), (void *)&communicator, &found),
         "MPI_Comm_get_attr");
    if (found)
        return communicator;
    /* The wrappers did not see it being made: MPI_COMM_WORLD, MPI_COMM_SELF, or somebody else's. Of
     * several with the same members one must hope that all of them call the first one first. */
    communicator = add_communicator(comm);
    communicator->number = comm == MPI_COMM_WORLD ? LOG_WORLD
                           : comm == ranks_of     ? LOG_RUN
                                                  : number_by_members(0, 0, communicator->members);
    append_member(communicator);
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
    return communicator->log_rank[rank];
}

/* ---- new ones ------------------------------------------------------------------------------- */

static void name(struct log_mpi_communicator *communicator, uint64_t number, uint64_t parent,
                 uint64_t caller)
{
    communicator->number = number;
    communicator->parent = parent;
    communicator->caller = caller;
    append_member(communicator);
}

void log_mpi_number_communicator(MPI_Comm made, MPI_Comm parent, uint64_t caller)
{
    struct log_mpi_communicator *from = log_mpi_communicator(parent);
    const uint64_t how_manieth = ++from->made;
    if (made == MPI_COMM_NULL)
        return;
    struct log_mpi_communicator *communicator = add_communicator(made);
    name(communicator, number_from(from->number, how_manieth, communicator->members), from->number,
         caller);
}

void log_mpi_number_by_members(MPI_Comm made, MPI_Comm parent, int tag, uint64_t caller)
{
    if (made == MPI_COMM_NULL)
        return;
    const struct log_mpi_communicator *from = log_mpi_communicator(parent);
    struct log_mpi_communicator *communicator = add_communicator(made);
    /* The two groups of an intercommunicator have come from two communicators, and only their leaders
     * need agree about the tag. */
    const bool one_parent = !communicator->is_between;
    name(communicator,
         number_by_members(one_parent ? from->number : 0, one_parent ? (uint64_t)tag : 0,
                           communicator->members),
         from->number, caller);
}

uint64_t log_mpi_number_of_copy(MPI_Comm parent)
{
    struct log_mpi_communicator *from = log_mpi_communicator(parent);
    return number_from(from->number, ++from->made, from->members);
}

void log_mpi_number_copy(MPI_Comm made, uint64_t number, uint64_t parent, uint64_t caller)
{
    if (made != MPI_COMM_NULL)
        name(add_communicator(made), number, parent, caller);
}
