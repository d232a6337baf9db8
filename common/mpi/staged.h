/*
 * For the wrappers: messages from and into the GPU's memory (common/base/device.h), of which most MPIs know
 * nothing. In the place of such memory MPI gets memory of the host: what goes out is copied there before the call,
 * what comes is brought to the GPU when the call, or the request, is complete. The log looks at the program's own
 * buffers, before and behind:
 *
 *     struct log_record call = log_mpi_begin_send(LOG_SEND, CALLER, sent, …);
 *     struct staged staged = staged_out(sent);
 *     return log_mpi_end(call, staged_done(&staged, PMPI_Send(staged.buffer, …)));
 *
 * For the host's memory all of this does nothing. A send waits for the kernels that make its data; what comes waits
 * for the kernels that were asked for before the receive, and later ones wait for it, but the program does not.
 *
 * Memory of the host and copies: staged.c; messages: staged_messages.c; collectives: staged_collective.c; requests:
 * staged_requests.c; the calls that complete them: staged_waits.c.
 */
#ifndef COMMON_MPI_STAGED_H
#define COMMON_MPI_STAGED_H

#include "common/base/device.h"
#include "common/mpi/views.h"

#include <mpi.h>

struct log_mpi_payload;
struct log_mpi_collective;

/* A part of the GPU's memory that a call reads or writes. */
struct staged_piece {
    unsigned char *device;
    size_t bytes;
};
struct staged_pieces {
    size_t count, room;
    struct staged_piece *piece;
};

/* All pieces of a buffer lie in here, as far from each other as on the GPU. */
struct staged_area {
    const void *program;   /* the buffer, as the program has it */
    unsigned char *device; /* where the first piece begins */
    unsigned char *host;   /* the same on the host; NULL: there is no such area */
    size_t bytes;
};

struct staged {
    void *buffer; /* for MPI, of a call that has one */
    bool is_staged;
    bool in_place; /* what comes has the area of what goes */
    bool whole;    /* all room is fetched first and brought back: numbers come in any order */
    struct staged_area out, in;
    struct staged_pieces goes, comes;
    device_moment asked; /* for what comes */
};

/* ---- messages ---------------------------------------------------------------------------------------- */

/* A send, whose data are fetched; the room of a receive; a buffer for both. */
struct staged staged_out(struct log_mpi_payload sent);
struct staged staged_in(struct log_mpi_payload room);
struct staged staged_through(struct log_mpi_payload room);
/* Those of persistent requests: data are fetched when they are started. */
struct staged staged_out_later(struct log_mpi_payload sent);
struct staged staged_in_later(struct log_mpi_payload room);
/* Of a call in which MPI computes, for which it gets the host's memory in any case: what it reads, and what it changes. */
struct staged staged_summand(struct log_mpi_payload read);
struct staged staged_sum(struct log_mpi_payload changed);

/* ---- collectives ---------------------------------------------------------------------------------------- */

/* What goes in is fetched. */
struct staged staged_collective(const struct log_mpi_collective *call);
/* What MPI gets for one of its buffers. */
void *staged_address(const struct staged *staged, const void *buffer);

/* ---- the end of a call: each returns the error that it was given ------------------------------------------ */

/* Everything is done: all that comes is brought. */
int staged_done(struct staged *staged, int error);
/* … as much as has arrived. */
int staged_received(struct staged *staged, int error, const MPI_Status *status);
/* It has started a request, … */
int staged_started(struct staged *staged, int error, const MPI_Request *request);
/* … of a receive … */
int staged_posted(struct staged *staged, int error, const MPI_Request *request);
/* … or made a persistent one, of a send or a receive. */
int staged_made(struct staged *staged, int error, const MPI_Request *request);

/* ---- what can't be had ---------------------------------------------------------------------------------- */

/* Does nothing for the host's memory; the GPU's is fatal: it can't be used for … */
void staged_refuse(const void *address, const char *purpose);
#define STAGED_PACKING "packing: its numbers lie one behind the other, and can be sent as they are"
#define STAGED_ONE_SIDED                                                                           \
    "one-sided communication: send its numbers, or copy them to the host's memory (tensor_get) "   \
    "first"

/* ---- for the files staged*.c -------------------------------------------------------------------------------- */

void staged_fetch(struct staged *staged);
/* At most so many bytes. */
void staged_bring(const struct staged *staged, uint64_t most_bytes);
/* The same through other memory of the host: what MPI has may be written anew at once. */
void staged_bring_copy(const struct staged *staged, uint64_t most_bytes);
void staged_clear(struct staged *staged);
/* MPI is given the GPU's memory itself (staged_way.h), which nobody works on by then. */
bool staged_goes_direct(struct log_mpi_payload payload);
/* Adds a payload, if it is on the GPU; fatal where its type has gaps. */
void staged_add(struct staged_pieces *pieces, struct log_mpi_payload payload);
/* Makes the areas for pieces of these buffers. */
struct staged staged_new(const void *out, struct staged_pieces goes, const void *in,
                         struct staged_pieces comes);

/* Bytes to be brought of a message that has arrived; 0 of one that was cancelled. */
uint64_t staged_arrived(const struct staged *staged, const MPI_Status *status);

/* ---- calls about requests: as PMPI_X, and what is complete is brought: staged_waits.c --------------------- */

int staged_start(MPI_Request *request);
int staged_startall(int count, MPI_Request requests[]);
int staged_wait(MPI_Request *request, MPI_Status *status);
int staged_waitall(int count, MPI_Request requests[], MPI_Status statuses[]);
int staged_waitany(int count, MPI_Request requests[], int *index, MPI_Status *status);
int staged_waitsome(int count, MPI_Request requests[], int *completed, int indices[],
                    MPI_Status statuses[]);
int staged_test(MPI_Request *request, int *flag, MPI_Status *status);
int staged_testall(int count, MPI_Request requests[], int *flag, MPI_Status statuses[]);
int staged_testany(int count, MPI_Request requests[], int *index, int *flag, MPI_Status *status);
int staged_testsome(int count, MPI_Request requests[], int *completed, int indices[],
                    MPI_Status statuses[]);
int staged_request_free(MPI_Request *request);
int staged_request_get_status(MPI_Request request, int *flag, MPI_Status *status);

/* ---- requests with memory of the host: staged_requests.c ---------------------------------------------------- */

struct staged_request {
    struct staged_request *next;
    MPI_Request handle;
    struct staged staged;
    bool is_receive; /* as much comes as its status says */
    bool persistent, active;
    bool brought; /* before it was waited for */
    bool given;   /* to a wait or a test that has not come back */
};

/* Is there any? */
bool staged_requests_exist(void);
struct staged_request *staged_request_find(MPI_Request handle); /* NULL: unknown */
void staged_request_start(struct staged_request *request);
/* It is complete, but not waited for. */
void staged_request_seen(struct staged_request *request, const MPI_Status *status);
/* A call that returned `error` has told that it is complete; it is forgotten then, if it is not persistent: true. */
bool staged_request_completed(struct staged_request *request, const MPI_Status *status, int error);
void staged_request_forget(struct staged_request *request);
/* The program has freed it and does not wait for it: that is done here, now and then. */
void staged_request_leave(struct staged_request *request);
void staged_look_after_left(void);

#endif
