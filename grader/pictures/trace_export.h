/*
 * Export of a run's logs as Chrome trace JSON, which https://ui.perfetto.dev and
 * chrome://tracing open.
 *
 * One process is the run; one thread per rank, "rank R (stage S)". On it:
 *
 *     slices    training steps, F, B, I, W, optimizer's steps and every MPI call, by
 *               what it is about: "RECV x 3 ← rank 0", "WAIT dy 3 ← rank 2",
 *               "all-reduce of 4 KiB among {0, 2}, in F 3"; what never ended lasts
 *               to the end of the trace and is called "… (pending)"
 *     arrows    from each send to the call in which its receive completed; from the call
 *               of the one that came last to a collective to where those were done that
 *               needed it
 *     async     non-blocking collectives, from their start until they were complete,
 *               slices beside their rank's: "rank R: all-reduce of 4 KiB among {0, 2}"
 *     instants  losses, results of assert_close, the final record
 *     counters  forwards in flight (begun, and their backward, or W, not done);
 *               peak memory by kind and, where it was recorded, live memory
 *
 * Slices of a thread nest, as the format demands. Events stand in the order in
 * which they happened, and where several have one time, causes before effects:
 * Perfetto ties an arrow to the slice before it, in the order of the file.
 *
 * The format: "Trace Event Format" by Google, and Perfetto's documentation,
 * "Visualizing external trace formats". Times are microseconds, with three
 * digits behind the point, from the smallest clock in the logs; the file says so.
 */
#ifndef GRADER_PICTURES_TRACE_EXPORT_H
#define GRADER_PICTURES_TRACE_EXPORT_H

#include "grader/trace/match.h"

#include <glib.h>

struct trace_options {
    const char *name;    /* of the run, for people */
    const char *program; /* its file, for source lines; NULL: none */
};

/* Writes the trace to a file, event by event. logs[r] is rank r's; matching may be NULL: then it
 * is made here. False, with an error and without a file, if that does not work. */
bool trace_export(const struct log_file *logs, int ranks, const struct matching *matching,
                  struct trace_options options, const char *path, GString *error);

#endif
