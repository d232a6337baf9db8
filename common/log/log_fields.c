/* The own fields of each kind of record; see log_fields.h. */
#include "common/log/log_fields.h"

#include <limits.h>

static int whole(uint64_t number)
{
    return number <= INT_MAX ? (int)number : -1;
}

/* ---- training steps and computations ---------------------------------------------------------- */

struct log_record log_record_of_step(enum log_operation operation, int step)
{
    struct log_record record = log_record_new(operation, LOG_INSTANT);
    record.own_number = (uint64_t)step;
    return record;
}

struct log_record log_record_of_step_end(int step, uint64_t live_bytes)
{
    struct log_record record = log_record_of_step(LOG_STEP_END, step);
    record.bytes = live_bytes;
    return record;
}

int log_step(const struct log_record *record)
{
    const bool is_step = record->operation == LOG_STEP_BEGIN || record->operation == LOG_STEP_END;
    return is_step ? whole(record->own_number) : -1;
}

void log_follow_step(const struct log_record *record, int *step)
{
    if (record->operation == LOG_STEP_BEGIN)
        *step = log_step(record);
    else if (record->operation == LOG_STEP_END)
        *step = -1;
}

bool log_is_computation(const struct log_record *record)
{
    return record->operation >= LOG_FORWARD && record->operation <= LOG_OPTIMIZER_STEP;
}

uint64_t log_tensor(const struct log_record *record)
{
    return record->own_number;
}

/* ---- facts -------------------------------------------------------------------------------------- */

struct log_record log_record_of_stage(struct log_stage stage)
{
    struct log_record record = log_record_new(LOG_STAGE, LOG_INSTANT);
    record.stage = stage.stage;
    record.own_value = stage.first_layer;
    record.own_number = (uint64_t)stage.layers;
    record.bytes = stage.parameter_bytes;
    return record;
}

struct log_stage log_stage(const struct log_record *record)
{
    const double first = record->own_value;
    return (struct log_stage){record->stage, first >= 0 && first <= INT_MAX ? (int)first : -1,
                              whole(record->own_number), record->bytes};
}

struct log_record log_record_of_memory(struct log_memory memory)
{
    struct log_record record = log_record_new(LOG_MEMORY, LOG_INSTANT);
    record.own_number = (uint64_t)memory.kind;
    record.bytes = memory.peak;
    record.own_value = memory.live;
    return record;
}

struct log_memory log_memory(const struct log_record *record)
{
    return (struct log_memory){whole(record->own_number), record->bytes, record->own_value};
}

struct log_record log_record_of_held(struct log_held held)
{
    struct log_record record = log_record_new(LOG_HELD, LOG_INSTANT);
    record.own_number = (uint64_t)held.what;
    record.stage = held.stage;
    record.micro_batch = held.micro_batch;
    record.bytes = held.bytes;
    record.caller = held.caller;
    return record;
}

struct log_held log_held(const struct log_record *record)
{
    return (struct log_held){whole(record->own_number), record->stage, record->micro_batch,
                             record->bytes, record->caller};
}

struct log_record log_record_of_loss(int micro_batch, double loss)
{
    struct log_record record = log_record_new(LOG_LOSS, LOG_INSTANT);
    record.micro_batch = micro_batch;
    record.own_value = loss;
    return record;
}

double log_loss(const struct log_record *record)
{
    return record->own_value;
}

struct log_record log_record_of_loss_backward(int micro_batch, double scale)
{
    struct log_record record = log_record_new(LOG_LOSS_BACKWARD, LOG_INSTANT);
    record.micro_batch = micro_batch;
    record.own_value = scale;
    return record;
}

double log_loss_scale(const struct log_record *record)
{
    return record->own_value;
}

struct log_record log_record_of_agreement(enum log_operation operation, bool agreed)
{
    struct log_record record = log_record_new(operation, LOG_INSTANT);
    record.own_value = agreed ? 1 : 0;
    return record;
}

bool log_agreed(const struct log_record *record)
{
    return record->own_value == 1.0;
}

struct log_record log_record_of_exchange(int stage, bool own)
{
    struct log_record record = log_record_of_agreement(LOG_EXCHANGE, own);
    record.stage = stage;
    return record;
}

struct log_record log_record_of_end(int status)
{
    struct log_record record = log_record_new(LOG_FINAL, LOG_INSTANT);
    record.own_value = status;
    return record;
}

double log_stated(const struct log_record *record)
{
    return record->own_value;
}

/* ---- MPI ------------------------------------------------------------------------------------------ */

bool log_is_poll(const struct log_record *record)
{
    return (record->operation >= LOG_TEST && record->operation <= LOG_TESTSOME) ||
           record->operation == LOG_IPROBE || record->operation == LOG_IMPROBE;
}

bool log_is_behind_begin(const struct log_record *record)
{
    return record->operation == LOG_WAITING_FOR || record->operation == LOG_SEND_PART ||
           record->operation == LOG_RECV_PART;
}

uint64_t log_request(const struct log_record *record)
{
    return record->own_number;
}

int log_size(const struct log_record *record)
{
    return record->own_value >= 1 && record->own_value <= INT_MAX ? (int)record->own_value : 0;
}

uint64_t log_new_communicator(const struct log_record *record)
{
    return record->own_number;
}
