/*
 * Reading a log that somebody else wrote, perhaps while it crashed, perhaps
 * dishonestly. Nothing in the file is trusted: sizes, sequence numbers,
 * operations and checksums are verified, and reading stops, with a reason, at
 * the first record that does not hold.
 */
#ifndef COMMON_LOG_LOG_READER_H
#define COMMON_LOG_LOG_READER_H

#include "common/log/log_fields.h"

struct log_file {
    int rank;
    int ranks;
    uint64_t seed;
    uint64_t pid;   /* of the rank's process, as itself knew it */
    uint64_t polls; /* unsuccessful tests since the last record */
    size_t count;
    struct log_record *record;
    bool complete;    /* the last record is LOG_FINAL */
    char damage[256]; /* empty, or where and why reading stopped early */
};

#define LOG_ERROR_SIZE 512

/* Reads one file. False, with an error that names file and cause, if there is no
 * usable header; damage further on keeps what stands before it. What the system would not let it read it
 * notes (common/base/unreadable.h). */
bool log_read(const char *path, struct log_file *log, char error[LOG_ERROR_SIZE]);
void log_destroy(struct log_file *log);

/* Index of the record that ends record `begin` (same operation and rank; calls nest
 * properly), or count if it was still pending. */
size_t log_end_of(const struct log_file *log, size_t begin);

/* The records first … last - 1 of a training step, without its begin and end; none if the rank did not
 * begin it. Returns whether it ended. */
bool log_find_step(const struct log_file *log, int step, size_t *first, size_t *last);

/* The last thing a rank recorded of a kind of memory. False if there is nothing. */
bool log_find_memory(const struct log_file *log, int kind, struct log_memory *memory);

#endif
