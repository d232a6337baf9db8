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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_MAGIC   0x3130676f6c697070ull /* "ppilog01", little-endian */
#define LOG_VERSION 3

enum log_phase { LOG_BEGIN = 1, LOG_END = 2, LOG_INSTANT = 3 };

enum log_operation {
    LOG_NONE,
    /* computation, by the stage: stage, micro_batch; the end record's flops say what it cost.
     * own_number = XXH3 of the tensor that enters, in the begin record of F, B and I, or leaves,
     * in the end record; fingerprint = XXH3 of the parameters where training is asynchronous */
    LOG_FORWARD,         /* F */
    LOG_BACKWARD,        /* B: both halves */
    LOG_BACKWARD_INPUT,  /* I */
    LOG_BACKWARD_WEIGHT, /* W */
    LOG_ZERO_GRADIENTS,
    LOG_OPTIMIZER_STEP,
    LOG_LOSS,          /* instant: micro_batch; own_value = the loss */
    LOG_LOSS_BACKWARD, /* instant: micro_batch; own_value = the scale */
    /* facts, all instants */
    LOG_STAGE,       /* stage; own_value = first layer; own_number = number of layers; bytes of the
                        parameters */
    LOG_OPEN_INPUTS, /* the data set's inputs were opened on this rank */
    LOG_OPEN_LABELS,
    LOG_STEP_BEGIN,   /* own_number = training step */
    LOG_STEP_END,     /* likewise; bytes = of all tensors that live */
    LOG_ASSERT_CLOSE, /* own_value = 1 close, 0 not; bytes of the tensor; fingerprint of its name */
    LOG_MEMORY,       /* own_number = enum memory_kind; bytes = peak; own_value = live bytes. Beyond
                         the kinds, LOG_MEMORY_RESIDENT: of the process, by the system: bytes =
                         peak, own_value = at the begin of the first step */
    LOG_PROBE,        /* own_value = 1: a comparison agreed, 0: it did not */
    LOG_EXCHANGE, /* stage_exchange_parameters: stage; own_value = 1: the stage was given the very
                         parameters that it works with, 0: others */
    LOG_FINAL,    /* the driver's last word: the program came to its proper end; own_value =
                         its exit status */
    LOG_MEMBER, /* this rank is a member of a communicator, which one, and who made it; in front of
                     the first record that names it; none of the run's, where it counts the same */
    LOG_ALLOCATE, /* on request (--log-memory): memory of a kind was given out … */
    LOG_RELEASE, /* … and given back: own_number = enum memory_kind; bytes; own_value = live bytes
                     of that kind behind it */
    LOG_HELD,    /* at the end of a step, of a tensor made in it that the program has neither
                         freed nor given away: stage, micro_batch, bytes; own_number = enum log_held_what;
                         caller: who got it */
    /* MPI: point to point */
    LOG_SEND = 64,
    LOG_SSEND,
    LOG_BSEND,
    LOG_RSEND,
    LOG_ISEND,
    LOG_ISSEND,
    LOG_IBSEND,
    LOG_IRSEND,
    LOG_RECV,
    LOG_IRECV,
    LOG_SENDRECV,
    LOG_SENDRECV_REPLACE,
    LOG_PROBE_MESSAGE,
    LOG_IPROBE,
    LOG_MPROBE,
    LOG_IMPROBE,
    LOG_MRECV,
    LOG_IMRECV,
    LOG_SEND_INIT,
    LOG_SSEND_INIT,
    LOG_BSEND_INIT,
    LOG_RSEND_INIT,
    LOG_RECV_INIT,
    LOG_START,
    LOG_STARTALL,
    LOG_WAIT,
    LOG_WAITALL,
    LOG_WAITANY,
    LOG_WAITSOME,
    LOG_TEST,
    LOG_TESTALL,
    LOG_TESTANY,
    LOG_TESTSOME,
    LOG_REQUEST_FREE,
    LOG_CANCEL,
    LOG_WAITING_FOR, /* instant after the begin of a wait: own_number = one that it waits for */
    LOG_COMPLETED,   /* instant inside a wait or test: own_number = one that has completed;
                        or, of one that was freed, behind any call */
    LOG_SEND_PART,   /* instants after the begin of a sendrecv: its two halves */
    LOG_RECV_PART,
    LOG_COUNT_PART, /* instants after the begin of a collective that gives or gets each member a size of
                       its own: peer; bytes; tag = enum log_direction. Likewise of a LOG_WIN_POST or
                       LOG_WIN_START */
    LOG_DATA,       /* on request (--log-data): instants after the begin, or before the end or
                       LOG_COMPLETED, of a collective: what is put in, or comes out */
    /* MPI: collectives. The non-blocking form of each is 32 further: log_blocking_form() */
    LOG_BARRIER = 128,
    LOG_BCAST,
    LOG_REDUCE,
    LOG_ALLREDUCE,
    LOG_GATHER,
    LOG_GATHERV,
    LOG_SCATTER,
    LOG_SCATTERV,
    LOG_ALLGATHER,
    LOG_ALLGATHERV,
    LOG_ALLTOALL,
    LOG_ALLTOALLV,
    LOG_ALLTOALLW,
    LOG_REDUCE_SCATTER,
    LOG_REDUCE_SCATTER_BLOCK,
    LOG_SCAN,
    LOG_EXSCAN,
    LOG_NEIGHBOR_ALLGATHER,
    LOG_NEIGHBOR_ALLGATHERV,
    LOG_NEIGHBOR_ALLTOALL,
    LOG_NEIGHBOR_ALLTOALLV,
    LOG_NEIGHBOR_ALLTOALLW,
    LOG_IBARRIER = LOG_BARRIER + 32,
    LOG_IBCAST,
    LOG_IREDUCE,
    LOG_IALLREDUCE,
    LOG_IGATHER,
    LOG_IGATHERV,
    LOG_ISCATTER,
    LOG_ISCATTERV,
    LOG_IALLGATHER,
    LOG_IALLGATHERV,
    LOG_IALLTOALL,
    LOG_IALLTOALLV,
    LOG_IALLTOALLW,
    LOG_IREDUCE_SCATTER,
    LOG_IREDUCE_SCATTER_BLOCK,
    LOG_ISCAN,
    LOG_IEXSCAN,
    LOG_INEIGHBOR_ALLGATHER,
    LOG_INEIGHBOR_ALLGATHERV,
    LOG_INEIGHBOR_ALLTOALL,
    LOG_INEIGHBOR_ALLTOALLV,
    LOG_INEIGHBOR_ALLTOALLW,
    /* MPI: communicators. From the first to the last that makes one: log_makes_communicator() */
    LOG_COMM_SPLIT = 192,
    LOG_COMM_SPLIT_TYPE,
    LOG_COMM_DUP,
    LOG_COMM_DUP_WITH_INFO,
    LOG_COMM_IDUP,
    LOG_COMM_CREATE,
    LOG_COMM_CREATE_GROUP,
    LOG_CART_CREATE,
    LOG_CART_SUB,
    LOG_GRAPH_CREATE,
    LOG_DIST_GRAPH_CREATE,
    LOG_DIST_GRAPH_CREATE_ADJACENT,
    LOG_INTERCOMM_CREATE,
    LOG_INTERCOMM_MERGE,
    LOG_COMM_FREE,
    LOG_COMM_DISCONNECT,
    LOG_FINALIZE,
    LOG_ABORT,
    /* MPI: one-sided. From the first to the fence: log_is_collective_on_window() */
    LOG_WIN_CREATE = 224,
    LOG_WIN_ALLOCATE,
    LOG_WIN_ALLOCATE_SHARED,
    LOG_WIN_CREATE_DYNAMIC,
    LOG_WIN_FREE,
    LOG_WIN_FENCE,
    LOG_WIN_POST,
    LOG_WIN_START,
    LOG_WIN_COMPLETE,
    LOG_WIN_WAIT,
    LOG_WIN_TEST,
    LOG_WIN_LOCK,
    LOG_WIN_LOCK_ALL,
    LOG_WIN_UNLOCK,
    LOG_WIN_UNLOCK_ALL,
    LOG_WIN_FLUSH,
    LOG_WIN_FLUSH_ALL,
    LOG_WIN_FLUSH_LOCAL,
    LOG_WIN_FLUSH_LOCAL_ALL,
    LOG_WIN_SYNC,
    LOG_PUT,
    LOG_GET,
    LOG_ACCUMULATE,
    LOG_GET_ACCUMULATE,
    LOG_FETCH_AND_OP,
    LOG_COMPARE_AND_SWAP,
    LOG_RPUT,
    LOG_RGET,
    LOG_RACCUMULATE,
    LOG_RGET_ACCUMULATE,
    LOG_OPERATIONS /* one past the last */
};

/* "F", "B", "MPI_Send", …: the name that people know it by. */
const char *log_operation_name(enum log_operation operation);

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
    LOG_FLAG_BUFFER_GONE = 8,  /* a send's buffer was no longer there when it completed */
    LOG_FLAG_SYNCHRONOUS = 16, /* a started persistent send is an MPI_Ssend … */
    LOG_FLAG_BUFFERED = 32,    /* … or an MPI_Bsend */
    LOG_FLAG_FREED = 64,       /* a completed request had been freed: nobody waited for it */
    LOG_FLAG_CUT = 128         /* the sum of changes of memory that have no records of their own */
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

/* The begin or end of a computation. At the end it has taken its time (flops_spend), whether a
 * log is open or not. Fingerprints; 0: not known. parameters: those that it works with. tensor:
 * at the begin what enters (x, dy), at the end what leaves (y, dx). */
void log_compute(enum log_operation operation, enum log_phase phase, int stage, int micro_batch);
void log_compute_with(enum log_operation operation, enum log_phase phase, int stage,
                      int micro_batch, uint64_t parameters, uint64_t tensor);
/* Nanoseconds that this rank spent in computations so far, by machine_clock(). */
uint64_t log_busy(void);
/* Appends an instant that says no more than that it was. */
void log_fact(enum log_operation operation);
uint64_t log_fingerprint(const void *data, size_t bytes);

#endif
