/*
 * Memory over time: the live bytes of each kind over a training step, from the
 * records that --log-memory asks for.
 *
 * What is live when the step begins is part of it. What a log does not record
 * (the system's and MPI's own memory) is not.
 */
#ifndef GRADER_TRACE_LIVE_MEMORY_H
#define GRADER_TRACE_LIVE_MEMORY_H

#include "common/base/memory.h"
#include "common/log/log_reader.h"

#include <glib.h>

/* From here on, and until the next one. */
struct live_moment {
    double time;               /* nanoseconds since the first rank began the step */
    double live[MEMORY_KINDS]; /* bytes */
    size_t record;
};

struct live_memory {
    int rank;
    GArray *moments; /* of struct live_moment: the step's begin, every change, and its end */
    guint peak;      /* the first moment at which most is live on the device */
    bool cut;        /* changes are missing between moments: the log had no room for them */
    bool complete;   /* the step came to its end */
};

/* [rank]; NULL: no log has a record of memory. step: as of timeline_of_logs, but for
 * TIMELINE_LAST_STEP. The logs may be anything. The caller frees with live_memory_free. */
struct live_memory *live_memory_new(const struct log_file *logs, int ranks, int step);
void live_memory_free(struct live_memory *curves, int ranks);

const struct live_moment *live_moment(const struct live_memory *curve, guint i);
/* Of all kinds together that are on the device: the host's memory is not in it. */
double live_moment_bytes(const struct live_moment *moment);

/* What the rank was doing when a record was written: "F of micro-batch 3", "MPI_Recv",
 * "after B of micro-batch 0", "before the first computation". The caller frees. */
char *live_moment_doing(const struct log_file *log, const struct live_moment *moment, int step);

#endif
