/* Whose inputs are in whose output; see collective_sum_parts.h. */
#include "grader/evidence/collective_sum_parts.h"

static int side_of(const struct group *group, int rank)
{
    for (int i = 0; i < group->size[0]; i++)
        if (group->rank[0][i] == rank)
            return 0;
    return 1;
}

static int place_of(const struct group *group, int rank)
{
    for (int i = 0; i < group->size[0]; i++)
        if (group->rank[0][i] == rank)
            return i;
    return -1;
}

bool evidence_is_part_of_sum(const struct sum_parts *sum, int giver, int getter)
{
    const struct group *group = sum->collective->group;
    switch (sum->operation) {
    case LOG_SCAN:
        return place_of(group, giver) <= place_of(group, getter);
    case LOG_EXSCAN:
        return place_of(group, giver) < place_of(group, getter);
    default: /* an intercommunicator's two groups give to each other */
        return group->sides == 1 || side_of(group, giver) != side_of(group, getter);
    }
}

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

bool evidence_gets_sum(const struct sum_parts *sum, int rank)
{
    if (sum->operation == LOG_EXSCAN && place_of(sum->collective->group, rank) == 0)
        return false;
    const enum sum_shape shape = evidence_sum_shape(sum);
    return sum->collective->entered[rank] != NO_RECORD &&
           (shape == EVERYBODY_GETS || (shape == ROOT_GETS && rank == sum->collective->root));
}

/* ---- types ----------------------------------------------------------------------------------------- */

double evidence_rounding_of(enum log_type type)
{
    switch (type) {
    case LOG_TYPE_FLOAT32:
        return 0x1p-24;
    case LOG_TYPE_FLOAT64:
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
