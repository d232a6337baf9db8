/*
 * For the profiling wrappers: MPI_Message handles, from the probe that took the
 * message to the call that receives it. Few exist at a time.
 */
#include "common/log_mpi.h"

#include "common/fatal.h"

#include <stdlib.h>

struct taken_message {
    struct taken_message *next;
    MPI_Message handle;
    struct log_record probe; /* with peer and tag as they turned out */
    MPI_Comm comm;
};

static struct taken_message *messages;

void log_message_add(MPI_Message handle, struct log_record probe, MPI_Comm comm)
{
    if (handle == MPI_MESSAGE_NULL || handle == MPI_MESSAGE_NO_PROC)
        return;
    struct taken_message *message = malloc(sizeof *message);
    if (message == NULL)
        fatal("no memory for the log of a message");
    *message = (struct taken_message){messages, handle, probe, comm};
    messages = message;
}

struct log_record log_message_take(enum log_operation operation, uint64_t caller,
                                   MPI_Message handle, struct log_payload room, MPI_Comm *comm)
{
    *comm = MPI_COMM_NULL;
    if (!log_mpi_enter())
        return (struct log_record){.operation = LOG_NONE};
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    record.caller = caller;
    record.peer = handle == MPI_MESSAGE_NO_PROC ? LOG_PEER_NULL : LOG_NO_PEER;
    record.bytes = log_payload_bytes(room);
    for (struct taken_message **place = &messages; *place != NULL; place = &(*place)->next) {
        struct taken_message *message = *place;
        if (message->handle != handle)
            continue;
        record.peer = message->probe.peer;
        record.tag = message->probe.tag;
        record.communicator = message->probe.communicator;
        *comm = message->comm;
        *place = message->next;
        free(message);
        break;
    }
    return record;
}
