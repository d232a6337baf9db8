/*
 * Where ranks do not agree about their collectives: another operation, root, size, type or reduction in
 * one and the same; another order; one that a rank leaves out, or that only it calls; one among other
 * ranks than those that call it. Of a run that came to its end as well as of one that did not.
 *
 * Of each communicator the first disagreement is found, as those behind it follow from it: a rank that
 * leaves out one collective is told so, not that all its later calls are met by others. Which of several
 * explanations is meant is found by aligning both ranks' calls (collective_alignment.h).
 *
 * What MPI lets differ is no fault: types of another name with the same elements, arguments that count
 * on the root alone, sizes where every rank may have its own (what one rank gives another must be what
 * that one gets from it), MPI_IN_PLACE.
 */
#ifndef GRADER_TRACE_COLLECTIVE_FAULTS_H
#define GRADER_TRACE_COLLECTIVE_FAULTS_H

#include "grader/trace/collectives.h"

#include <glib.h>

enum collectives_fault_kind {
    COLLECTIVES_SAME,
    COLLECTIVES_OPERATION,   /* two different ones */
    COLLECTIVES_NONBLOCKING, /* the same, but one only starts it: MPI does not match the two */
    COLLECTIVES_ROOT,
    COLLECTIVES_TYPE,
    COLLECTIVES_BYTES,
    COLLECTIVES_REDUCTION,
    COLLECTIVES_PART,    /* what one rank gives another is not what that one gets from it */
    COLLECTIVES_ORDER,   /* two of them in another order */
    COLLECTIVES_SKIPPED, /* `rank` leaves out `other_record` */
    COLLECTIVES_SURPLUS, /* only `rank` calls `record` */
    COLLECTIVES_GROUP    /* `rank` calls it among others than `other` */
};

struct collectives_fault {
    enum collectives_fault_kind kind;
    int rank;      /* whose call does not fit those of most … */
    size_t record; /* … its begin; SKIPPED: the call that it made in its place, or NO_RECORD */
    int other;     /* one of those */
    size_t other_record;         /* its begin; SURPLUS: what it called in its place, or NO_RECORD */
    size_t second, other_second; /* ORDER: the calls behind them */
    uint64_t bytes, other_bytes; /* PART: given by `rank`, got by `other` */
};

/* All of them (array of struct collectives_fault, to g_array_unref), the earliest first. */
GArray *collectives_find_faults(const struct log_file *logs, const struct collectives *collectives);

/* What is the first thing that two calls (begin records) of one collective disagree about? */
enum collectives_fault_kind collectives_compare(const struct log_file *a, size_t a_begin,
                                                const struct log_file *b, size_t b_begin);

/* "rank 2 calls MPI_Allreduce of 400 bytes among {0, 2} at step.c:31, where rank 0 calls it with 800 bytes
 * at step.c:29"; plain text. `program` may be NULL. */
void collectives_tell_fault(const char *program, const struct log_file *logs,
                            const struct collectives *collectives,
                            const struct collectives_fault *fault, GString *text);

/* What to look at in the program, as the end of a sentence. */
const char *collectives_fault_look(enum collectives_fault_kind kind);

/* "MPI_Allreduce of 400 bytes among {0, 2}", of a call's begin; and with " at step.c:31" behind it. */
void collectives_name(const struct log_file *logs, const struct collectives *collectives, int rank,
                      size_t record, GString *text);
void collectives_name_with_line(const char *program, const struct log_file *logs,
                                const struct collectives *collectives, int rank, size_t record,
                                GString *text);

#endif
