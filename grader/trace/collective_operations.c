/*
 * What each collective operation means to its ranks; see collectives.h.
 */
#include "grader/trace/collectives.h"

bool collectives_include(enum log_operation operation)
{
    return log_is_collective(operation) || log_makes_communicator(operation) ||
           log_is_collective_on_window(operation);
}

bool collectives_only_start(enum log_operation operation)
{
    return log_is_nonblocking_collective(operation) || operation == LOG_COMM_IDUP;
}

bool collectives_of_one_size(enum log_operation operation)
{
    const enum log_operation form = log_blocking_form(operation);
    return collectives_reduces(form) || form == LOG_BCAST || form == LOG_GATHER ||
           form == LOG_ALLGATHER || form == LOG_ALLTOALL;
}

bool collectives_root_gives(enum log_operation operation)
{
    operation = log_blocking_form(operation);
    return operation == LOG_BCAST || operation == LOG_SCATTER || operation == LOG_SCATTERV;
}

bool collectives_root_gets(enum log_operation operation)
{
    operation = log_blocking_form(operation);
    return operation == LOG_REDUCE || operation == LOG_GATHER || operation == LOG_GATHERV;
}

bool collectives_has_root(enum log_operation operation)
{
    return collectives_root_gives(operation) || collectives_root_gets(operation);
}

bool collectives_reduces(enum log_operation operation)
{
    switch (log_blocking_form(operation)) {
    case LOG_REDUCE:
    case LOG_ALLREDUCE:
    case LOG_REDUCE_SCATTER:
    case LOG_REDUCE_SCATTER_BLOCK:
    case LOG_SCAN:
    case LOG_EXSCAN:
        return true;
    default:
        return false;
    }
}

enum collectives_need collectives_need(enum log_operation operation, bool is_root)
{
    const enum log_operation form = log_blocking_form(operation);
    if (collectives_root_gives(form))
        return is_root ? COLLECTIVES_NEED_NOBODY : COLLECTIVES_NEED_ROOT;
    if (collectives_root_gets(form))
        return is_root ? COLLECTIVES_NEED_ALL : COLLECTIVES_NEED_NOBODY;
    if (form == LOG_SCAN || form == LOG_EXSCAN)
        return COLLECTIVES_NEED_LOWER;
    if (form >= LOG_NEIGHBOR_ALLGATHER && form <= LOG_NEIGHBOR_ALLTOALLW)
        return COLLECTIVES_NEED_GIVERS;
    return COLLECTIVES_NEED_ALL;
}
