/*
 * Wrappers: what one rank does in another's window. The target takes no part in it, and its log does
 * not know of it.
 */
#include "common/mpi/log_mpi.h"

/* ---- put and get ---------------------------------------------------------------------------- */

int MPI_Put(const void *buffer, int count, MPI_Datatype type, int target, MPI_Aint place,
            int target_count, MPI_Datatype target_type, MPI_Win win)
{
    struct log_record call =
        log_mpi_begin_put(LOG_PUT, CALLER, PAYLOAD(buffer, count, type), target, place, win);
    return log_mpi_end(
        call, PMPI_Put(buffer, count, type, target, place, target_count, target_type, win));
}

int MPI_Rput(const void *buffer, int count, MPI_Datatype type, int target, MPI_Aint place,
             int target_count, MPI_Datatype target_type, MPI_Win win, MPI_Request *request)
{
    struct log_mpi_payload put = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_put(LOG_RPUT, CALLER, put, target, place, win);
    int error =
        PMPI_Rput(buffer, count, type, target, place, target_count, target_type, win, request);
    return log_mpi_end_started_on_window(call, error, request, put);
}

int MPI_Get(void *buffer, int count, MPI_Datatype type, int target, MPI_Aint place,
            int target_count, MPI_Datatype target_type, MPI_Win win)
{
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_get(LOG_GET, CALLER, room, target, place, win);
    int error = PMPI_Get(buffer, count, type, target, place, target_count, target_type, win);
    return log_mpi_end_get(call, error, room, target, win);
}

int MPI_Rget(void *buffer, int count, MPI_Datatype type, int target, MPI_Aint place,
             int target_count, MPI_Datatype target_type, MPI_Win win, MPI_Request *request)
{
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_get(LOG_RGET, CALLER, room, target, place, win);
    int error =
        PMPI_Rget(buffer, count, type, target, place, target_count, target_type, win, request);
    return log_mpi_end_started_on_window(call, error, request, room);
}

/* ---- with an operation ------------------------------------------------------------------------ */

int MPI_Accumulate(const void *buffer, int count, MPI_Datatype type, int target, MPI_Aint place,
                   int target_count, MPI_Datatype target_type, MPI_Op op, MPI_Win win)
{
    struct log_record call =
        log_mpi_begin_put(LOG_ACCUMULATE, CALLER, PAYLOAD(buffer, count, type), target, place, win);
    return log_mpi_end(call, PMPI_Accumulate(buffer, count, type, target, place, target_count,
                                             target_type, op, win));
}

int MPI_Raccumulate(const void *buffer, int count, MPI_Datatype type, int target, MPI_Aint place,
                    int target_count, MPI_Datatype target_type, MPI_Op op, MPI_Win win,
                    MPI_Request *request)
{
    struct log_mpi_payload put = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_put(LOG_RACCUMULATE, CALLER, put, target, place, win);
    int error = PMPI_Raccumulate(buffer, count, type, target, place, target_count, target_type, op,
                                 win, request);
    return log_mpi_end_started_on_window(call, error, request, put);
}

/* With MPI_NO_OP nothing goes out, and MPI does not look at the buffer. */
static struct log_mpi_payload unless_no_op(MPI_Op op, struct log_mpi_payload payload)
{
    return op == MPI_NO_OP ? NO_PAYLOAD : payload;
}

int MPI_Get_accumulate(const void *buffer, int count, MPI_Datatype type, void *result,
                       int result_count, MPI_Datatype result_type, int target, MPI_Aint place,
                       int target_count, MPI_Datatype target_type, MPI_Op op, MPI_Win win)
{
    staged_refuse(result, STAGED_ONE_SIDED);
    struct log_record call = log_mpi_begin_put_and_get(
        LOG_GET_ACCUMULATE, CALLER, unless_no_op(op, PAYLOAD(buffer, count, type)), target, place,
        win);
    int error = PMPI_Get_accumulate(buffer, count, type, result, result_count, result_type, target,
                                    place, target_count, target_type, op, win);
    return log_mpi_end_get(call, error, PAYLOAD(result, result_count, result_type), target, win);
}

int MPI_Rget_accumulate(const void *buffer, int count, MPI_Datatype type, void *result,
                        int result_count, MPI_Datatype result_type, int target, MPI_Aint place,
                        int target_count, MPI_Datatype target_type, MPI_Op op, MPI_Win win,
                        MPI_Request *request)
{
    staged_refuse(result, STAGED_ONE_SIDED);
    struct log_record call = log_mpi_begin_put_and_get(
        LOG_RGET_ACCUMULATE, CALLER, unless_no_op(op, PAYLOAD(buffer, count, type)), target, place,
        win);
    int error = PMPI_Rget_accumulate(buffer, count, type, result, result_count, result_type, target,
                                     place, target_count, target_type, op, win, request);
    return log_mpi_end_started_on_window(call, error, request,
                                         PAYLOAD(result, result_count, result_type));
}

int MPI_Fetch_and_op(const void *buffer, void *result, MPI_Datatype type, int target,
                     MPI_Aint place, MPI_Op op, MPI_Win win)
{
    staged_refuse(result, STAGED_ONE_SIDED);
    struct log_record call = log_mpi_begin_put_and_get(
        LOG_FETCH_AND_OP, CALLER, unless_no_op(op, PAYLOAD(buffer, 1, type)), target, place, win);
    int error = PMPI_Fetch_and_op(buffer, result, type, target, place, op, win);
    return log_mpi_end_get(call, error, PAYLOAD(result, 1, type), target, win);
}

/* SMPI declares it without the const, so it has another name in C. */
int log_mpi_compare_and_swap(const void *buffer, const void *compared, void *result,
                             MPI_Datatype type, int target, MPI_Aint place,
                             MPI_Win win) __asm__("MPI_Compare_and_swap");

int log_mpi_compare_and_swap(const void *buffer, const void *compared, void *result,
                             MPI_Datatype type, int target, MPI_Aint place, MPI_Win win)
{
    staged_refuse(result, STAGED_ONE_SIDED);
    struct log_record call = log_mpi_begin_put_and_get(
        LOG_COMPARE_AND_SWAP, CALLER, PAYLOAD(buffer, 1, type), target, place, win);
    int error = PMPI_Compare_and_swap(buffer, (void *)(uintptr_t)compared, result, type, target,
                                      place, win);
    return log_mpi_end_get(call, error, PAYLOAD(result, 1, type), target, win);
}
