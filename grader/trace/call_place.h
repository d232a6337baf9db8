/*
 * Where a call was made, for the author of the file that is being written: of the
 * calls that led to a log record, the one that leaves the outermost of the
 * student's files; and what was called: MPI, or a helper of the kit's that the
 * innermost of these files calls, or is called by.
 *
 *     step.c:40 → step.c:12 → pass_on (the kit's) → communicate.c:31 → MPI_Isend
 *
 * is "pass_on at step.c:12 (forward), from line 40, through communicate.c:31".
 * (Inside of the program, common/base/callers.h does the same.)
 */
#ifndef GRADER_TRACE_CALL_PLACE_H
#define GRADER_TRACE_CALL_PLACE_H

#include "common/log/log.h"

#include <glib.h>

/* The strings live on; where nothing is known they are "". */
struct call_place {
    const char *called; /* what is called: "pass_on", "MPI_Isend" */
    const char *line;   /* "step.c:12 (forward)" */
    int from_line;      /* 40, if another function of that file called the one of `line`; else 0 */
    const char
        *through; /* "communicate.c:31 (communicate)", if the innermost line is in another file */
    bool helped;  /* `called` is a function of the kit that makes the call for its caller */
};
struct call_place call_place_of(const char *program, const struct log_record *record);

/* Looks up all that is needed for these records at once. */
void call_place_prepare(const char *program, const struct log_record *const *record, int count);

/* Appends "pass_on at step.c:12 (forward), from line 40, through communicate.c:31"; only the name
 * where no line is known. */
void call_place_name(const char *program, const struct log_record *record, GString *text);
/* The same from " at" on. */
void call_place_name_line(const char *program, const struct log_record *record, GString *text);
/* What comes behind the line: ", from line 40, through communicate.c:31", or nothing. */
void call_place_name_rest(const struct call_place *call, GString *text);

#endif
