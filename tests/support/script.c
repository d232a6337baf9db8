/* Logs written by hand; see script.h. */
#include "tests/support/script.h"

#include <stdlib.h>
#include <string.h>

void script_init(struct script *script, int rank, int ranks)
{
    memset(script, 0, sizeof *script);
    script->log.rank = rank;
    script->log.ranks = ranks;
}

void script_put(struct script *script, struct log_record record)
{
    struct log_file *log = &script->log;
    log->record = realloc(log->record, (log->count + 1) * sizeof record);
    if (!log->record)
        abort();
    record.sequence = log->count + 1;
    record.clock = log->count;
    record.flops = script->flops;
    log->record[log->count++] = record;
    log->complete = record.operation == LOG_FINAL;
}

void script_step(struct script *script, enum log_operation operation, int step)
{
    script_put(script, log_record_of_step(operation, step));
}

void script_compute(struct script *script, enum log_operation operation, int stage, int micro_batch,
                    uint64_t flops)
{
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    record.stage = stage;
    record.micro_batch = micro_batch;
    script_put(script, record);
    script->flops += flops;
    record.phase = LOG_END;
    script_put(script, record);
}

struct log_record script_message(struct script *script, enum log_operation operation, int peer,
                                 int tag, uint64_t bytes)
{
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    record.peer = peer;
    record.tag = tag;
    record.bytes = bytes;
    record.communicator = 1;
    record.caller = script->caller;
    return record;
}

void script_end(struct script *script, struct log_record begin)
{
    begin.phase = LOG_END;
    script_put(script, begin);
}

void script_call(struct script *script, enum log_operation operation, int peer, int tag,
                 uint64_t bytes, bool returned)
{
    struct log_record record = script_message(script, operation, peer, tag, bytes);
    script_put(script, record);
    if (returned)
        script_end(script, record);
}

void script_receive_any(struct script *script, int peer, int tag, uint64_t bytes)
{
    struct log_record record = script_message(script, LOG_RECV, LOG_ANY_SOURCE, LOG_ANY_TAG, bytes);
    script_put(script, record);
    record.peer = peer;
    record.tag = tag;
    script_end(script, record);
}

uint64_t script_start_record(struct script *script, struct log_record begin)
{
    begin.own_number = ++script->requests;
    script->started[begin.own_number] = begin;
    script_put(script, begin);
    script_end(script, begin);
    return begin.own_number;
}

uint64_t script_start(struct script *script, enum log_operation operation, int peer, int tag,
                      uint64_t bytes)
{
    return script_start_record(script, script_message(script, operation, peer, tag, bytes));
}

uint64_t script_isend(struct script *script, int peer, int tag, uint64_t bytes)
{
    return script_start(script, LOG_ISEND, peer, tag, bytes);
}

uint64_t script_irecv(struct script *script, int peer, int tag, uint64_t bytes)
{
    return script_start(script, LOG_IRECV, peer, tag, bytes);
}

void script_about(struct script *script, enum log_operation operation, uint64_t request)
{
    struct log_record record = script->started[request];
    record.operation = (uint16_t)operation;
    record.phase = LOG_INSTANT;
    record.caller = 0;
    script_put(script, record);
}

void script_waitall(struct script *script, const uint64_t *request, int count, bool returned)
{
    struct log_record record = log_record_new(count == 1 ? LOG_WAIT : LOG_WAITALL, LOG_BEGIN);
    record.caller = script->caller;
    script_put(script, record);
    for (int i = 0; i < count; i++)
        script_about(script, LOG_WAITING_FOR, request[i]);
    if (!returned)
        return;
    for (int i = 0; i < count; i++)
        script_about(script, LOG_COMPLETED, request[i]);
    script_end(script, record);
}

void script_wait(struct script *script, uint64_t request)
{
    script_waitall(script, &request, 1, true);
}

void script_collective(struct script *script, enum log_operation operation, int root, int size,
                       bool returned)
{
    struct log_record record = script_message(script, operation, root, LOG_ANY_TAG, 4);
    record.own_value = size;
    script_put(script, record);
    if (returned)
        script_end(script, record);
}

void script_member(struct script *script, uint64_t communicator, int place, int size)
{
    script_put(script, log_record_of_member((struct log_member){
                           .communicator = communicator, .rank = place, .size = size}));
}

struct log_record script_collective_on(struct script *script, enum log_operation operation,
                                       uint64_t communicator, int root, uint64_t bytes)
{
    struct log_record record = script_message(script, operation, root, 0, bytes);
    const bool reduces = bytes > 0 && log_blocking_form(operation) == LOG_ALLREDUCE;
    record.communicator = communicator;
    log_set_elements(&record,
                     (struct log_elements){bytes > 0 ? LOG_TYPE_FLOAT32 : LOG_TYPE_NONE,
                                           reduces ? LOG_REDUCTION_SUM : LOG_REDUCTION_NONE});
    return record;
}

void script_call_record(struct script *script, struct log_record begin, bool returned)
{
    script_put(script, begin);
    if (returned)
        script_end(script, begin);
}

void script_part(struct script *script, int peer, enum log_direction direction, uint64_t bytes)
{
    script_put(script, log_record_of_count_part((struct log_count_part){peer, direction, bytes}));
}

void script_final(struct script *script)
{
    script_put(script, log_record_of_end(0));
}

void script_nonsense(struct script *scripts, int ranks, unsigned seed)
{
    srand(seed);
    for (int i = 0; i < 100 * ranks; i++) {
        struct script *script = &scripts[rand() % ranks];
        struct log_record record =
            log_record_new((enum log_operation)(1 + rand() % (LOG_OPERATIONS - 1)),
                           (enum log_phase)(1 + rand() % 3));
        record.peer = rand() % (ranks + 4) - 3;
        record.tag = rand() % 3 - 1;
        record.own_number = (uint64_t)(rand() % 4);
        record.communicator = (uint64_t)(rand() % 3);
        record.stage = rand() % 4 - 1;
        record.micro_batch = rand() % 4 - 1;
        record.own_value = rand() % 5 - 1;
        record.bytes = (uint64_t)(rand() % 3);
        record.flag = (uint8_t)(rand() % 64);
        script->flops += (uint64_t)(rand() % 10);
        script_put(script, record);
    }
}
