/*
 * Groups: which ranks are in which communicator.
 *
 * Each member of a communicator says in its log which member it is (LOG_MEMBER); a
 * group is what they say together. Where a log is missing or not true, members are
 * unknown, and two that claim one place are a contradiction.
 *
 * Ranks are those of the run throughout. An intercommunicator has two groups.
 */
#ifndef GRADER_TRACE_GROUPS_H
#define GRADER_TRACE_GROUPS_H

#include "common/log/log_reader.h"

#include <glib.h>

enum { GROUP_UNKNOWN = -1 };

struct group_member {
    int rank;        /* or GROUP_UNKNOWN */
    int side, place; /* rank[side][place] is it */
};

struct group {
    uint64_t communicator;
    uint64_t parent;  /* the communicator that it was made from; 0: not known */
    int sides;        /* 1, or 2 of an intercommunicator */
    int size[2];      /* of each side, as its members say */
    int *rank[2];     /* [size]: the members in their order; GROUP_UNKNOWN: nobody says */
    int made_by;      /* the lowest rank whose log says where it was made, or GROUP_UNKNOWN */
    size_t made_at;   /* its LOG_MEMBER, whose caller made it */
    bool contradicts; /* members disagree about size, or two claim one place */
    struct group_member *by_rank; /* [group_size()]: all members, by their ranks */
};

struct groups;

/* The caller frees with groups_free. The logs may be anything. */
struct groups *groups_new(const struct log_file *logs, int ranks);
void groups_free(struct groups *groups); /* NULL is allowed */

/* The group of a communicator; MPI_COMM_WORLD and the run's are there even if no log names them. NULL:
 * no log says anything about it. It stays the groups'. */
const struct group *groups_find(const struct groups *groups, uint64_t communicator);
/* All of them, in the order in which they were first named: array of struct group *. */
const GPtrArray *groups_all(const struct groups *groups);

bool group_has(const struct group *group, int rank);
/* Where a rank is in it; NULL: it is not a member. */
const struct group_member *group_find(const struct group *group, int rank);
/* Members on all sides. */
int group_size(const struct group *group);
/* Do two communicators have the same members, in whatever order? */
bool group_equals(const struct group *a, const struct group *b);

/* "{0, 3}", "{0, 2, …, 14}", "all ranks", "{0, 1} with {2, 3}"; unknown members are "?". */
void group_describe(const struct group *group, int ranks, GString *text);
/* "among {0, 3}", "among all ranks", or "among ranks that no log names" where group is NULL. */
char *group_among(const struct group *group, int ranks);

#endif
