/*
 * Which ranks' collective calls belong together: on each communicator the k-th
 * call of every member is one collective.
 */
#ifndef GRADER_TRACE_COLLECTIVES_H
#define GRADER_TRACE_COLLECTIVES_H

#include "grader/trace/groups.h"
#include "grader/trace/match.h"

#define NO_COLLECTIVE (-1)

struct collective {
    uint64_t communicator;
    int number;                   /* the how-manieth on its communicator, from 0 */
    int size;                     /* members */
    enum log_operation operation; /* of the first rank that called */
    int root;                     /* rank in MPI_COMM_WORLD, or LOG_NO_PEER */
    uint64_t bytes;               /* of the first rank that called */
    bool differs;    /* the ranks called different things, or with different roots or sizes */
    size_t *entered; /* [rank]: record of its call, or NO_RECORD */
};

struct collectives {
    int count;
    struct collective *collective;
    int ranks;
    struct groups *groups;
    /* by_record[rank][record]: the collective that this record begins, ends, waits for or
     * completes; else NO_COLLECTIVE. */
    int **by_record;
};

struct collectives *collectives_new(const struct log_file *logs, int ranks);
void collectives_free(struct collectives *collectives);

/* Is this operation a collective call, blocking or not? */
bool collectives_include(enum log_operation operation);

/* Do all ranks have to give the same number of bytes to it? */
bool collectives_of_one_size(enum log_operation operation);

/* Is `rank` a member of the communicator, as far as the logs show? Everybody is in MPI_COMM_WORLD and in
 * the run's. */
bool collectives_is_member(const struct collectives *collectives, int rank, uint64_t communicator);

#endif
