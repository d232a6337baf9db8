/* See layer_moments.h. */
#include "assignments/memory/judges/zero/layer_moments.h"

#include "common/log/log_fields.h"
#include "common/training/stage.h"

bool memory_zero_is_before_layer(const struct log_record *record)
{
    const int moment = log_layer_moment(record);
    return record->operation == LOG_LAYER &&
           (moment == BEFORE_LAYER_FORWARD || moment == BEFORE_LAYER_BACKWARD);
}

bool memory_zero_same_pass(const struct log_record *a, const struct log_record *b)
{
    return a->micro_batch == b->micro_batch && log_layer_moment(a) == log_layer_moment(b);
}

double memory_zero_computed(const struct log_file *log, size_t from, size_t until)
{
    double sum = 0, begin = -1;
    for (size_t i = from; i < until; i++) {
        const struct log_record *record = &log->record[i];
        if (!log_is_computation(record) || record->operation == LOG_OPTIMIZER_STEP)
            continue;
        if (record->phase == LOG_BEGIN)
            begin = (double)record->clock;
        else if (begin >= 0)
            sum += (double)record->clock - begin;
    }
    return sum;
}
