/*
 * For the wrappers of collectives: the records of a call.
 */
#include "common/mpi/collective.h"

#include "common/base/mpi_check.h"
#include "common/mpi/elements.h"

/* For the message if MPI refuses them, log or no log. */
static void note_values(const struct log_mpi_collective *call)
{
    const bool has_root = call->root != NO_ROOT;
    mpi_check_values(0, &(struct mpi_check_values){.buffer = call->input.buffer,
                                                   .into = call->output.buffer,
                                                   .count = call->input.count,
                                                   .type = call->input.type,
                                                   .peer = has_root ? call->root : MPI_PROC_NULL,
                                                   .tag = 0,
                                                   .comm = call->comm});
}

/* The root as the log has ranks: all members name the same one. */
static int root_of(const struct log_mpi_collective *call,
                   const struct log_mpi_communicator *communicator)
{
    if (call->root == NO_ROOT)
        return LOG_NO_PEER;
    if (communicator->is_between && call->root == MPI_ROOT)
        return communicator->own_log_rank;
    return log_mpi_peer(communicator, call->root);
}

static void set_elements(struct log_record *record, const struct log_mpi_collective *call,
                         enum log_type type)
{
    log_set_elements(record, (struct log_elements){type, log_mpi_reduction(call->op)});
}

static void begin(struct log_mpi_collective *call, bool starts)
{
    const struct log_mpi_communicator *communicator = log_mpi_communicator(call->comm);
    struct log_record record = log_record_new(call->operation, LOG_BEGIN);
    record.caller = call->caller;
    record.own_number = starts ? log_mpi_request_number() : 0;
    record.communicator = communicator->number;
    record.peer = root_of(call, communicator);
    log_mpi_put_in(call, communicator, &call->goes_in);
    log_mpi_get_out(call, communicator, &call->comes_out);
    struct log_mpi_sight sight = log_mpi_view_see(&call->goes_in);
    record.bytes = sight.bytes;
    record.fingerprint = sight.fingerprint;
    record.own_value = sight.sketch;
    if (log_blocking_form(call->operation) == LOG_BCAST && call->goes_in.bytes == 0)
        record.bytes = call->comes_out.bytes; /* what it expects: others may differ */
    set_elements(&record, call,
                 call->goes_in.bytes > 0 ? call->goes_in.elements : call->comes_out.elements);
    log_append(record);
    log_mpi_append_counts(call, communicator);
    log_mpi_append_data(&sight, false, record.own_number);
    log_mpi_sight_clear(&sight);
    call->record = record;
}

struct log_mpi_collective log_mpi_collective_begin(enum log_operation operation, uint64_t caller,
                                                   struct log_mpi_side input,
                                                   struct log_mpi_side output, MPI_Op op, int root,
                                                   MPI_Comm comm)
{
    struct log_mpi_collective call = {.operation = operation,
                                      .caller = caller,
                                      .comm = comm,
                                      .root = root,
                                      .op = op,
                                      .input = input,
                                      .output = output};
    note_values(&call);
    if (log_mpi_enter())
        begin(&call, log_is_nonblocking_collective(operation));
    if (device_is_open())
        call.staged = staged_collective(&call);
    return call;
}

void log_mpi_collective_kept(const struct log_mpi_view *goes_in, uint64_t fingerprint,
                             struct log_record *record)
{
    if (fingerprint == 0 || goes_in->bytes == 0)
        return;
    struct log_mpi_sight sight = log_mpi_view_look(goes_in);
    if (sight.data == NULL)
        record->flag |= LOG_FLAG_BUFFER_GONE;
    else if (sight.fingerprint != fingerprint)
        record->flag |= LOG_FLAG_CHANGED;
    log_mpi_sight_clear(&sight);
}

void log_mpi_collective_completed(const struct log_mpi_view *view, struct log_record *record)
{
    struct log_mpi_sight sight = log_mpi_view_see(view);
    record->bytes = sight.bytes;
    record->fingerprint = sight.fingerprint;
    record->own_value = sight.sketch;
    if (view->bytes > 0)
        log_set_elements(record,
                         (struct log_elements){view->elements, log_elements(record).reduction});
    log_mpi_append_data(&sight, true, log_request(record));
    log_mpi_sight_clear(&sight);
}

static void clear(struct log_mpi_collective *call)
{
    log_mpi_view_clear(&call->goes_in);
    log_mpi_view_clear(&call->comes_out);
}

int log_mpi_collective_end(struct log_mpi_collective *call, int error)
{
    staged_done(&call->staged, error);
    log_mpi_progressed();
    if (call->record.operation == LOG_NONE)
        return log_mpi_end(call->record, error);
    if (error == MPI_SUCCESS) {
        log_mpi_collective_completed(&call->comes_out, &call->record);
    } else {
        call->record.bytes = call->record.fingerprint = 0;
        call->record.own_value = 0;
    }
    clear(call);
    return log_mpi_end(call->record, error);
}

void log_mpi_collective_completed_at_once(const struct log_mpi_view *view, struct log_record start)
{
    struct log_record record = start;
    record.operation = LOG_COMPLETED;
    record.phase = LOG_INSTANT;
    record.caller = 0;
    log_mpi_collective_completed(view, &record);
    log_append(record);
}

int log_mpi_collective_started(struct log_mpi_collective *call, int error,
                               const MPI_Request *request)
{
    staged_started(&call->staged, error, request);
    if (call->record.operation == LOG_NONE)
        return log_mpi_end(call->record, error);
    struct log_mpi_request *started = NULL;
    if (error == MPI_SUCCESS)
        started =
            log_mpi_request_add(REQUEST_COLLECTIVE, request, call->record, NO_PAYLOAD, call->comm);
    if (started != NULL) {
        log_mpi_view_keep_types(&call->comes_out);
        started->comes_out = call->comes_out;
        if (call->goes_in.buffer ==
            call->comes_out.buffer) /* in place: the result may come any time */
            log_mpi_view_clear(&call->goes_in);
        log_mpi_view_keep_types(&call->goes_in);
        started->goes_in = call->goes_in;
    } else {
        if (error == MPI_SUCCESS)
            log_mpi_collective_completed_at_once(&call->comes_out, call->record);
        clear(call);
    }
    return log_mpi_end(call->record, error);
}
