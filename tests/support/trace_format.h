/*
 * Does a file keep to the Trace Event Format, that of https://ui.perfetto.dev and chrome://tracing? Written by the
 * format's description ("Trace Event Format", by Google), and not by what the kit writes.
 */
#ifndef TESTS_SUPPORT_TRACE_FORMAT_H
#define TESTS_SUPPORT_TRACE_FORMAT_H

#include <glib.h>
#include <jansson.h>

/* Adds a line for each fault of a whole trace, "event 7: …"; nothing where there is none. */
void trace_format_check(const json_t *trace, GString *faults);
/* The same of a file. */
void trace_format_check_file(const char *path, GString *faults);

#endif
