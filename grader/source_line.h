/*
 * Source lines: from the caller field of a log record to "file.c:12".
 *
 * Asks addr2line, run as a child process without a shell, once for many
 * addresses; answers are kept for the life of the grader.
 */
#ifndef GRADER_SOURCE_LINE_H
#define GRADER_SOURCE_LINE_H

#include <stdint.h>

/* Looks up all addresses at once, so that source_line() has them ready. */
void source_line_prepare(const char *program, const uint64_t *caller, int count);

/* "train_step_afab.c:31 (train_step_afab)", or "" where nothing is known. The string lives on. */
const char *source_line(const char *program, uint64_t caller);

#endif
