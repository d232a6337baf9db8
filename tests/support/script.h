/*
 * Logs written by hand, without running anything.
 *
 *     struct script rank0;
 *     script_init(&rank0, 0, 2);
 *     script_compute(&rank0, LOG_FORWARD, 0, 0, 10);       10 FLOPs
 *     uint64_t sent = script_isend(&rank0, 1, 5, 100);     to rank 1, tag 5, 100 bytes
 *     script_wait(&rank0, sent);
 *     script_final(&rank0);
 */
#ifndef TESTS_SUPPORT_SCRIPT_H
#define TESTS_SUPPORT_SCRIPT_H

#include "common/log/log_reader.h"

struct script {
    struct log_file log; /* to be freed: log.record */
    uint64_t flops, requests;
    uint64_t caller; /* of the next call */
    struct log_record started[4096];
};

void script_init(struct script *script, int rank, int ranks);

/* Adds a record, with the fields that every record has. */
void script_put(struct script *script, struct log_record record);
void script_step(struct script *script, enum log_operation operation, int step);
void script_final(struct script *script);

void script_compute(struct script *script, enum log_operation operation, int stage, int micro_batch,
                    uint64_t flops);

/* The begin record of a call, for those who change it before they put it; and its end. */
struct log_record script_message(struct script *script, enum log_operation operation, int peer,
                                 int tag, uint64_t bytes);
void script_end(struct script *script, struct log_record begin);
/* A blocking call; `returned` false: it is pending. */
void script_call(struct script *script, enum log_operation operation, int peer, int tag,
                 uint64_t bytes, bool returned);
/* A receive from anybody that turned out to be from `peer` with `tag`. */
void script_receive_any(struct script *script, int peer, int tag, uint64_t bytes);
void script_collective(struct script *script, enum log_operation operation, int root, int size,
                       bool returned);
/* This rank is the one at `place` in a communicator of so many. */
void script_member(struct script *script, uint64_t communicator, int place, int size);
/* The begin record of a collective of float32 (an all-reduce sums them), for those who change it; and the
 * call, or the start, of one. */
struct log_record script_collective_on(struct script *script, enum log_operation operation,
                                       uint64_t communicator, int root, uint64_t bytes);
void script_call_record(struct script *script, struct log_record begin, bool returned);
uint64_t script_start_record(struct script *script, struct log_record begin);
/* Behind a begin that was put: bytes for, or from, one member. */
void script_part(struct script *script, int peer, enum log_direction direction, uint64_t bytes);

/* Calls that start a request: its number. */
uint64_t script_start(struct script *script, enum log_operation operation, int peer, int tag,
                      uint64_t bytes);
uint64_t script_isend(struct script *script, int peer, int tag, uint64_t bytes);
uint64_t script_irecv(struct script *script, int peer, int tag, uint64_t bytes);
/* An instant about a request: LOG_WAITING_FOR, LOG_COMPLETED, LOG_SEND_PART … */
void script_about(struct script *script, enum log_operation operation, uint64_t request);
void script_wait(struct script *script, uint64_t request);
void script_waitall(struct script *script, const uint64_t *request, int count, bool returned);

/* Fills the logs of some ranks with records that make no sense together, as a dishonest program
 * might; clocks and FLOPs still run forwards, as log_read makes sure of. */
void script_nonsense(struct script *scripts, int ranks, unsigned seed);

#endif
