/*
 * Records that hold data: LOG_PAYLOAD_BYTES of them stand where other records have numbers that these don't have.
 * For the files log_fields*.c, and nobody else.
 */
#ifndef COMMON_LOG_LOG_PAYLOAD_H
#define COMMON_LOG_LOG_PAYLOAD_H

#include "common/log/log.h"

#include <string.h>

enum { LOG_PAYLOAD_BYTES = 40 };

static inline void log_payload_put(struct log_record *record, const void *data)
{
    const unsigned char *from = data;
    memcpy(&record->bytes, from, 8);
    memcpy(&record->fingerprint, from + 8, 8);
    memcpy(&record->communicator, from + 16, 8);
    memcpy(&record->own_value, from + 24, 8);
    memcpy(&record->stage, from + 32, 4);
    memcpy(&record->micro_batch, from + 36, 4);
}

static inline void log_payload_get(const struct log_record *record, void *data)
{
    unsigned char *to = data;
    memcpy(to, &record->bytes, 8);
    memcpy(to + 8, &record->fingerprint, 8);
    memcpy(to + 16, &record->communicator, 8);
    memcpy(to + 24, &record->own_value, 8);
    memcpy(to + 32, &record->stage, 4);
    memcpy(to + 36, &record->micro_batch, 4);
}

#endif
