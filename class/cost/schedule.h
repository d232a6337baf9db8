/*
 * How long jobs take that are done in their order, so many at the same time: the next begins when one has ended.
 *
 * A job takes `wall` seconds where nobody disturbs it, and computes for `processor` of them (more, if it has several
 * threads). While the jobs that run want more than all cores, they share them evenly: what computes becomes as many times
 * slower as is needed, what waits does not.
 */
#ifndef CLASS_COST_SCHEDULE_H
#define CLASS_COST_SCHEDULE_H

struct cost_job {
    double wall, processor; /* seconds */
};

struct cost_machine {
    int cores;
    int at_once; /* jobs */
};

/* Seconds until the last of them has ended. */
double cost_schedule(const struct cost_job *jobs, int count, struct cost_machine machine);

#endif
