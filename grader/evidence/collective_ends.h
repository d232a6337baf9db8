/*
 * Where the ranks' logs say what came out of each collective.
 */
#ifndef GRADER_EVIDENCE_COLLECTIVE_ENDS_H
#define GRADER_EVIDENCE_COLLECTIVE_ENDS_H

#include "grader/trace/collectives.h"

/* [slot of the collectives]: the end of the call or the LOG_COMPLETED of its request; NO_RECORD: it did
 * not complete. To g_free. */
size_t *evidence_ends_of_collectives(const struct log_file *logs,
                                     const struct collectives *collectives);

/* The numbers that a rank put in (record: its begin) or got out (its end), as far as the log has them
 * (LOG_DATA): an array to g_free, and *count; NULL: it does not have them all, or not in a type that is a
 * number. */
double *evidence_data_put_in(const struct log_file *log, size_t begin, size_t *count);
double *evidence_data_got_out(const struct log_file *log, size_t end, enum log_type type,
                              size_t *count);

#endif
