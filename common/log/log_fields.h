/*
 * What a log record says beyond the fields that mean the same in all of them.
 *
 * own_number and own_value mean something else in each kind of record. Who reads
 * a log learns here, and nowhere else, what: for each kind there is one function.
 * So does who writes one, but for the wrappers of MPI (common/mpi), which fill in
 * a call's fields while it goes on. Records that are read may be forged; whoever
 * reads gets a value from the range that is stated, or none.
 */
#ifndef COMMON_LOG_LOG_FIELDS_H
#define COMMON_LOG_LOG_FIELDS_H

#include "common/log/log.h"

/* ---- training steps: LOG_STEP_BEGIN, LOG_STEP_END ------------------------------ */

struct log_record log_record_of_step(enum log_operation operation, int step);
/* LOG_STEP_END: live_bytes, of all tensors of this rank. */
struct log_record log_record_of_step_end(int step, uint64_t live_bytes);
/* From 0; -1: not a record of that kind, or an impossible number. */
int log_step(const struct log_record *record);
/* For those who read a log record by record: *step, which is -1 at first, becomes the training step
 * that the next record is in, -1 outside of any. */
void log_follow_step(const struct log_record *record, int *step);

/* ---- computations: LOG_FORWARD … LOG_BACKWARD_WEIGHT ---------------------------- */

bool log_is_computation(const struct log_record *record); /* LOG_OPTIMIZER_STEP included */
/* XXH3 of the tensor that enters (begin) or leaves (end); 0: not known. */
uint64_t log_tensor(const struct log_record *record);

/* ---- facts ----------------------------------------------------------------------- */

/* LOG_STAGE: which layers a stage of this rank has. Of a forged record -1 where it has no number. */
struct log_stage {
    int stage;
    int first_layer, layers;
    uint64_t parameter_bytes;
};
struct log_record log_record_of_stage(struct log_stage stage);
struct log_stage log_stage(const struct log_record *record);

/* LOG_MEMORY: kind is an enum memory_kind or LOG_MEMORY_RESIDENT; of a forged record -1. */
struct log_memory {
    int kind;
    uint64_t peak; /* bytes */
    double live;   /* bytes at the end; LOG_MEMORY_RESIDENT: at the begin of the first step */
};
struct log_record log_record_of_memory(struct log_memory memory);
struct log_memory log_memory(const struct log_record *record);

/* LOG_HELD. */
enum log_held_what {
    LOG_HELD_X,
    LOG_HELD_Y,
    LOG_HELD_DY,
    LOG_HELD_DX,
    LOG_HELD_PARAMETERS,
    LOG_HELD_KINDS
};
struct log_held {
    int what; /* an enum log_held_what; of a forged record any number */
    int stage, micro_batch;
    uint64_t bytes, caller;
};
struct log_record log_record_of_held(struct log_held held);
struct log_held log_held(const struct log_record *record);

/* LOG_TRANSFER_BEGIN, LOG_TRANSFER_END: both instants, as what lies between them is something else that
 * goes on meanwhile. Each is about one transfer, and says the same of it but for `clock`. */
struct log_transfer {
    uint64_t
        number; /* from 1 within the rank: both records have it; of a forged record any number */
    bool ended;
    bool to_host; /* or to the device */
    bool changed; /* ended: what was copied was written meanwhile */
    uint64_t bytes;
    uint64_t fingerprint; /* of what was to be copied, and of what was; 0: not known */
    double clock; /* when its link began with it (in its turn), or was done with it, in nanoseconds
                             like a record's; of a forged record 0 */
    uint64_t waited_since; /* ended: when the wait for it began; of a forged record any number */
    uint64_t caller;
};
struct log_record log_record_of_transfer(struct log_transfer transfer);
struct log_transfer log_transfer(const struct log_record *record);
bool log_is_transfer(const struct log_record *record);

/* LOG_SAMPLES: up to LOG_SAMPLES_NUMBERS samples of this rank's share of a step's batch, by their numbers in
 * the data set. A share has as many records as it needs, one behind the other; one of no samples has one. */
enum { LOG_SAMPLES_NUMBERS = 10 };
struct log_samples {
    int first; /* the place in the share of the first of these */
    int count; /* of a forged record 0 … LOG_SAMPLES_NUMBERS */
    int all;   /* samples in the share; of a forged record any number, as the next */
    int place; /* of the share in the whole batch */
    int32_t number[LOG_SAMPLES_NUMBERS];
};
struct log_record log_record_of_samples(const struct log_samples *samples);
struct log_samples log_samples(const struct log_record *record);

/* LOG_GRADIENT. */
struct log_record log_record_of_gradient(int stage, int micro_batch, int layer);
int log_gradient_layer(const struct log_record *record); /* of a forged record -1 */

/* LOG_LAYER; its layer as that of a LOG_GRADIENT. moment: enum stage_moment; of a forged record -1, or too large. */
struct log_record log_record_of_layer(int stage, int micro_batch, int layer, int moment);
int log_layer_moment(const struct log_record *record);

/* LOG_LOSS: of one micro-batch. May be anything, NaN included. */
struct log_record log_record_of_loss(int micro_batch, double loss);
double log_loss(const struct log_record *record);

/* LOG_LOSS_BACKWARD: what the loss's gradient of a micro-batch is multiplied by. */
struct log_record log_record_of_loss_backward(int micro_batch, double scale);
double log_loss_scale(const struct log_record *record);

/* LOG_ASSERT_CLOSE, LOG_PROBE: did two things agree? (LOG_EXCHANGE: were they the same?) */
struct log_record log_record_of_agreement(enum log_operation operation, bool agreed);
bool log_agreed(const struct log_record *record);

/* LOG_EXCHANGE: was the stage given the memory that it works with already (log_agreed)? */
struct log_record log_record_of_exchange(int stage, bool own);

/* LOG_FINAL: the program's exit status. */
struct log_record log_record_of_end(int status);

/* The one number that a fact states (loss, scale, agreement, exit status), for those who only show
 * it. May be anything, NaN included. */
double log_stated(const struct log_record *record);

/* ---- MPI --------------------------------------------------------------------------- */

/* A call that asks without waiting: MPI_Test and its kin, MPI_Iprobe, MPI_Improbe, MPI_Win_test. */
bool log_is_poll(const struct log_record *record);
/* LOG_WAITING_FOR, the parts of a call and its data: what it notes about itself behind its begin, while
 * it goes on. */
bool log_is_behind_begin(const struct log_record *record);
/* Number of the request that a call starts or is about, from 1 within the rank; 0: none. */
uint64_t log_request(const struct log_record *record);
/* LOG_UNKNOWN_REQUEST: which of how many, from 0. Of a forged record any numbers. */
struct log_record log_record_of_unknown_request(int index, int count);
void log_unknown_request(const struct log_record *record, uint64_t *index, uint64_t *count);
/* Calls that make a communicator: how many members it has, at the end. 0: impossible. */
int log_size(const struct log_record *record);
/* Likewise: number of the new communicator; 0: this rank is not a member. */
uint64_t log_new_communicator(const struct log_record *record);

/* ---- communicators ------------------------------------------------------------------- */

/* LOG_COMM_SPLIT … LOG_INTERCOMM_MERGE: collectives, too, over the communicator that they begin with;
 * but only the new one's members take part in LOG_COMM_CREATE_GROUP, and in LOG_INTERCOMM_CREATE those of
 * two old ones. */
bool log_makes_communicator(enum log_operation operation);

/* LOG_MEMBER: each member says which it is; all of them together say who the others are. */
struct log_member {
    uint64_t communicator;
    uint64_t parent; /* the one that it was made from; 0: not known */
    int rank, size;  /* this rank's place, and how many: of a forged record any numbers */
    int side;        /* of an intercommunicator, which has two groups: 0 or 1; else 0 */
    int remote_size; /* likewise: members of the other group; else 0 */
    uint64_t caller; /* of the call that made it; 0: not known */
};
struct log_record log_record_of_member(struct log_member member);
struct log_member log_member(const struct log_record *record);

/* ---- collectives --------------------------------------------------------------------- */

/* LOG_BARRIER … LOG_INEIGHBOR_ALLTOALLW. */
bool log_is_collective(enum log_operation operation);
bool log_is_nonblocking_collective(enum log_operation operation);
/* LOG_IALLREDUCE → LOG_ALLREDUCE; any other operation is its own. */
enum log_operation log_blocking_form(enum log_operation operation);

/* LOG_WIN_CREATE … LOG_WIN_FENCE: what makes a window is a collective over the communicator, in one
 * order with its others; fences and the free of a window are matched by communicator and window (tag)
 * together, in an order of their own. The other calls about windows are not collectives. */
bool log_is_collective_on_window(enum log_operation operation);
/* The number of the window that a call is about, or that it makes, among those of its communicator; 0:
 * none, or an impossible number. */
int log_window(const struct log_record *record);

/* What a payload's elements are, and how they are reduced. */
enum log_type {
    LOG_TYPE_NONE, /* there is no payload */
    LOG_TYPE_FLOAT32,
    LOG_TYPE_FLOAT64,
    LOG_TYPE_BFLOAT16, /* common/mpi's own */
    LOG_TYPE_FLOAT16,  /* likewise */
    LOG_TYPE_INT8,
    LOG_TYPE_INT16,
    LOG_TYPE_INT32,
    LOG_TYPE_INT64,
    LOG_TYPE_UINT8, /* MPI_BYTE and MPI_CHAR included */
    LOG_TYPE_UINT16,
    LOG_TYPE_UINT32,
    LOG_TYPE_UINT64,
    LOG_TYPE_OTHER, /* named, but none of these, or of several sorts */
    LOG_TYPES
};
enum log_reduction {
    LOG_REDUCTION_NONE,
    LOG_REDUCTION_SUM,
    LOG_REDUCTION_PRODUCT,
    LOG_REDUCTION_MAXIMUM,
    LOG_REDUCTION_MINIMUM,
    LOG_REDUCTION_OTHER_OF_MPI, /* MPI_LAND, MPI_BOR, MPI_MAXLOC, … */
    LOG_REDUCTION_OWN,          /* made by MPI_Op_create */
    LOG_REDUCTIONS
};
struct log_elements {
    enum log_type type; /* of a derived type: of its elements, if they are all of one */
    enum log_reduction reduction;
};
void log_set_elements(struct log_record *record, struct log_elements elements);
struct log_elements log_elements(const struct log_record *record); /* forged: NONE, NONE */
size_t log_type_size(enum log_type type);                          /* bytes; 0: not known */
const char *log_type_name(enum log_type type);                     /* "float32", … */
const char *log_reduction_name(enum log_reduction reduction);      /* "MPI_SUM", … */

/* A payload in one number: Σ w_i·x_i in double precision, with the weights w_i of
 * log_sketch_weight(i), where i is the place of the element in a whole that the payload is a part of. As
 * it is linear, the sketch of a sum is the sum of the sketches, up to rounding, and that of a whole the
 * sum of those of its parts. Of nothing it is 0. NaN: not known (derived types of several sorts, memory
 * without data), or a number in it was none.
 *
 * Which whole that is, and what holds if the operation, where there is one, is a sum (in an
 * intercommunicator "in" is of one group and "out" of the other):
 *   bcast                    the vector; the root's in = everyone's out
 *   reduce, allreduce        the vector; Σ in = out
 *   scan, exscan             likewise, over the members up to this one, or in front of it
 *   reduce_scatter(_block)   the whole vector; Σ in = Σ out
 *   gather, allgather(v)     the gathered vector in the members' order, wherever it lies in memory;
 *                            Σ in = out. (allgatherv of an intercommunicator: as gatherv)
 *   scatter                  the vector that is scattered; in = Σ out
 *   alltoall                 all blocks, by their giver and then by who gets them; Σ in = Σ out
 *   gatherv, scatterv, alltoallv, alltoallw
 *                            each block by itself, as nobody but the root, or the two that exchange it,
 *                            knows what is before it; a sketch is the sum over its blocks; Σ in = Σ out
 *   neighbor_allgather(v)    each block by itself; the sum over all members of out = that of in, each
 *                            as often as it has neighbours that it goes to
 *   neighbor_alltoall(v,w)   each block by itself; Σ in = Σ out
 */
double log_sketch(const struct log_record *record);
double log_sketch_weight(uint64_t i); /* in [0.56, 1.57), by mixing of i: log_sketch.c */
/* The sketch of count elements, of which the first has the place `start`. NaN where a type's size is
 * not known. */
double log_sketch_of(enum log_type type, const void *data, size_t count, uint64_t start);

/* LOG_COUNT_PART. */
enum log_direction { LOG_GIVES, LOG_GETS };
struct log_count_part {
    int peer; /* a rank as the header counts them */
    enum log_direction direction;
    uint64_t bytes;
};
struct log_record log_record_of_count_part(struct log_count_part part);
struct log_count_part log_count_part(const struct log_record *record);

/* LOG_DATA: up to LOG_DATA_BYTES of a payload, from an offset in bytes on; own_number = request as in
 * the record that it belongs to. */
enum { LOG_DATA_BYTES = 40 };
struct log_data {
    uint64_t request;
    uint32_t offset;
    uint32_t count; /* bytes, at most LOG_DATA_BYTES; of a forged record 0 */
    bool comes_out; /* or is put in */
    unsigned char data[LOG_DATA_BYTES];
};
struct log_record log_record_of_data(const struct log_data *data);
struct log_data log_data(const struct log_record *record);

/* ---- memory over time ----------------------------------------------------------------- */

/* LOG_ALLOCATE, LOG_RELEASE. */
struct log_allocation {
    int kind; /* an enum memory_kind; of a forged record -1 */
    bool released;
    bool cut; /* what came before it was left out: it is the sum of several changes */
    uint64_t bytes;
    double live; /* bytes of that kind behind it; of a forged record 0 */
};
struct log_record log_record_of_allocation(struct log_allocation allocation);
struct log_allocation log_allocation(const struct log_record *record);

#endif
