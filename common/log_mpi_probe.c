/*
 * Profiling wrappers: the probes.
 */
#include "common/log_mpi.h"

#include "common/machine.h"

/* A probe that found something: what it found. */
static void found(struct log_record *record, const MPI_Status *status, int error, MPI_Comm comm)
{
    if (record->operation == LOG_NONE)
        return;
    record->flag = LOG_FLAG_TRUE;
    log_mpi_arrived(record, status, error, log_communicator(comm), NO_PAYLOAD);
}

int MPI_Probe(int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    MPI_Status own;
    struct log_record record =
        log_mpi_begin_receive(LOG_PROBE_MESSAGE, CALLER, NO_PAYLOAD, source, tag, comm);
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    int error = PMPI_Probe(source, tag, comm, status);
    found(&record, status, error, comm);
    log_mpi_end(record);
    return error;
}

int MPI_Mprobe(int source, int tag, MPI_Comm comm, MPI_Message *message, MPI_Status *status)
{
    MPI_Status own;
    struct log_record record =
        log_mpi_begin_receive(LOG_MPROBE, CALLER, NO_PAYLOAD, source, tag, comm);
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    int error = PMPI_Mprobe(source, tag, comm, message, status);
    machine_progressed();
    found(&record, status, error, comm);
    if (record.operation != LOG_NONE && error == MPI_SUCCESS)
        log_message_add(*message, record, comm);
    log_mpi_end(record);
    return error;
}

/* The records of a probe that did not block, written after it. */
static struct log_record polled(enum log_operation operation, uint64_t caller, int source, int tag,
                                MPI_Comm comm, bool successful)
{
    if (!log_is_open() || log_mpi_skip_poll(successful))
        return (struct log_record){.operation = LOG_NONE};
    return log_mpi_begin_receive(operation, caller, NO_PAYLOAD, source, tag, comm);
}

int MPI_Iprobe(int source, int tag, MPI_Comm comm, int *flag, MPI_Status *status)
{
    MPI_Status own;
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    log_mpi_enter();
    int error = PMPI_Iprobe(source, tag, comm, flag, status);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record record = polled(LOG_IPROBE, CALLER, source, tag, comm, successful);
    if (successful)
        found(&record, status, error, comm);
    log_mpi_end(record);
    log_mpi_polled(record, successful);
    return error;
}

int MPI_Improbe(int source, int tag, MPI_Comm comm, int *flag, MPI_Message *message,
                MPI_Status *status)
{
    MPI_Status own;
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    log_mpi_enter();
    int error = PMPI_Improbe(source, tag, comm, flag, message, status);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record record = polled(LOG_IMPROBE, CALLER, source, tag, comm, successful);
    if (successful)
        found(&record, status, error, comm);
    if (successful && error == MPI_SUCCESS && record.operation != LOG_NONE)
        log_message_add(*message, record, comm);
    log_mpi_end(record);
    log_mpi_polled(record, successful);
    return error;
}
