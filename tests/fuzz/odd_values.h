/*
 * For the fuzzers: a field of a record that is set to a value that makes no sense, and a log that log_reader.c lets
 * through nevertheless.
 */
#ifndef TESTS_FUZZ_ODD_VALUES_H
#define TESTS_FUZZ_ODD_VALUES_H

#include "common/log/log_reader.h"

#include <glib.h>

enum odd_field {
    ODD_BYTES,
    ODD_FINGERPRINT,
    ODD_OWN_NUMBER,
    ODD_COMMUNICATOR,
    ODD_OWN_VALUE,
    ODD_PEER,
    ODD_TAG,
    ODD_STAGE,
    ODD_MICRO_BATCH,
    ODD_FLAG,
    ODD_CALLER,
    ODD_FLOPS, /* of this record and all behind it */
    ODD_FIELDS
};

#define ODD_VALUES 18 /* 0, -1, INT32_MIN, … */

const char *odd_field_name(enum odd_field field);
/* Sets it to value number `value`, from 0; of a number in floating point these are others, NaN and infinities among
 * them. Numbers from ODD_VALUES to 255 are small: -8 and more. */
void odd_field_set(struct log_record *record, enum odd_field field, int value);

/* Leaves out, or changes, what log_reader.c would not let through. */
void odd_records_repair(GArray *records);

#endif
