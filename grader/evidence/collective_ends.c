/* What came out of collectives; see collective_ends.h. */
#include "grader/evidence/collective_ends.h"

#include <string.h>

#define MOST_BYTES ((size_t)1 << 24) /* of a payload that is read; more is forged */

size_t *evidence_ends_of_collectives(const struct log_file *logs,
                                     const struct collectives *collectives)
{
    size_t *end = g_new(size_t, collectives->slots + 1);
    for (size_t slot = 0; slot < collectives->slots; slot++)
        end[slot] = NO_RECORD;
    for (int rank = 0; rank < collectives->ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++) {
            const struct log_record *record = &logs[rank].record[i];
            const int index = collectives->by_record[rank][i];
            const bool is_end =
                record->operation == LOG_COMPLETED ||
                (record->phase == LOG_END && !collectives_only_start(record->operation));
            if (index != NO_COLLECTIVE && is_end)
                end[collective_slot(&collectives->collective[index], rank)] = i;
        }
    return end;
}

/* ---- numbers ---------------------------------------------------------------------------------------- */

static bool is_number(enum log_type type)
{
    return type == LOG_TYPE_FLOAT32 || type == LOG_TYPE_FLOAT64 || type == LOG_TYPE_INT32 ||
           type == LOG_TYPE_INT64;
}

static double number_at(const unsigned char *bytes, enum log_type type)
{
    float float32;
    double float64;
    int32_t int32;
    int64_t int64;
    switch (type) {
    case LOG_TYPE_FLOAT32:
        memcpy(&float32, bytes, sizeof float32);
        return (double)float32;
    case LOG_TYPE_FLOAT64:
        memcpy(&float64, bytes, sizeof float64);
        return float64;
    case LOG_TYPE_INT32:
        memcpy(&int32, bytes, sizeof int32);
        return (double)int32;
    default:
        memcpy(&int64, bytes, sizeof int64);
        return (double)int64;
    }
}

/* Puts the pieces in records first … last - 1 together; NULL if one is missing. */
static double *numbers_of(const struct log_file *log, size_t first, size_t last, bool comes_out,
                          uint64_t size, enum log_type type, size_t *count)
{
    if (!is_number(type) || size == 0 || size > MOST_BYTES || size % log_type_size(type) != 0)
        return NULL;
    g_autofree unsigned char *bytes = g_malloc(size);
    uint64_t filled = 0;
    for (size_t i = first; i < last; i++) {
        if (log->record[i].operation != LOG_DATA)
            continue;
        const struct log_data data = log_data(&log->record[i]);
        if (data.comes_out != comes_out || data.offset != filled || filled + data.count > size)
            return NULL;
        memcpy(bytes + filled, data.data, data.count);
        filled += data.count;
    }
    if (filled != size)
        return NULL;
    *count = size / log_type_size(type);
    double *number = g_new(double, *count);
    for (size_t i = 0; i < *count; i++)
        number[i] = number_at(bytes + i * log_type_size(type), type);
    return number;
}

double *evidence_data_put_in(const struct log_file *log, size_t begin, size_t *count)
{
    const struct log_record *record = &log->record[begin];
    size_t last = begin + 1;
    while (last < log->count && log->record[last].phase == LOG_INSTANT &&
           (log->record[last].operation == LOG_DATA ||
            log->record[last].operation == LOG_COUNT_PART)) {
        if (log->record[last].operation == LOG_DATA && log_data(&log->record[last]).comes_out)
            break;
        last++;
    }
    return numbers_of(log, begin + 1, last, false, record->bytes, log_elements(record).type, count);
}

double *evidence_data_got_out(const struct log_file *log, size_t end, enum log_type type,
                              size_t *count)
{
    size_t first = end;
    while (first > 0 && log->record[first - 1].operation == LOG_DATA &&
           log_data(&log->record[first - 1]).comes_out)
        first--;
    return numbers_of(log, first, end, true, log->record[end].bytes, type, count);
}
