/* The own fields of the records of MPI calls; see log_fields.h. */
#include "common/log/log_fields.h"
#include "common/log/log_payload.h"

#include <limits.h>

/* ---- requests, communicators ---------------------------------------------------------------------- */

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

struct log_record log_record_of_unknown_request(int index, int count)
{
    struct log_record record = log_record_new(LOG_UNKNOWN_REQUEST, LOG_INSTANT);
    record.own_number = (uint64_t)index;
    record.bytes = (uint64_t)count;
    return record;
}

void log_unknown_request(const struct log_record *record, uint64_t *index, uint64_t *count)
{
    *index = record->own_number;
    *count = record->bytes;
}

int log_size(const struct log_record *record)
{
    return record->own_value >= 1 && record->own_value <= INT_MAX ? (int)record->own_value : 0;
}

uint64_t log_new_communicator(const struct log_record *record)
{
    return record->own_number;
}

bool log_makes_communicator(enum log_operation operation)
{
    return operation >= LOG_COMM_SPLIT && operation <= LOG_INTERCOMM_MERGE;
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

_Static_assert((int)LOG_DATA_BYTES == (int)LOG_PAYLOAD_BYTES, "they fill a record");

struct log_record log_record_of_data(const struct log_data *data)
{
    struct log_record record = log_record_new(LOG_DATA, LOG_INSTANT);
    record.own_number = data->request;
    record.tag = (int32_t)(data->comes_out ? -1 - (int32_t)data->count : (int32_t)data->count);
    record.peer = (int32_t)data->offset;
    log_payload_put(&record, data->data);
    return record;
}

struct log_data log_data(const struct log_record *record)
{
    struct log_data data = {.request = record->own_number,
                            .offset = (uint32_t)record->peer,
                            .comes_out = record->tag < 0};
    const int64_t count = data.comes_out ? -1 - (int64_t)record->tag : record->tag;
    data.count = count >= 0 && count <= LOG_DATA_BYTES ? (uint32_t)count : 0;
    log_payload_get(record, data.data);
    return data;
}
