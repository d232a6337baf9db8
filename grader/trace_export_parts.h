/*
 * Shared by the trace_export*.c files, and nobody else.
 */
#ifndef GRADER_TRACE_EXPORT_PARTS_H
#define GRADER_TRACE_EXPORT_PARTS_H

#include "grader/trace_export.h"

#include <jansson.h>
#include <stdio.h>

#define TRACE_PROCESS 1

/* From a begin to its end. */
struct trace_span {
    size_t end;     /* index of the end record; NO_RECORD: pending */
    uint64_t until; /* clock */
};

/* A rank that is exported. */
struct trace_rank {
    const struct log_file *log;
    size_t at;               /* the next record */
    struct trace_span *span; /* [record]: of the begins */
    int *completes;          /* [record]: the message whose receive completes here, or NO_MESSAGE */
    int in_flight;           /* forwards begun, and their backward not done */
};

struct trace {
    FILE *file;
    bool failed; /* to write */
    bool begun;  /* an event stands in the file */
    struct trace_options options;
    int ranks;
    struct trace_rank *rank;
    const struct matching *matching;
    bool *sent;        /* [message]: the arrow's begin stands in the file */
    uint64_t earliest; /* clock of the trace's time 0 */
};

/* Is this record the begin of something that takes time? Steps are such things, too. */
bool trace_begins(const struct log_record *record);

/* Fills in the spans of a rank: a begin that its parent's end overtakes ends there, pending; one
 * that nothing ends lasts until `latest`. */
void trace_find_spans(struct trace_rank *rank, uint64_t latest);

/* Writes one event and gives up the reference to it. */
void trace_write(struct trace *trace, json_t *event);
/* An event of that kind ("X", "i", "C", "s", "f", "M") at a clock. */
json_t *trace_event(const struct trace *trace, const char *kind, const char *name,
                    const char *category, int rank, uint64_t clock);
/* The names of the process and of the threads. */
void trace_write_names(struct trace *trace);
/* Everything that a record gives rise to. */
void trace_write_record(struct trace *trace, int rank, size_t record);
/* The args of a slice. */
json_t *trace_arguments(const struct trace *trace, int rank, size_t begin);

#endif
