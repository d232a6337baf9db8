/*
 * Source lines: from the caller field of a log record to "file.c:12"; and the way
 * back, from a function to its address.
 *
 * Asks addr2line and nm, run as child processes without a shell, once for many
 * addresses; answers are kept for the life of the grader. Addresses are those in
 * the program's file: less the address that it is loaded at.
 */
#ifndef GRADER_TRACE_SOURCE_LINE_H
#define GRADER_TRACE_SOURCE_LINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Looks up all addresses at once, so that source_line() has them ready. */
void source_line_prepare(const char *program, const uint64_t *caller, int count);

/* Where an address is, in the source. */
struct source_place {
    char *line;     /* "step.c:31 (take_step)", or "" */
    char *path;     /* of the file, as the compiler knew it, or "" */
    char *function; /* or "" */
    int number;     /* of the line */
};

/* From now on a file in a folder of one of these names (of char *, which live on; NULL: none) is told with it,
 * "another/step.c:31 (take_step)": those of other assignments, which only their folder tells from the own ones. */
void source_line_name_folders(const GPtrArray *names);

/* All places that an address stands for, from the innermost: a function that became part of its caller
 * has none of its own. They live on. */
const struct source_place *source_line_places(const char *program, uint64_t caller, int *count);

/* "step.c:31 (take_step)", or "" where nothing is known. The string lives on. */
const char *source_line(const char *program, uint64_t caller);
/* The path of that line's file, as the compiler knew it, or "". The string lives on. */
const char *source_line_path(const char *program, uint64_t caller);

/* The address of a function that the program exports, as backtraces name them. False, and 0, if there
 * is none of that name, or nothing is known. */
bool source_line_function(const char *program, const char *name, uint64_t *address);

#endif
