/*
 * MPI functions that SMPI, on the simulated machine, lacks or has in a form that does not do: the
 * wrappers call these in their place.
 *
 * SMPI's blocking probe looks once a microsecond, for ever, even where all others wait. Here it is an
 * unsuccessful poll, again and again: it sleeps until another rank does something (machine_polled).
 *
 * SMPI has no probes that take a message. Here such a probe notes which message that is, and the
 * receive asks for the next one of that sender and tag. That differs from MPI only where a program
 * takes two messages of one sender and tag before it receives the first: a non-blocking probe does not
 * find the second, and both are received in the order in which they were sent.
 *
 * SMPI calls error handlers in its own MPI_X only, which the wrappers stand in for.
 */
#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/base/mpi_check.h"
#include "common/mpi/log_mpi.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdlib.h>

static MPI_Errhandler handler_of(MPI_Comm comm)
{
    MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
    if (PMPI_Comm_get_errhandler(comm, &handler) != MPI_SUCCESS)
        return MPI_ERRHANDLER_NULL;
    return handler;
}

/* SMPI does not let communicators inherit a handler: one that has none of its own has MPI_COMM_WORLD's. */
int log_mpi_failed(int error)
{
    MPI_Comm comm = mpi_check_communicator();
    if (handler_of(comm) == MPI_ERRORS_ARE_FATAL)
        comm = MPI_COMM_WORLD;
    const MPI_Errhandler handler = handler_of(comm);
    if (handler == MPI_ERRORS_ARE_FATAL) {
        char text[MPI_MAX_ERROR_STRING] = "";
        int length;
        PMPI_Error_string(error, text, &length);
        fatal("an MPI call failed: %s", text);
    }
    if (handler != MPI_ERRHANDLER_NULL && handler != MPI_ERRORS_RETURN)
        PMPI_Comm_call_errhandler(comm, error);
    return error;
}

int log_mpi_refused(int error)
{
    return error; /* log_mpi_failed() follows */
}

int PMPI_Probe(int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    for (;;) {
        int found, error = PMPI_Iprobe(source, tag, comm, &found, status);
        if (error != MPI_SUCCESS || found)
            return error;
        machine_polled();
    }
}

/* ---- probes that take the message ----------------------------------------------------------- */

/* What an MPI_Message points to, until it is received. */
struct taken_message {
    struct taken_message *next;
    int source, tag;
    MPI_Comm comm;
};

static struct taken_message *taken_messages;

static bool is_taken(const MPI_Status *status, MPI_Comm comm)
{
    for (const struct taken_message *taken = taken_messages; taken != NULL; taken = taken->next)
        if (taken->source == status->MPI_SOURCE && taken->tag == status->MPI_TAG &&
            taken->comm == comm)
            return true;
    return false;
}

static MPI_Message take(const MPI_Status *status, MPI_Comm comm)
{
    struct taken_message *taken = malloc(sizeof *taken);
    if (taken == NULL)
        fatal("no memory for a message");
    *taken = (struct taken_message){taken_messages, status->MPI_SOURCE, status->MPI_TAG, comm};
    taken_messages = taken;
    return taken;
}

int PMPI_Mprobe(int source, int tag, MPI_Comm comm, MPI_Message *message, MPI_Status *status)
{
    MPI_Status own = {0}, *known = status == MPI_STATUS_IGNORE ? &own : status;
    const int error = PMPI_Probe(source, tag, comm, known);
    if (error == MPI_SUCCESS)
        *message = take(known, comm);
    return error;
}

int PMPI_Improbe(int source, int tag, MPI_Comm comm, int *flag, MPI_Message *message,
                 MPI_Status *status)
{
    MPI_Status own = {0}, *known = status == MPI_STATUS_IGNORE ? &own : status;
    const int error = PMPI_Iprobe(source, tag, comm, flag, known);
    *flag = error == MPI_SUCCESS && *flag && !is_taken(known, comm);
    if (*flag)
        *message = take(known, comm);
    return error;
}

/* Ends a handle; returns what it stood for. */
static struct taken_message give(MPI_Message *message)
{
    struct taken_message **place = &taken_messages;
    while (*place != NULL && *place != *message)
        place = &(*place)->next;
    if (*place == NULL)
        fatal("an MPI_Message that no probe has taken, or that was received already");
    const struct taken_message taken = **place;
    *place = taken.next;
    free(*message);
    *message = MPI_MESSAGE_NULL;
    return taken;
}

int PMPI_Mrecv(void *buffer, int count, MPI_Datatype type, MPI_Message *message, MPI_Status *status)
{
    const struct taken_message taken = give(message);
    return PMPI_Recv(buffer, count, type, taken.source, taken.tag, taken.comm, status);
}

int PMPI_Imrecv(void *buffer, int count, MPI_Datatype type, MPI_Message *message,
                MPI_Request *request)
{
    const struct taken_message taken = give(message);
    return PMPI_Irecv(buffer, count, type, taken.source, taken.tag, taken.comm, request);
}
