/* Whose inputs are in whose output; see collective_sum_parts.h. */
#include "grader/evidence/collective_sum_parts.h"

enum sum_shape evidence_sum_shape(const struct sum_parts *sum)
{
    const bool between = sum->collective->group->sides == 2;
    switch (sum->operation) {
    case LOG_ALLREDUCE:
    case LOG_ALLGATHER:
        return EVERYBODY_GETS;
    case LOG_SCAN:
    case LOG_EXSCAN:
    case LOG_ALLGATHERV:
        return between ? NOT_JUDGED : EVERYBODY_GETS;
    case LOG_REDUCE:
    case LOG_GATHER:
    case LOG_GATHERV:
        return ROOT_GETS;
    case LOG_REDUCE_SCATTER:
    case LOG_REDUCE_SCATTER_BLOCK:
    case LOG_SCATTER:
    case LOG_SCATTERV:
    case LOG_ALLTOALL:
    case LOG_ALLTOALLV:
    case LOG_ALLTOALLW:
    case LOG_NEIGHBOR_ALLTOALL:
    case LOG_NEIGHBOR_ALLTOALLV:
    case LOG_NEIGHBOR_ALLTOALLW:
        return TOGETHER;
    default:
        return NOT_JUDGED;
    }
}

/* ---- who gives to whom ----------------------------------------------------------------------------- */

/* Has this rank called, and does it get a result that is whole? */
static bool gets_sum(const struct sum_parts *sum, int rank)
{
    const enum sum_shape shape = evidence_sum_shape(sum);
    return collective_entered(sum->collective, rank) != NO_RECORD && sum_end_of(sum, rank) &&
           (shape == EVERYBODY_GETS || (shape == ROOT_GETS && rank == sum->collective->root));
}

/* A member gets what those in front of it gave, and its own part, too, unless the scan is exclusive: then
 * the first gets nothing. */
static bool walk_scan(const struct sum_parts *sum, struct sum_walk walk, void *user)
{
    const struct group *group = sum->collective->group;
    const bool exclusive = sum->operation == LOG_EXSCAN;
    for (int i = 0; i < group->size[0]; i++) {
        const int rank = group->rank[0][i];
        if (rank == GROUP_UNKNOWN || collective_entered(sum->collective, rank) == NO_RECORD)
            return false; /* from here on nobody knows */
        if (!exclusive)
            walk.add(sum, 0, rank, user);
        if ((!exclusive || i > 0) && gets_sum(sum, rank) && walk.check(sum, 0, rank, user))
            return true;
        if (exclusive)
            walk.add(sum, 0, rank, user);
    }
    return false;
}

bool evidence_walk_sum(const struct sum_parts *sum, struct sum_walk walk, void *user)
{
    const struct group *group = sum->collective->group;
    const bool between = group->sides == 2;
    if (sum->operation == LOG_SCAN || sum->operation == LOG_EXSCAN)
        return walk_scan(sum, walk, user);
    for (int i = 0; i < group_size(group); i++) {
        const struct group_member *member = &group->by_rank[i];
        if (member->rank != GROUP_UNKNOWN &&
            collective_entered(sum->collective, member->rank) != NO_RECORD)
            walk.add(sum, member->side, member->rank, user);
    }
    for (int i = 0; i < group_size(group); i++) {
        const struct group_member *member = &group->by_rank[i];
        /* an intercommunicator's two groups give to each other */
        const int number = between ? 1 - member->side : 0;
        if (member->rank != GROUP_UNKNOWN && gets_sum(sum, member->rank) &&
            walk.check(sum, number, member->rank, user))
            return true;
    }
    return false;
}

/* ---- types ----------------------------------------------------------------------------------------- */

double evidence_rounding_of(enum log_type type)
{
    switch (type) {
    case LOG_TYPE_FLOAT32:
        return 0x1p-24;
    case LOG_TYPE_FLOAT64:
    case LOG_TYPE_INT64: /* exact, but a double does not hold them all */
    case LOG_TYPE_UINT64:
        return 0x1p-53;
    case LOG_TYPE_BFLOAT16:
        return 0x1p-8;
    case LOG_TYPE_FLOAT16:
        return 0x1p-11;
    default:
        return 0;
    }
}

bool evidence_is_integer(enum log_type type)
{
    return type >= LOG_TYPE_INT8 && type <= LOG_TYPE_UINT64;
}
