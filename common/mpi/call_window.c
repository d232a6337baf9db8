/*
 * Wrappers: windows of one-sided communication, and when they are open.
 *
 * What a plain load or store moves in a window's memory is not recorded.
 */
#include "common/mpi/log_mpi.h"

/* ---- making and freeing them ---------------------------------------------------------------- */

int MPI_Win_create(void *base, MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, MPI_Win *win)
{
    staged_refuse(base, STAGED_ONE_SIDED);
    struct log_record call = log_mpi_begin_window(LOG_WIN_CREATE, CALLER, size, comm);
    int error = PMPI_Win_create(base, size, unit, info, comm, win);
    return log_mpi_end_window(call, error, win, comm);
}

int MPI_Win_allocate(MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *base,
                     MPI_Win *win)
{
    struct log_record call = log_mpi_begin_window(LOG_WIN_ALLOCATE, CALLER, size, comm);
    int error = PMPI_Win_allocate(size, unit, info, comm, base, win);
    return log_mpi_end_window(call, error, win, comm);
}

int MPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *base,
                            MPI_Win *win)
{
    struct log_record call = log_mpi_begin_window(LOG_WIN_ALLOCATE_SHARED, CALLER, size, comm);
    int error = PMPI_Win_allocate_shared(size, unit, info, comm, base, win);
    return log_mpi_end_window(call, error, win, comm);
}

int MPI_Win_create_dynamic(MPI_Info info, MPI_Comm comm, MPI_Win *win)
{
    struct log_record call = log_mpi_begin_window(LOG_WIN_CREATE_DYNAMIC, CALLER, 0, comm);
    int error = PMPI_Win_create_dynamic(info, comm, win);
    return log_mpi_end_window(call, error, win, comm);
}

int MPI_Win_free(MPI_Win *win)
{
    MPI_Win freed = *win;
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_FREE, CALLER, freed, -1);
    return log_mpi_end_window_free(call, PMPI_Win_free(win), freed);
}

/* ---- all ranks at once ------------------------------------------------------------------------ */

int MPI_Win_fence(int assertion, MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_FENCE, CALLER, win, -1);
    return log_mpi_end_synchronised(call, PMPI_Win_fence(assertion, win), win, -1);
}

/* ---- some ranks, by groups ---------------------------------------------------------------------- */

int MPI_Win_post(MPI_Group group, int assertion, MPI_Win win)
{
    struct log_record call = log_mpi_begin_with_group(LOG_WIN_POST, CALLER, group, win);
    return log_mpi_end(call, PMPI_Win_post(group, assertion, win));
}

int MPI_Win_start(MPI_Group group, int assertion, MPI_Win win)
{
    struct log_record call = log_mpi_begin_with_group(LOG_WIN_START, CALLER, group, win);
    int error = PMPI_Win_start(group, assertion, win);
    log_mpi_progressed();
    return log_mpi_end(call, error);
}

int MPI_Win_complete(MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_COMPLETE, CALLER, win, -1);
    return log_mpi_end_synchronised(call, PMPI_Win_complete(win), win, -1);
}

int MPI_Win_wait(MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_WAIT, CALLER, win, -1);
    int error = PMPI_Win_wait(win);
    log_mpi_progressed();
    return log_mpi_end(call, error);
}

/* Recorded as other tests are: call_complete.c. */
static int end_poll(enum log_operation operation, uint64_t caller, int error, MPI_Win win,
                    bool successful)
{
    struct log_record call = {.operation = LOG_NONE};
    if (log_is_open() && !log_mpi_skip_poll(successful))
        call = log_mpi_begin_on_window(operation, caller, win, -1);
    call.flag = successful ? LOG_FLAG_TRUE : 0;
    log_mpi_end(call, error);
    log_mpi_polled(call, successful);
    return error;
}

int MPI_Win_test(MPI_Win win, int *flag)
{
    log_mpi_enter_poll();
    int error = PMPI_Win_test(win, flag);
    return end_poll(LOG_WIN_TEST, CALLER, error, win, error != MPI_SUCCESS || *flag);
}

/* A program may call it a million times, until a number in its memory has changed. */
int MPI_Win_sync(MPI_Win win)
{
    log_mpi_enter_poll();
    int error = PMPI_Win_sync(win);
    return end_poll(LOG_WIN_SYNC, CALLER, error, win, false);
}

/* ---- one rank, by locks --------------------------------------------------------------------------- */

int MPI_Win_lock(int type, int rank, int assertion, MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_LOCK, CALLER, win, rank);
    return log_mpi_end(call, PMPI_Win_lock(type, rank, assertion, win));
}

int MPI_Win_lock_all(int assertion, MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_LOCK_ALL, CALLER, win, -1);
    return log_mpi_end(call, PMPI_Win_lock_all(assertion, win));
}

int MPI_Win_unlock(int rank, MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_UNLOCK, CALLER, win, rank);
    return log_mpi_end_synchronised(call, PMPI_Win_unlock(rank, win), win, rank);
}

int MPI_Win_unlock_all(MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_UNLOCK_ALL, CALLER, win, -1);
    return log_mpi_end_synchronised(call, PMPI_Win_unlock_all(win), win, -1);
}

int MPI_Win_flush(int rank, MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_FLUSH, CALLER, win, rank);
    return log_mpi_end_synchronised(call, PMPI_Win_flush(rank, win), win, rank);
}

int MPI_Win_flush_all(MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_FLUSH_ALL, CALLER, win, -1);
    return log_mpi_end_synchronised(call, PMPI_Win_flush_all(win), win, -1);
}

int MPI_Win_flush_local(int rank, MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_FLUSH_LOCAL, CALLER, win, rank);
    return log_mpi_end_synchronised(call, PMPI_Win_flush_local(rank, win), win, rank);
}

int MPI_Win_flush_local_all(MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(LOG_WIN_FLUSH_LOCAL_ALL, CALLER, win, -1);
    return log_mpi_end_synchronised(call, PMPI_Win_flush_local_all(win), win, -1);
}
