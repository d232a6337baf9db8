/*
 * What the wrappers of collectives share. A wrapper says what the program said, as it was said; what
 * this rank puts in, and what it gets out, follows from that by the rules of the operation
 * (collective_parts.c):
 *
 *     struct log_mpi_collective call = log_mpi_collective_begin(LOG_X, CALLER, …);
 *     return log_mpi_collective_end(&call, PMPI_X(…));
 */
#ifndef COMMON_MPI_COLLECTIVE_H
#define COMMON_MPI_COLLECTIVE_H

#include "common/mpi/log_mpi.h"
#include "common/mpi/views.h"

/* A buffer with what describes it. It may have a block for each member; MPI_IN_PLACE as a buffer
 * stands for that of the other side. */
struct log_mpi_side {
    const void *buffer;
    int count; /* of each block, where there are no counts */
    MPI_Datatype type;
    const int *counts;
    const int *places; /* of blocks, in extents, with types in bytes; NULL: each behind the last */
    const MPI_Datatype *types;
    const MPI_Aint *far_places; /* in bytes */
};

#define ONE(buffer, count, type)                                                                   \
    ((struct log_mpi_side){buffer, count, type, NULL, NULL, NULL, NULL})
#define EACH(buffer, counts, places, type)                                                         \
    ((struct log_mpi_side){buffer, 0, type, counts, places, NULL, NULL})
#define EACH_TYPE(buffer, counts, places, types)                                                   \
    ((struct log_mpi_side){buffer, 0, MPI_DATATYPE_NULL, counts, places, types, NULL})

#define NO_ROOT (-1)

struct log_mpi_collective {
    enum log_operation operation;
    uint64_t caller;
    MPI_Comm comm;
    int root;  /* NO_ROOT: there is none */
    MPI_Op op; /* MPI_OP_NULL: nothing is reduced */
    struct log_mpi_side input, output;
    /* from its begin to its end */
    struct log_record record;
    struct log_mpi_view goes_in, comes_out;
    struct staged staged;
};

/* A buffer of `call`, for MPI: memory of the host in the place of the GPU's (staged.h). */
#define HOST(buffer) staged_address(&call.staged, buffer)

/* The begin of a blocking one, or of one that starts a request; and its end, which returns the error. */
struct log_mpi_collective log_mpi_collective_begin(enum log_operation operation, uint64_t caller,
                                                   struct log_mpi_side input,
                                                   struct log_mpi_side output, MPI_Op op, int root,
                                                   MPI_Comm comm);
int log_mpi_collective_end(struct log_mpi_collective *call, int error);
int log_mpi_collective_started(struct log_mpi_collective *call, int error,
                               const MPI_Request *request);

/* A request of one has completed: notes in its record whether what went in, which had this fingerprint,
 * is still as it was, … */
void log_mpi_collective_kept(const struct log_mpi_view *goes_in, uint64_t fingerprint,
                             struct log_record *record);
/* … puts into it what has come out, and appends the data. */
void log_mpi_collective_completed(const struct log_mpi_view *comes_out, struct log_record *record);

/* The same of one that MPI has completed in the call that started it, so that it has no request. */
void log_mpi_collective_completed_at_once(const struct log_mpi_view *comes_out,
                                          struct log_record start);

/* ---- its sides: collective_sides.c ---------------------------------------------------------------- */

/* Adds a block to a view, which has this place in the whole; … */
void log_mpi_side_add(const struct log_mpi_side *side, int i, uint64_t start,
                      struct log_mpi_view *view);
/* … all n, each behind the one before it; or each with the place 0. */
void log_mpi_side_add_all(const struct log_mpi_side *side, int n, struct log_mpi_view *view);
void log_mpi_side_add_each(const struct log_mpi_side *side, int n, struct log_mpi_view *view);
/* How many numbers the first i blocks are. */
uint64_t log_mpi_side_numbers_before(const struct log_mpi_side *side, int i);
/* A LOG_COUNT_PART for each of n blocks, to or from these ranks, where the side has counts. */
void log_mpi_side_append_counts(const struct log_mpi_side *side, enum log_direction direction,
                                const int *log_rank, int n);

/* ---- its rules: collective_parts.c ------------------------------------------------------------ */

/* Adds to a view what this rank puts in, or gets out. */
void log_mpi_put_in(const struct log_mpi_collective *call,
                    const struct log_mpi_communicator *communicator, struct log_mpi_view *view);
void log_mpi_get_out(const struct log_mpi_collective *call,
                     const struct log_mpi_communicator *communicator, struct log_mpi_view *view);
/* Appends a LOG_COUNT_PART for each block, where the program gave each member a size of its own. */
void log_mpi_append_counts(const struct log_mpi_collective *call,
                           const struct log_mpi_communicator *communicator);

/* ---- neighbours: neighbours.c --------------------------------------------------------------------- */

/* Ranks of comm: from whom something comes, and to whom something goes. */
struct log_mpi_neighbours {
    int in, out;
    int *from, *to; /* [in], [out] */
};
struct log_mpi_neighbours log_mpi_neighbours(MPI_Comm comm);
void log_mpi_neighbours_clear(struct log_mpi_neighbours *neighbours);

#endif
