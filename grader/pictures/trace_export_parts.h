/*
 * Shared by the trace_export*.c files, and nobody else.
 */
#ifndef GRADER_PICTURES_TRACE_EXPORT_PARTS_H
#define GRADER_PICTURES_TRACE_EXPORT_PARTS_H

#include "grader/pictures/trace_export.h"
#include "grader/trace/collective_calls.h"

#include <jansson.h>
#include <stdio.h>

#define TRACE_PROCESS 1

/* From a begin to its end. */
struct trace_span {
    size_t end;     /* index of the end record; NO_RECORD: pending */
    uint64_t until; /* clock */
    size_t inside;  /* the begin of the computation in which this one is; NO_RECORD: of none */
};

#define NO_ARROW (-1)

/* From the record that causes something to the one where it is noticed. */
struct trace_arrow {
    const char *name;
    int from_rank, to_rank;
    size_t from, to;
    int next;     /* the next one that begins at the same record, or NO_ARROW */
    bool begun;   /* its begin stands in the file */
    bool dropped; /* the file came to its end first: it gets neither */
};

/* A rank that is exported. */
struct trace_rank {
    const struct log_file *log;
    size_t at;               /* the next record */
    struct trace_span *span; /* [record]: of the begins */
    int *begins;             /* [record]: the first arrow that begins here, or NO_ARROW */
    int *ends;               /* [record]: the arrow that ends here, or NO_ARROW */
    GHashTable
        *tensors;  /* by content, trace_export_names.c's: what enters and leaves computations */
    int in_flight; /* forwards begun, and their backward not done */
};

struct trace {
    FILE *file;
    bool failed; /* to write */
    bool begun;  /* an event stands in the file */
    struct trace_options options;
    int ranks;
    struct trace_rank *rank;
    const struct matching *matching;
    struct collectives *collectives;
    struct collective_calls *calls; /* of all steps */
    int **completes;                /* [rank][record]: the collective call that ends here */
    GArray *arrows;                 /* of struct trace_arrow */
    GHashTable *transfers; /* those that are open: trace_export_transfers.c's; NULL at first */
    int transfers_begun;
    uint64_t earliest; /* clock of the trace's time 0 */
};

/* An event of that kind ("X", "i", "C", "s", "f", "M") at a clock. */
json_t *trace_new_event(const struct trace *trace, const char *kind, const char *name,
                        const char *category, int rank, uint64_t clock);
/* Writes one event and gives up the reference to it. */
void trace_write_event(struct trace *trace, json_t *event);

struct trace_arrow *trace_arrow(const struct trace *trace, int index);
/* Makes the arrows of messages that have both ends, and those of collectives: from the call of the one
 * that came last to where the others, who needed it, were done. */
void trace_find_arrows(struct trace *trace);
/* The arrow that the rank's next record ends though it is not begun yet, or NO_ARROW. */
int trace_missing_arrow(const struct trace *trace, int rank);

/* Fills in the spans of a rank: a begin that its parent's end overtakes ends there, pending; one
 * that nothing ends lasts until `latest`. */
void trace_find_spans(struct trace_rank *rank, uint64_t latest);

/* The names of the process and of the threads. */
void trace_write_names(struct trace *trace);
/* Everything that a record gives rise to. */
void trace_write_record(struct trace *trace, int rank, size_t record);
/* The args of a slice. */
json_t *trace_arguments(const struct trace *trace, int rank, size_t begin);
/* What a collective's have beside: group, type and operation of its elements, who came last, times. */
void trace_add_collective(const struct trace *trace, const struct collective_call *call,
                          json_t *arguments);
/* trace_export_names.c; the caller frees the names. */
void trace_find_tensors(struct trace_rank *rank);
char *trace_slice_name(const struct trace *trace, int rank, size_t begin);
char *trace_computation_name(const struct log_record *record);
char *trace_peer_name(int peer);
char *trace_collective_name(const struct trace *trace, const struct collective_call *call);
/* The call that a record of a request is about; NULL: it is about none. */
const struct collective_call *trace_call_of_request(const struct trace *trace, int rank,
                                                    uint64_t request, size_t before);
/* A transfer between device and host, from when it moved until it was there. */
void trace_write_transfer(struct trace *trace, int rank, const struct log_record *record);
void trace_write_pending_transfers(struct trace *trace, uint64_t latest);
/* What is in flight when the logs end. */
void trace_write_pending(struct trace *trace, uint64_t latest);

#endif
