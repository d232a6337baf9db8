/*
 * GNU parallel's job log: a line of headings, then for each job, with tabs between,
 *
 *     Seq  Host  Starttime  JobRuntime  Send  Receive  Exitval  Signal  Command
 *
 * Starttime is in seconds since 1970. https://www.gnu.org/software/parallel/parallel.html#joblog-logfile
 */
#ifndef CLASS_COST_JOB_LOG_H
#define CLASS_COST_JOB_LOG_H

#include <stdbool.h>

struct job_log {
    int jobs;
    int most_at_once;
    double
        busy; /* seconds in which at least one was running: pauses between two commands don't count */
    double total; /* seconds of all jobs together */
};

/* False: there is no such log, or nothing in it. Lines that are none are left out. */
bool job_log_read(const char *path, struct job_log *log);

#endif
