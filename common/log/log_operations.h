/*
 * What a record of the log is about: a computation, a fact, or a call of MPI; and what its fields mean
 * where that is not plain (see also log.h, of the records of MPI).
 */
#ifndef COMMON_LOG_LOG_OPERATIONS_H
#define COMMON_LOG_LOG_OPERATIONS_H

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
    LOG_STEP_END,     /* likewise; bytes = of all tensors that live, on device and host */
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
    LOG_SAMPLES, /* which samples of the data set a rank works on in this step: log_samples */
    LOG_GRADIENT, /* between two parts of a backward: a layer's gradient of this micro-batch has been added.
                     stage, micro_batch; own_number = the layer's place in the model */
    LOG_HELD, /* at the end of a step, of a tensor made in it that the program has neither
                         freed nor given away: stage, micro_batch, bytes; own_number = enum log_held_what;
                         caller: who got it */
    LOG_LAYER, /* between two parts of a forward or backward, at which the program is told of a layer: stage,
                     micro_batch; own_number = the layer's place in the model; own_value = enum stage_moment */
    LOG_TRANSFER_BEGIN, /* a copy between device and host was begun: log_transfer */
    LOG_TRANSFER_END,   /* it is complete, and its wait over */
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
                       its own, if there are at most 64: peer; bytes; tag = enum log_direction.
                       Likewise of a LOG_WIN_POST or LOG_WIN_START, and without bytes of a
                       LOG_COMM_CREATE_GROUP: the members */
    LOG_UNKNOWN_REQUEST, /* instant in front of a call: its array holds, at own_number of `bytes`
                       requests, from 0, one that no call has made */
    LOG_DATA,            /* on request (--log-data): instants after the begin, or before the end or
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

#endif
