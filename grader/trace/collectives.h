/*
 * Which ranks' collective calls belong together: on each communicator the k-th
 * call of every member is one collective. So are the k-th fences of a window. Calls
 * that make a communicator or a window are collectives of the one that they are
 * made from, but for MPI_Comm_create_group, which only the new one's members call.
 *
 * What the calls of one collective disagree about: collective_faults.h.
 */
#ifndef GRADER_TRACE_COLLECTIVES_H
#define GRADER_TRACE_COLLECTIVES_H

#include "grader/trace/groups.h"
#include "grader/trace/match.h"

#define NO_COLLECTIVE (-1)

struct collective {
    uint64_t communicator;
    int sequence;                 /* of collectives that have to be called in one order … */
    int number;                   /* … the how-manieth, from 0 */
    int size;                     /* members */
    const struct group *group;    /* the members; NULL: no log names them */
    enum log_operation operation; /* of the first rank that called */
    int root;                     /* rank in MPI_COMM_WORLD, or LOG_NO_PEER */
    uint64_t bytes;               /* of the first rank that called */
    bool of_all; /* each rank has a slot: no log names the members, or one calls that is none; … */
    int slots;   /* … else each member */
    size_t first; /* the first of its slots, counted through all collectives */
    size_t *call; /* [slot]: record of its rank's call, or NO_RECORD */
    /* [rank]: of an MPI_Comm_create_group that never returned: named as a member by a rank that called;
     * else NULL */
    bool *named;
};

struct collectives {
    int count;
    struct collective *collective;
    int ranks;
    struct groups *groups;
    /* by_record[rank][record]: the collective that this record begins, ends, waits for or
     * completes; else NO_COLLECTIVE. */
    int **by_record;
    int sequences;
    GArray **sequence; /* [sequences], of int: its collectives in order */
    size_t slots;      /* of all collectives */
};

struct collectives *collectives_new(const struct log_file *logs, int ranks);
void collectives_free(struct collectives *collectives);

/* The record of a rank's call; NO_RECORD: it did not call. */
size_t collective_entered(const struct collective *collective, int rank);
/* For what is kept of each rank's part in each collective, without room for those that have none: its slot,
 * of all collectives' slots; NO_RECORD: it has none. */
size_t collective_slot(const struct collective *collective, int rank);
/* The rank of the collective's own slot, from 0 to slots - 1, by ascending ranks; or GROUP_UNKNOWN. */
int collective_rank(const struct collective *collective, int slot);

/* Is this operation a collective call, blocking or not? */
bool collectives_include(enum log_operation operation);
/* Does it only start one, so that its request has to be waited for? */
bool collectives_only_start(enum log_operation operation);

/* Do all ranks have to give the same number of bytes to it? */
bool collectives_of_one_size(enum log_operation operation);
/* Does only the root put something in, or get something out? Else all ranks do. */
bool collectives_root_gives(enum log_operation operation);
bool collectives_root_gets(enum log_operation operation);
bool collectives_has_root(enum log_operation operation); /* either of them */
/* Does it compute something of what is put in? */
bool collectives_reduces(enum log_operation operation);

/* Whose calls does what a rank gets out depend on? MPI may let it wait for more. */
enum collectives_need {
    COLLECTIVES_NEED_NOBODY,
    COLLECTIVES_NEED_ROOT,
    COLLECTIVES_NEED_LOWER,  /* a scan: the members in front of it */
    COLLECTIVES_NEED_GIVERS, /* neighbours: those from whom it gets something (LOG_COUNT_PART) */
    COLLECTIVES_NEED_ALL
};
enum collectives_need collectives_need(enum log_operation operation, bool is_root);

/* Has `rank` to take part in it, as far as the logs show? */
bool collectives_takes_part(const struct collective *collective, int rank);

#endif
