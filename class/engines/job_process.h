/*
 * The grader as a program that is run for one job, with everything that it starts: it gets its time and no more, and when
 * it has ended nothing of it is left. What single runs of a submission may take the grader's sandbox bounds; this bounds
 * the grader, should it fail at that.
 */
#ifndef CLASS_ENGINES_JOB_PROCESS_H
#define CLASS_ENGINES_JOB_PROCESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

enum job_end {
    JOB_EXITED,      /* status: the exit status; 128 + signal if one ended it */
    JOB_TIME,        /* its time was over */
    JOB_INTERRUPTED, /* this process was asked to end, or its engine is no more */
    JOB_NOT_STARTED  /* words say why */
};

struct job_process {
    char *const *words; /* the command; ends with NULL */
    double seconds;     /* of an idle machine: the clock slows down while others compete */
    int lock;           /* open file that the grader holds, too */
    pid_t engine;       /* ends with this process, however that ended; 0: no such */
};

struct job_ended {
    enum job_end end;
    int status;
    char *words; /* clean: the last that it said on standard error */
    double wall_seconds, processor_seconds;
};

/* From now on whatever asks this process to end waits to be seen by job_process_run. */
void job_process_prepare(void);
/* Once in a process: processor time is that of all its children. */
void job_process_run(const struct job_process *process, struct job_ended *ended);

#endif
