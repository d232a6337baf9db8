/* Values that make no sense; see odd_values.h. */
#include "tests/fuzz/odd_values.h"

#include <math.h>
#include <string.h>

#define SMALLEST (-8)

const char *odd_field_name(enum odd_field field)
{
    static const char *const names[] = {"bytes",       "fingerprint", "own_number", "communicator",
                                        "own_value",   "peer",        "tag",        "stage",
                                        "micro_batch", "flag",        "caller",     "flops"};
    _Static_assert(G_N_ELEMENTS(names) == ODD_FIELDS, "each has a name");
    return names[field];
}

static int64_t odd_integer(int value)
{
    static const int64_t odd[] = {0,
                                  -1,
                                  INT32_MIN,
                                  INT32_MAX,
                                  65536,
                                  INT64_MAX,
                                  INT64_MIN,
                                  UINT32_MAX,
                                  1,
                                  2,
                                  3,
                                  4,
                                  -2,
                                  -3,
                                  1000000,
                                  INT32_MAX - 1,
                                  (int64_t)1 << 40,
                                  (int64_t)1 << 53};
    _Static_assert(G_N_ELEMENTS(odd) == ODD_VALUES, "so many");
    return value < ODD_VALUES ? odd[value] : value - ODD_VALUES + SMALLEST;
}

static double odd_number(int value)
{
    static const double odd[] = {0,      -1,     NAN,  INFINITY,   -INFINITY, 1e308,
                                 -1e308, 1e-320, 0.5,  2.5,        3,         4,
                                 -0.0,   65536,  1e18, 2147483648, 1e-9,      -0.5};
    _Static_assert(G_N_ELEMENTS(odd) == ODD_VALUES, "so many");
    return value < ODD_VALUES ? odd[value] : value - ODD_VALUES + SMALLEST;
}

void odd_field_set(struct log_record *record, enum odd_field field, int value)
{
    const int64_t odd = odd_integer(value);
    switch (field) {
    case ODD_BYTES:
        record->bytes = (uint64_t)odd;
        break;
    case ODD_FINGERPRINT:
        record->fingerprint = (uint64_t)odd;
        break;
    case ODD_OWN_NUMBER:
        record->own_number = (uint64_t)odd;
        break;
    case ODD_COMMUNICATOR:
        record->communicator = (uint64_t)odd;
        break;
    case ODD_OWN_VALUE:
        record->own_value = odd_number(value);
        break;
    case ODD_PEER:
        record->peer = (int32_t)odd;
        break;
    case ODD_TAG:
        record->tag = (int32_t)odd;
        break;
    case ODD_STAGE:
        record->stage = (int32_t)odd;
        break;
    case ODD_MICRO_BATCH:
        record->micro_batch = (int32_t)odd;
        break;
    case ODD_FLAG:
        record->flag = (uint8_t)odd;
        break;
    case ODD_FLOPS:
        record->flops = (uint64_t)odd;
        break;
    default:
        record->caller = (uint64_t)odd;
    }
}

void odd_records_repair(GArray *records)
{
    guint kept = 0;
    for (guint i = 0; i < records->len; i++) {
        struct log_record record = g_array_index(records, struct log_record, i);
        const struct log_record *before =
            kept > 0 ? &g_array_index(records, struct log_record, kept - 1) : NULL;
        const bool has_place = record.operation != LOG_DATA;
        if (strcmp(log_operation_name(record.operation), "unknown") == 0 ||
            record.operation == LOG_NONE)
            continue;
        record.sequence = kept + 1;
        record.clock = before ? MAX(record.clock, before->clock) : record.clock;
        record.flops = before ? MAX(record.flops, before->flops) : record.flops;
        record.peer = MAX(record.peer, LOG_PEER_NULL);
        record.stage = has_place ? MAX(record.stage, -1) : record.stage;
        record.micro_batch = has_place ? MAX(record.micro_batch, -1) : record.micro_batch;
        g_array_index(records, struct log_record, kept++) = record;
    }
    g_array_set_size(records, kept);
}
