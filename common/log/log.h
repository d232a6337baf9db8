/*
 * The log: what one rank did, in the order in which it did it.
 *
 * Each rank appends fixed-size binary records to one memory-mapped file,
 * FOLDER/rank-R.log. What takes time has a begin and an end record; a begin
 * without an end is an operation that was pending when the run ended, however
 * it ended: a crash or a kill loses nothing that was recorded. The file grows
 * with posix_fallocate, so a full disk is an error message and not a SIGBUS.
 *
 * Computation is recorded by the stage, the optimizer and the batch; MPI calls
 * by the profiling interface (common/mpi): the program calls MPI_Send, the
 * kit's MPI_Send records it and calls PMPI_Send. The kit itself calls PMPI_*
 * and so does not appear.
 *
 * Ranks are those of the run's communicator throughout, which need not be those of
 * MPI_COMM_WORLD (log_mpi_ranks_are_of in common/mpi).
 *
 * Without log_open() every function here does nothing and costs next to nothing.
 */
#ifndef COMMON_LOG_LOG_H
#define COMMON_LOG_LOG_H

#include "common/log/log_operations.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_MAGIC   0x3130676f6c697070ull /* "ppilog01", little-endian */
#define LOG_VERSION 3

enum log_phase { LOG_BEGIN = 1, LOG_END = 2, LOG_INSTANT = 3 };

enum { LOG_MEMORY_RESIDENT = 100 };

enum { LOG_CALLS = 6 };

enum {
    LOG_NO_PEER = -1,
    LOG_ANY_SOURCE = -2,
    LOG_PEER_NULL = -3 /* MPI_PROC_NULL */,
    LOG_ANY_TAG = -1
};

/* Numbers of communicators that everybody is in; 0: none. */
enum {
    LOG_WORLD = 1, /* MPI_COMM_WORLD */
    LOG_RUN = 2    /* the run's, if it is another one */
};

/* The bits of `flag`. */
enum {
    LOG_FLAG_TRUE = 1,         /* a test or probe found something */
    LOG_FLAG_TRUNCATED = 2,    /* a received message did not fit */
    LOG_FLAG_CANCELLED = 4,    /* a completed request had been cancelled */
    LOG_FLAG_BUFFER_GONE = 8,  /* a send's buffer, or what a collective was given, was no longer
                                  there when it completed */
    LOG_FLAG_SYNCHRONOUS = 16, /* a started persistent send is an MPI_Ssend … */
    LOG_FLAG_BUFFERED = 32,    /* … or an MPI_Bsend */
    LOG_FLAG_FREED = 64,       /* a completed request had been freed: nobody waited for it */
    LOG_FLAG_CUT = 128,        /* the sum of changes of memory that have no records of their own */
    LOG_FLAG_CHANGED =
        128 /* of a completed collective, or of a transfer between device and host: what
                                  it was given had changed */
};

/*
 * What MPI records hold beyond the plain meaning of the fields:
 *   peer, tag    of a begin: as the program gave them; of an end or LOG_COMPLETED of a receive:
 *                as they turned out
 *   own_number   of a call that starts a request, or is about one: its number, from 1 within the
 *                rank; 0: none
 *   collectives  peer = root; tag = what its elements are and how they are reduced (log_elements);
 *                bytes, fingerprint and own_value (log_sketch): at the begin of what this rank puts
 *                in, at the end or LOG_COMPLETED of what it gets out; all 0 of nothing. Blocks for or
 *                from several members are one payload, in the members' order and without what lies
 *                between them. A broadcast has at the begin, on all ranks, the bytes that are expected
 *   LOG_COMM_*   communicator = the old one; the end has own_number = number of the new one (0:
 *                not a member) and own_value = its size, of all sides. LOG_COMM_IDUP starts a request:
 *                its begin has the request's number
 *   LOG_WIN_*, LOG_PUT, …
 *                communicator = the window's; tag = number of the window among those made from it,
 *                from 1; peer = target, if there is one. A begin that makes a window has the bytes
 *                of this rank's part
 *   LOG_WIN_POST, LOG_WIN_START
 *                LOG_COUNT_PART for each rank of the group: one that may put (LOG_GETS), or that
 *                may be put to (LOG_GIVES); no bytes
 *   LOG_PUT, LOG_GET, …
 *                bytes and fingerprint of what goes out (of a get: 0, and the bytes of the room);
 *                own_value = where in the target's window, in its units. What brings something, or
 *                has a request, has a number; its LOG_COMPLETED, with bytes and fingerprint of what
 *                came (with a request that only puts: of what was put), stands in the wait or in
 *                the flush, unlock, fence, complete or free behind which it is complete
 *   LOG_START    LOG_SEND_PART or LOG_RECV_PART for each request that it starts
 * An unsuccessful test or probe, or an MPI_Win_sync, is recorded only if anything else was recorded
 * since the last one. What a plain load or store moves through a window's memory is not recorded.
 */
struct log_record {       /* 120 bytes, little-endian */
    uint64_t sequence;    /* 1, 2, 3 … within the file; 0: not written */
    uint64_t clock;       /* nanoseconds, machine_clock() */
    uint64_t flops;       /* charged by this rank so far */
    uint64_t caller;      /* return address into the program, less its load address; 0: none */
    uint64_t bytes;       /* of the payload */
    uint64_t fingerprint; /* XXH3 of the payload: at the begin of a send, at the end of a receive */
    uint64_t own_number;  /* what its kind of record means by it: log_fields.h */
    uint64_t communicator; /* the same number on all its members; LOG_WORLD, LOG_RUN, or another */
    double own_value;      /* likewise */
    int32_t peer;          /* a rank as the header counts them, or one of the constants above */
    int32_t tag;
    int32_t stage;       /* -1: none */
    int32_t micro_batch; /* -1: none */
    uint16_t operation;
    uint8_t phase;
    uint8_t flag;   /* LOG_FLAG_* */
    uint32_t check; /* low half of XXH3 of the record with this field 0 */
    /* like `caller`: the calls that led here from where the driver called the program, the outermost
     * first, as far as there is room; 0: none */
    uint32_t calls[LOG_CALLS];
};

struct log_header { /* the first 120 bytes of the file */
    uint64_t magic;
    uint32_t version;
    uint32_t record_size;
    int32_t rank;
    int32_t ranks;
    uint64_t seed;
    uint64_t pid;
    uint64_t polls; /* unsuccessful tests and probes since the last record: they get none */
    char reserved[72];
};

/* Creates FOLDER/rank-R.log; fatal, with the cause, if that can't be done. */
void log_open(const char *folder, int rank, int ranks, uint64_t seed);
bool log_is_open(void);
/* Ends the file at its last record. */
void log_close(void);

/* A record with everything "none", to fill in. */
struct log_record log_record_new(enum log_operation operation, enum log_phase phase);
/* Adds sequence, clock, flops, calls and check, and appends it. */
void log_append(struct log_record record);

/* The number of the last record; 0: none, or no log. */
uint64_t log_sequence(void);
/* Counts an unsuccessful test or probe that gets no record of its own (see common/mpi/call_complete.c). */
void log_count_poll(void);

/* Does somebody look at log_busy? Then, and with an open log, the begin and the end of a computation wait for the GPU.
 * Otherwise nothing waits: the time of a computation there is then that of asking for it. */
void log_time_computations(bool wanted);
/* The begin or end of a computation. At the end it has taken its time (flops_spend), whether a
 * log is open or not. Fingerprints; 0: not known. parameters: those that it works with. tensor:
 * at the begin what enters (x, dy), at the end what leaves (y, dx). */
void log_compute(enum log_operation operation, enum log_phase phase, int stage, int micro_batch);
void log_compute_with(enum log_operation operation, enum log_phase phase, int stage,
                      int micro_batch, uint64_t parameters, uint64_t tensor);
/* Nanoseconds that this rank spent in computations so far, by machine_clock(), those in calls of MPI that
 * computations make left out. */
uint64_t log_busy(void);
/* The begin or end of a call of MPI: said by the wrappers, log or no log. */
void log_call(enum log_phase phase);
/* Appends an instant that says no more than that it was. */
void log_fact(enum log_operation operation);
uint64_t log_fingerprint(const void *data, size_t bytes);

#endif
