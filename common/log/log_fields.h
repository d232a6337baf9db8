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

/* A call that asks without waiting: MPI_Test and its kin, MPI_Iprobe, MPI_Improbe. */
bool log_is_poll(const struct log_record *record);
/* LOG_WAITING_FOR, LOG_SEND_PART, LOG_RECV_PART: what a call notes about itself, right behind its begin. */
bool log_is_behind_begin(const struct log_record *record);
/* Number of the request that a call starts or is about, from 1 within the rank; 0: none. */
uint64_t log_request(const struct log_record *record);
/* Collectives: how many ranks take part. Communicators: of the new one. 0: impossible. */
int log_size(const struct log_record *record);
/* The end of LOG_COMM_*: number of the new communicator; 0: this rank is not a member. */
uint64_t log_new_communicator(const struct log_record *record);

#endif
