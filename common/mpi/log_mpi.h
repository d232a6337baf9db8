/*
 * What the profiling wrappers share. Nobody else includes this.
 *
 * The program calls MPI_X; the kit's MPI_X, a wrapper, records it and calls
 * PMPI_X. All wrappers are of one pattern: they begin a record, call PMPI_X, and
 * end the record with what came of it, which also returns MPI's error:
 *
 *     struct log_record call = log_mpi_begin_…(LOG_X, CALLER, …);
 *     return log_mpi_end_…(call, PMPI_X(…), …);
 *
 * They stand in call_*.c; what is known about communicators, requests and
 * windows between two calls in communicators.c, requests.c and windows.c; payloads and
 * records in payloads.c and records.c. Everything here does nothing without an open log.
 *
 * Arguments are the program's and may be wrong: nothing here may fail on them,
 * so that it is MPI that complains, under the name that the program called.
 */
#ifndef COMMON_MPI_LOG_MPI_H
#define COMMON_MPI_LOG_MPI_H

#include "common/log/log.h"
#include "common/log/log_caller.h"
#include "common/mpi/staged.h"
#include "common/mpi/views.h"

#include <mpi.h>

/* The address that the wrapper returns to. */
#define CALLER log_caller(__builtin_return_address(0))

/* Every wrapper calls one of them before anything else, itself or through the functions below: what
 * was computed before the call takes its time before it, log or no log. A test or probe that may be
 * called again and again is nothing that others wait for. Is a log open? */
bool log_mpi_enter(void);
bool log_mpi_enter_poll(void);

/* ---- communicators: communicators.c -------------------------------------------- */

struct log_mpi_communicator {
    int references;
    uint64_t number;        /* equal on all members; 0: MPI_COMM_NULL */
    uint64_t members;       /* a hash of them, equal on all */
    uint64_t parent;        /* number of the one that it was made from; 0: not known */
    uint64_t caller;        /* of the call that made it; 0: not known */
    uint64_t made;          /* how many were made from it */
    int windows;            /* likewise, windows */
    int size;               /* of the remote group, if it is an intercommunicator */
    int *log_rank;          /* [size]: what the log calls each rank that a message can go to */
    int own_rank, own_size; /* of this rank's own group */
    int own_log_rank;       /* what the log calls this rank */
    bool is_between;        /* an intercommunicator, which has two sides */
    int side;               /* this rank's: 0, of the group whose first rank is lower, or 1 */
};

/* What is known about a communicator; it stays the log's. */
struct log_mpi_communicator *log_mpi_communicator(MPI_Comm comm);
struct log_mpi_communicator *log_mpi_communicator_retain(struct log_mpi_communicator *communicator);
void log_mpi_communicator_release(struct log_mpi_communicator *communicator);
/* The program has freed a communicator: see ranks.h. */
void log_mpi_communicator_freed(MPI_Comm comm);
/* A rank of it as the log has peers: MPI_PROC_NULL and MPI_ANY_SOURCE included. */
int log_mpi_peer(const struct log_mpi_communicator *communicator, int rank);
/* A call from `caller` over the communicator `parent` has made this one: gives it its number. Every
 * member of the parent calls it, with MPI_COMM_NULL where it is in none. */
void log_mpi_number_communicator(MPI_Comm made, MPI_Comm parent, uint64_t caller);
/* The same for calls that only the members of the new one take part in. */
void log_mpi_number_by_members(MPI_Comm made, MPI_Comm parent, int tag, uint64_t caller);
/* Behind the begin of a call that only a group makes: a LOG_COUNT_PART for each of its ranks. */
void log_mpi_append_group(MPI_Group group);
/* A copy that will be there later: its number, at the call; and giving it that, when it is there.
 * `parent`: the number of the old one. */
uint64_t log_mpi_number_of_copy(MPI_Comm parent);
void log_mpi_number_copy(MPI_Comm made, uint64_t number, uint64_t parent, uint64_t caller);

/* ---- payloads: payloads.c ---------------------------------------------------------- */

/* What a call says about a payload. buffer NULL: no fingerprint. */
struct log_mpi_payload {
    const void *buffer;
    int count;
    MPI_Datatype type;
};
#define PAYLOAD(buffer, count, type) ((struct log_mpi_payload){buffer, count, type})
#define NO_PAYLOAD                   PAYLOAD(NULL, 0, MPI_DATATYPE_NULL)

uint64_t log_mpi_payload_bytes(struct log_mpi_payload payload); /* 0 if it makes no sense */
/* The memory between its first and its last byte. Its elements may have gaps and lie one before the other (a negative
 * extent), and their data before or behind the buffer's address. */
struct log_mpi_range {
    uintptr_t from;
    size_t bytes;
};
struct log_mpi_range log_mpi_payload_range(struct log_mpi_payload payload);
/* Gaps of the datatype are left out. 0: not known; where the memory can't be read, *gone is set. */
uint64_t log_mpi_payload_fingerprint(struct log_mpi_payload payload, bool *gone);
/* The program may free its datatype before a communication with it is complete: a copy, and its end. */
MPI_Datatype log_mpi_keep_type(MPI_Datatype type);
void log_mpi_release_type(MPI_Datatype kept);
/* The end of one that MPI_Type_get_contents has given: machines/. */
void log_mpi_release_part(MPI_Datatype part);
/* Copies it without the gaps of its type, log_mpi_payload_bytes of it; false if that can't be done. */
bool log_mpi_payload_copy(struct log_mpi_payload payload, void *to);
/* Do elements of this type lie one behind the other without gaps? */
bool log_mpi_is_plain(MPI_Datatype type);
/* Is there memory at all? The program may have freed a buffer that was still in use. */
bool log_mpi_is_mapped(const void *buffer, size_t bytes);

/* ---- the begin of a call: records.c -------------------------------------------------- */

/* Each appends the begin of a call and returns it, for its end. Without a log it is a record of
 * LOG_NONE, which the ends ignore. peer is a rank of comm. Sends have the fingerprint of their
 * payload. (Collectives: collective.h.) */
struct log_record log_mpi_begin(enum log_operation operation, uint64_t caller, MPI_Comm comm);
struct log_record log_mpi_begin_send(enum log_operation operation, uint64_t caller,
                                     struct log_mpi_payload payload, int peer, int tag,
                                     MPI_Comm comm);
struct log_record log_mpi_begin_receive(enum log_operation operation, uint64_t caller,
                                        struct log_mpi_payload room, int peer, int tag,
                                        MPI_Comm comm);
/* The same for calls that start a request: they get its number. */
struct log_record log_mpi_start(enum log_operation operation, uint64_t caller, MPI_Comm comm);
struct log_record log_mpi_start_send(enum log_operation operation, uint64_t caller,
                                     struct log_mpi_payload payload, int peer, int tag,
                                     MPI_Comm comm);
struct log_record log_mpi_start_receive(enum log_operation operation, uint64_t caller,
                                        struct log_mpi_payload room, int peer, int tag,
                                        MPI_Comm comm);
/* Those that receive a message which a probe has taken; *comm becomes its communicator. */
struct log_record log_mpi_begin_taken(enum log_operation operation, uint64_t caller,
                                      MPI_Message handle, struct log_mpi_payload room,
                                      MPI_Comm *comm);
struct log_record log_mpi_start_taken(enum log_operation operation, uint64_t caller,
                                      MPI_Message handle, struct log_mpi_payload room,
                                      MPI_Comm *comm);
/* For messages of MPI_Sendrecv, whose begin is that of a receive: its send. */
void log_mpi_note_other_half(struct log_mpi_payload payload, int peer, int tag, MPI_Comm comm);
/* The halves of a sendrecv, behind its begin. */
void log_mpi_append_send_part(struct log_mpi_payload payload, int peer, int tag, MPI_Comm comm);
void log_mpi_append_receive_part(struct log_mpi_payload room, int peer, int tag, MPI_Comm comm);

/* ---- its end: records.c ----------------------------------------------------------------- */

enum request_kind { REQUEST_SEND, REQUEST_RECEIVE, REQUEST_COLLECTIVE, REQUEST_ONE_SIDED };

/* A call has returned this error: on the simulated machine calls the communicator's error handler, which
 * SMPI does only in its own MPI_X. Returns it. */
int log_mpi_failed(int error);
/* An error that MPI would not notice, but crash: MPI's error handler is told of it as if it had. For the
 * end of the call. Returns it. */
int log_mpi_refused(int error);
/* Each turns the begin of a call into its end, appends it and returns the error. */
int log_mpi_end(struct log_record call, int error);
/* … with the message that arrived in `room`, … */
int log_mpi_end_received(struct log_record call, int error, const MPI_Status *status,
                         struct log_mpi_payload room, MPI_Comm comm);
/* … or remembering the request that the call has started. */
int log_mpi_end_started(struct log_record call, int error, enum request_kind kind,
                        const MPI_Request *request, struct log_mpi_payload payload, MPI_Comm comm);

/* How long the message is that a status tells of, be it 2 GiB and more; false: it doesn't say, and *bytes stays. */
bool log_mpi_status_bytes(const MPI_Status *status, uint64_t *bytes);
/* Puts into a record what is known about the message that arrived in `room`. */
void log_mpi_arrived(struct log_record *record, const MPI_Status *status, int error,
                     const struct log_mpi_communicator *communicator, struct log_mpi_payload room);

/* ---- requests: requests.c ------------------------------------------------------------------ */

/* What is known about a request until it completes. */
struct log_mpi_request {
    struct log_mpi_request *next;
    MPI_Request handle;
    const MPI_Request *variable; /* where the program kept the handle at first */
    enum request_kind kind;
    bool shared; /* MPI gave the same handle to several requests at once */
    bool persistent;
    bool active;
    bool taken;                     /* is in a struct log_mpi_requests now */
    struct log_record start;        /* as it was begun; holds its number */
    struct log_mpi_payload payload; /* sent or received */
    struct log_mpi_view goes_in;    /* of a collective; empty, if it is in place */
    struct log_mpi_view comes_out;  /* likewise */
    MPI_Comm *made; /* of MPI_Comm_idup: where the program finds the new communicator, and … */
    uint64_t made_number; /* … its number */
    struct log_mpi_communicator *communicator;
};

/* A number for the request that is about to be made. */
uint64_t log_mpi_request_number(void);
/* Remembers the request that a call has made; `start` is the call's begin record. */
struct log_mpi_request *log_mpi_request_add(enum request_kind kind, const MPI_Request *request,
                                            struct log_record start, struct log_mpi_payload payload,
                                            MPI_Comm comm);
/* The request behind a handle, which the program has in `variable` now; NULL: unknown. */
struct log_mpi_request *log_mpi_request_find(MPI_Request handle, const MPI_Request *variable);
/* Is it behind any handle, whatever a wait has taken already? */
bool log_mpi_request_is_known(MPI_Request handle);
void log_mpi_request_forget(struct log_mpi_request *request);
/* It has completed, as a call told that returned `error`: appends LOG_COMPLETED with this flag and
 * forgets it; one that is persistent, and not freed, becomes inactive. */
void log_mpi_request_completed(struct log_mpi_request *request, const MPI_Status *status, int error,
                               uint8_t flag);

/* The requests that a wait or a test was given. Without a log: empty. */
struct log_mpi_requests {
    int count;
    struct log_mpi_request **request; /* NULL where there is none or it is unknown */
    MPI_Status *status;               /* the program's, or our own where it wants none */
    bool own_status;
};
/* statuses: as many as requests (one for the calls that complete one). */
struct log_mpi_requests log_mpi_requests_find(int count, const MPI_Request *handles,
                                              MPI_Status *status, int statuses);
void log_mpi_requests_waiting(const struct log_mpi_requests *requests); /* LOG_WAITING_FOR each */
/* Request i, with status number s, has completed in a call that returned `error`: appends
 * LOG_COMPLETED and forgets the request; one that is persistent becomes inactive. */
void log_mpi_requests_completed(struct log_mpi_requests *requests, int i, int s, int error);
void log_mpi_requests_free(struct log_mpi_requests *requests);

/* ---- requests that nobody made: unknown_requests.c ------------------------------------------ */

/* Every call that is given requests looks at them first. True: one of them can't be a request, and MPI
 * would crash over it; what to say of it is noted, so that it may be refused. `starts`: the call is
 * MPI_Start or MPI_Startall. */
bool log_mpi_requests_are_wrong(int count, const MPI_Request *handles, bool starts);

/* ---- requests that the program has freed: freed_requests.c --------------------------------- */

/* MPI_Request_free of a request that is not complete, or not known to be: MPI's is not called now,
 * and what becomes of the message is recorded later. False: there is nothing to wait for. */
bool log_mpi_keep_freed(struct log_mpi_request *request, MPI_Request *handle);
/* Something has completed on this rank: behind every call that tells the program so. */
void log_mpi_progressed(void);

/* ---- windows: windows.c -------------------------------------------------------------------- */

/* The begin of a call that makes a window of so many bytes of this rank, and its end. */
struct log_record log_mpi_begin_window(enum log_operation operation, uint64_t caller,
                                       MPI_Aint bytes, MPI_Comm comm);
int log_mpi_end_window(struct log_record call, int error, const MPI_Win *made, MPI_Comm comm);
/* The begin of a call about a window: with one rank, with MPI_PROC_NULL, or, at -1, with none. */
struct log_record log_mpi_begin_on_window(enum log_operation operation, uint64_t caller,
                                          MPI_Win win, int target);
/* … with the ranks of a group: a LOG_COUNT_PART for each. */
struct log_record log_mpi_begin_with_group(enum log_operation operation, uint64_t caller,
                                           MPI_Group group, MPI_Win win);
/* The end of one behind which is complete what this rank has asked of `target`, or of all (-1). */
int log_mpi_end_synchronised(struct log_record call, int error, MPI_Win win, int target);
int log_mpi_end_window_free(struct log_record call, int error, MPI_Win freed);

/* The begin of a put, get or both, to where `place` says in the target's window. `payload` is what
 * goes out, or, if the call only gets, the room for what comes: its fingerprint is known later. */
struct log_record log_mpi_begin_put(enum log_operation operation, uint64_t caller,
                                    struct log_mpi_payload payload, int target, MPI_Aint place,
                                    MPI_Win win);
struct log_record log_mpi_begin_get(enum log_operation operation, uint64_t caller,
                                    struct log_mpi_payload room, int target, MPI_Aint place,
                                    MPI_Win win);
struct log_record log_mpi_begin_put_and_get(enum log_operation operation, uint64_t caller,
                                            struct log_mpi_payload payload, int target,
                                            MPI_Aint place, MPI_Win win);
/* The end of a get: what has come is recorded where it is complete. */
int log_mpi_end_get(struct log_record call, int error, struct log_mpi_payload room, int target,
                    MPI_Win win);
/* The end of a call that has a request. */
int log_mpi_end_started_on_window(struct log_record call, int error, const MPI_Request *request,
                                  struct log_mpi_payload payload);

/* ---- messages, polls: requests.c ----------------------------------------------------------- */

/* Remembers the message that MPI_Mprobe took; `probe` is its end record. */
void log_mpi_message_add(MPI_Message handle, struct log_record probe, MPI_Comm comm);
/* The begin record, not yet appended, of a call that receives it, and its communicator. */
struct log_record log_mpi_message_take(enum log_operation operation, MPI_Message handle,
                                       struct log_mpi_payload room, MPI_Comm *comm);

/* Is an unsuccessful test or probe to be left out of the log, because nothing was recorded since the
 * last one? Counts it. */
bool log_mpi_skip_poll(bool successful);
/* The end of every test or probe: `record`, already appended, is LOG_NONE if it got none. */
void log_mpi_polled(struct log_record record, bool successful);

#endif
