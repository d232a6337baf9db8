/* The own fields of each kind of record; see log_fields.h. */
#include "common/log/log_fields.h"

#include <limits.h>
#include <string.h>

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
           record->operation == LOG_IPROBE || record->operation == LOG_IMPROBE ||
           record->operation == LOG_WIN_TEST;
}

bool log_is_behind_begin(const struct log_record *record)
{
    return record->operation == LOG_WAITING_FOR || record->operation == LOG_SEND_PART ||
           record->operation == LOG_RECV_PART || record->operation == LOG_COUNT_PART ||
           record->operation == LOG_DATA;
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

/* ---- communicators ----------------------------------------------------------------------------------- */

bool log_makes_communicator(enum log_operation operation)
{
    return operation >= LOG_COMM_SPLIT && operation <= LOG_INTERCOMM_MERGE;
}

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

/* ---- collectives ------------------------------------------------------------------------------------- */

enum { NONBLOCKING = LOG_IBARRIER - LOG_BARRIER };

bool log_is_nonblocking_collective(enum log_operation operation)
{
    return operation >= LOG_IBARRIER && operation <= LOG_INEIGHBOR_ALLTOALLW;
}

bool log_is_collective(enum log_operation operation)
{
    return (operation >= LOG_BARRIER && operation <= LOG_NEIGHBOR_ALLTOALLW) ||
           log_is_nonblocking_collective(operation);
}

bool log_is_collective_on_window(enum log_operation operation)
{
    return operation >= LOG_WIN_CREATE && operation <= LOG_WIN_FENCE;
}

int log_window(const struct log_record *record)
{
    return record->operation >= LOG_WIN_CREATE && record->operation < LOG_OPERATIONS &&
                   record->tag > 0
               ? record->tag
               : 0;
}

enum log_operation log_blocking_form(enum log_operation operation)
{
    return log_is_nonblocking_collective(operation) ? operation - NONBLOCKING : operation;
}

void log_set_elements(struct log_record *record, struct log_elements elements)
{
    record->tag = (int32_t)elements.reduction * LOG_TYPES + (int32_t)elements.type;
}

struct log_elements log_elements(const struct log_record *record)
{
    if (record->tag < 0 || record->tag >= LOG_REDUCTIONS * LOG_TYPES)
        return (struct log_elements){LOG_TYPE_NONE, LOG_REDUCTION_NONE};
    return (struct log_elements){(enum log_type)(record->tag % LOG_TYPES),
                                 (enum log_reduction)(record->tag / LOG_TYPES)};
}

double log_sketch(const struct log_record *record)
{
    return record->own_value;
}

struct log_record log_record_of_count_part(struct log_count_part part)
{
    struct log_record record = log_record_new(LOG_COUNT_PART, LOG_INSTANT);
    record.peer = part.peer;
    record.tag = part.direction;
    record.bytes = part.bytes;
    return record;
}

struct log_count_part log_count_part(const struct log_record *record)
{
    return (struct log_count_part){record->peer, record->tag == LOG_GETS ? LOG_GETS : LOG_GIVES,
                                   record->bytes};
}

/* The data stand where other records have numbers that they don't have. */
struct log_record log_record_of_data(const struct log_data *data)
{
    struct log_record record = log_record_new(LOG_DATA, LOG_INSTANT);
    record.own_number = data->request;
    record.tag = (int32_t)(data->comes_out ? -1 - (int32_t)data->count : (int32_t)data->count);
    record.peer = (int32_t)data->offset;
    memcpy(&record.bytes, data->data, 8);
    memcpy(&record.fingerprint, data->data + 8, 8);
    memcpy(&record.communicator, data->data + 16, 8);
    memcpy(&record.own_value, data->data + 24, 8);
    memcpy(&record.stage, data->data + 32, 4);
    memcpy(&record.micro_batch, data->data + 36, 4);
    return record;
}

struct log_data log_data(const struct log_record *record)
{
    struct log_data data = {.request = record->own_number,
                            .offset = (uint32_t)record->peer,
                            .comes_out = record->tag < 0};
    const int64_t count = data.comes_out ? -1 - (int64_t)record->tag : record->tag;
    data.count = count >= 0 && count <= LOG_DATA_BYTES ? (uint32_t)count : 0;
    memcpy(data.data, &record->bytes, 8);
    memcpy(data.data + 8, &record->fingerprint, 8);
    memcpy(data.data + 16, &record->communicator, 8);
    memcpy(data.data + 24, &record->own_value, 8);
    memcpy(data.data + 32, &record->stage, 4);
    memcpy(data.data + 36, &record->micro_batch, 4);
    return data;
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
