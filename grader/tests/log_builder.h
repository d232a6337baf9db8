/*
 * For tests: logs written by hand, without running anything.
 *
 *     struct builder rank0 = builder_new(0, 2);
 *     compute(&rank0, LOG_FORWARD, 0, 0, 10);       10 FLOPs
 *     uint64_t sent = isend(&rank0, 1, 5, 100);     to rank 1, tag 5, 100 bytes
 *     wait_for(&rank0, sent);
 *     final(&rank0);
 */
#ifndef GRADER_TESTS_LOG_BUILDER_H
#define GRADER_TESTS_LOG_BUILDER_H

#include "common/log_reader.h"

#include <stdlib.h>
#include <string.h>

struct builder {
    struct log_file log;
    uint64_t flops, requests;
    uint64_t caller; /* of the next call */
    struct log_record started[4096];
};

static inline void builder_init(struct builder *builder, int rank, int ranks)
{
    memset(builder, 0, sizeof *builder);
    builder->log.rank = rank;
    builder->log.ranks = ranks;
}

static inline void put(struct builder *builder, struct log_record record)
{
    struct log_file *log = &builder->log;
    log->record = realloc(log->record, (log->count + 1) * sizeof record);
    if (log->record == NULL)
        abort();
    record.sequence = log->count + 1;
    record.clock = log->count;
    record.flops = builder->flops;
    log->record[log->count++] = record;
    log->complete = record.operation == LOG_FINAL;
}

static inline void fact(struct builder *builder, enum log_operation operation, uint64_t number)
{
    struct log_record record = log_record_new(operation, LOG_INSTANT);
    record.request = number;
    put(builder, record);
}

static inline void compute(struct builder *builder, enum log_operation operation, int stage,
                           int micro_batch, uint64_t flops)
{
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    record.stage = stage;
    record.micro_batch = micro_batch;
    put(builder, record);
    builder->flops += flops;
    record.phase = LOG_END;
    put(builder, record);
}

static inline struct log_record message_record(struct builder *builder,
                                               enum log_operation operation, int peer, int tag,
                                               uint64_t bytes)
{
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    record.peer = peer;
    record.tag = tag;
    record.bytes = bytes;
    record.communicator = 1;
    record.caller = builder->caller;
    return record;
}

static inline void end_call(struct builder *builder, struct log_record record)
{
    record.phase = LOG_END;
    put(builder, record);
}

/* A blocking call; `returned` false: it is pending. */
static inline void call(struct builder *builder, enum log_operation operation, int peer, int tag,
                        uint64_t bytes, bool returned)
{
    struct log_record record = message_record(builder, operation, peer, tag, bytes);
    put(builder, record);
    if (returned)
        end_call(builder, record);
}

/* A receive from anybody that turned out to be from `peer` with `tag`. */
static inline void receive_any(struct builder *builder, int peer, int tag, uint64_t bytes)
{
    struct log_record record =
        message_record(builder, LOG_RECV, LOG_ANY_SOURCE, LOG_ANY_TAG, bytes);
    put(builder, record);
    record.peer = peer;
    record.tag = tag;
    end_call(builder, record);
}

static inline uint64_t start(struct builder *builder, enum log_operation operation, int peer,
                             int tag, uint64_t bytes)
{
    struct log_record record = message_record(builder, operation, peer, tag, bytes);
    record.request = ++builder->requests;
    builder->started[record.request] = record;
    put(builder, record);
    end_call(builder, record);
    return record.request;
}

static inline uint64_t isend(struct builder *builder, int peer, int tag, uint64_t bytes)
{
    return start(builder, LOG_ISEND, peer, tag, bytes);
}

static inline uint64_t irecv(struct builder *builder, int peer, int tag, uint64_t bytes)
{
    return start(builder, LOG_IRECV, peer, tag, bytes);
}

static inline void about(struct builder *builder, enum log_operation operation, uint64_t request)
{
    struct log_record record = builder->started[request];
    record.operation = (uint16_t)operation;
    record.phase = LOG_INSTANT;
    record.caller = 0;
    put(builder, record);
}

static inline void waitall(struct builder *builder, const uint64_t *request, int count,
                           bool returned)
{
    struct log_record record = log_record_new(count == 1 ? LOG_WAIT : LOG_WAITALL, LOG_BEGIN);
    record.caller = builder->caller;
    put(builder, record);
    for (int i = 0; i < count; i++)
        about(builder, LOG_WAITING_FOR, request[i]);
    if (!returned)
        return;
    for (int i = 0; i < count; i++)
        about(builder, LOG_COMPLETED, request[i]);
    end_call(builder, record);
}

static inline void wait_for(struct builder *builder, uint64_t request)
{
    waitall(builder, &request, 1, true);
}

static inline void collective(struct builder *builder, enum log_operation operation, int root,
                              int size, bool returned)
{
    struct log_record record = message_record(builder, operation, root, LOG_ANY_TAG, 4);
    record.value = size;
    put(builder, record);
    if (returned)
        end_call(builder, record);
}

static inline void final(struct builder *builder)
{
    fact(builder, LOG_FINAL, 0);
}

/* Fills the logs of some ranks with records that make no sense together, as a dishonest program
 * might; clocks and FLOPs still run forwards, as log_read makes sure of. */
static inline void write_nonsense(struct builder *builders, int ranks, unsigned seed)
{
    srand(seed);
    for (int i = 0; i < 100 * ranks; i++) {
        struct builder *builder = &builders[rand() % ranks];
        struct log_record record =
            log_record_new((enum log_operation)(1 + rand() % (LOG_OPERATIONS - 1)),
                           (enum log_phase)(1 + rand() % 3));
        record.peer = rand() % (ranks + 4) - 3;
        record.tag = rand() % 3 - 1;
        record.request = (uint64_t)(rand() % 4);
        record.communicator = (uint64_t)(rand() % 3);
        record.stage = rand() % 4 - 1;
        record.micro_batch = rand() % 4 - 1;
        record.value = rand() % 5 - 1;
        record.bytes = (uint64_t)(rand() % 3);
        record.flag = (uint8_t)(rand() % 64);
        builder->flops += (uint64_t)(rand() % 10);
        put(builder, record);
    }
}

#endif
