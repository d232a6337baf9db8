/* The own fields of each kind of record that is no MPI call's; see log_fields.h. */
#include "common/log/log_fields.h"
#include "common/log/log_payload.h"

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

struct log_record log_record_of_transfer(struct log_transfer transfer)
{
    struct log_record record =
        log_record_new(transfer.ended ? LOG_TRANSFER_END : LOG_TRANSFER_BEGIN, LOG_INSTANT);
    record.own_number = transfer.number;
    record.tag = transfer.to_host;
    record.flag = transfer.changed ? LOG_FLAG_CHANGED : 0;
    record.bytes = transfer.bytes;
    record.fingerprint = transfer.fingerprint;
    record.own_value = transfer.clock;
    record.communicator = transfer.waited_since;
    record.caller = transfer.caller;
    return record;
}

struct log_transfer log_transfer(const struct log_record *record)
{
    const double clock = record->own_value;
    return (struct log_transfer){.number = record->own_number,
                                 .ended = record->operation == LOG_TRANSFER_END,
                                 .to_host = record->tag == 1,
                                 .changed = (record->flag & LOG_FLAG_CHANGED) != 0,
                                 .bytes = record->bytes,
                                 .fingerprint = record->fingerprint,
                                 .clock = clock >= 0 && clock <= 0x1p63 ? clock : 0,
                                 .waited_since = record->communicator,
                                 .caller = record->caller};
}

bool log_is_transfer(const struct log_record *record)
{
    return record->operation == LOG_TRANSFER_BEGIN || record->operation == LOG_TRANSFER_END;
}

_Static_assert(sizeof((struct log_samples){0}.number) == LOG_PAYLOAD_BYTES, "they fill a record");

struct log_record log_record_of_samples(const struct log_samples *samples)
{
    struct log_record record = log_record_new(LOG_SAMPLES, LOG_INSTANT);
    record.own_number = (uint64_t)(uint32_t)samples->all | (uint64_t)(uint32_t)samples->place << 32;
    record.peer = samples->first;
    record.tag = samples->count;
    log_payload_put(&record, samples->number);
    return record;
}

struct log_samples log_samples(const struct log_record *record)
{
    struct log_samples samples = {.first = record->peer,
                                  .all = (int32_t)(uint32_t)record->own_number,
                                  .place = (int32_t)(uint32_t)(record->own_number >> 32)};
    samples.count = record->tag >= 0 && record->tag <= LOG_SAMPLES_NUMBERS ? record->tag : 0;
    log_payload_get(record, samples.number);
    return samples;
}

struct log_record log_record_of_gradient(int stage, int micro_batch, int layer)
{
    struct log_record record = log_record_new(LOG_GRADIENT, LOG_INSTANT);
    record.stage = stage;
    record.micro_batch = micro_batch;
    record.own_number = (uint64_t)layer;
    return record;
}

int log_gradient_layer(const struct log_record *record)
{
    return whole(record->own_number);
}

struct log_record log_record_of_layer(int stage, int micro_batch, int layer, int moment)
{
    struct log_record record = log_record_of_gradient(stage, micro_batch, layer);
    record.operation = LOG_LAYER;
    record.own_value = moment;
    return record;
}

int log_layer_moment(const struct log_record *record)
{
    return record->own_value >= 0 && record->own_value < 1000 ? (int)record->own_value : -1;
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

/* ---- members of communicators ------------------------------------------------------------------------- */

struct log_record log_record_of_member(struct log_member member)
{
    struct log_record record = log_record_new(LOG_MEMBER, LOG_INSTANT);
    record.communicator = member.communicator;
    record.fingerprint = member.parent;
    record.peer = member.rank;
    record.own_number = (uint64_t)member.size;
    record.tag = member.side;
    record.bytes = (uint64_t)member.remote_size;
    record.caller = member.caller;
    return record;
}

struct log_member log_member(const struct log_record *record)
{
    return (struct log_member){
        .communicator = record->communicator,
        .parent = record->fingerprint,
        .rank = record->peer,
        .size = whole(record->own_number),
        .side = record->tag == 1,
        .remote_size = whole(record->bytes),
        .caller = record->caller,
    };
}

/* ---- memory over time -------------------------------------------------------------------------------- */

struct log_record log_record_of_allocation(struct log_allocation allocation)
{
    struct log_record record =
        log_record_new(allocation.released ? LOG_RELEASE : LOG_ALLOCATE, LOG_INSTANT);
    record.own_number = (uint64_t)allocation.kind;
    record.bytes = allocation.bytes;
    record.own_value = allocation.live;
    record.flag = allocation.cut ? LOG_FLAG_CUT : 0;
    return record;
}

struct log_allocation log_allocation(const struct log_record *record)
{
    const double live = record->own_value;
    return (struct log_allocation){.kind = whole(record->own_number),
                                   .released = record->operation == LOG_RELEASE,
                                   .cut = (record->flag & LOG_FLAG_CUT) != 0,
                                   .bytes = record->bytes,
                                   .live = live >= 0 && live <= 0x1p60 ? live : 0};
}
