/*
 * Replay: how long a run takes on a machine with free messages.
 *
 * Every rank's events are taken in the order in which the log has them. A
 * computation lasts the FLOPs that were charged for it; messages take no time;
 * receives, waits and collectives last until what they wait for has happened.
 * No wall clock enters, so the result is the same on any machine. Times and
 * durations are FLOPs.
 *
 * With buffered sends a standard send is complete at once. With synchronous
 * sends it completes when its receive has been posted, as MPI may do with any
 * message: a program that then can't go on works only by luck.
 *
 * A successful test counts as a wait for what it found complete.
 */
#ifndef GRADER_TRACE_REPLAY_H
#define GRADER_TRACE_REPLAY_H

#include "grader/trace/match.h"

#define REPLAY_ALL_STEPS (-1)

/* Another run than the one that was: what if a rank had not waited here? */
struct replay_changes {
    bool **skip; /* [rank][record]: this end of a call, or LOG_COMPLETED, does not wait */
    /* [rank][record]: this begin of a computation waits until that message was sent, as it would have
     * had to; NO_MESSAGE: it does not */
    int **needs;
};

/* Without any change. The caller frees with replay_changes_free. */
struct replay_changes *replay_changes_new(const struct log_file *logs, int ranks);
void replay_changes_free(struct replay_changes *changes, int ranks);

struct replay_options {
    bool synchronous; /* standard sends wait for their receive, rooted collectives for all … */
    uint64_t synchronous_from; /* … if they carry at least that many bytes; 0: always */
    int step;                  /* one training step, the records between its LOG_STEP_BEGIN and
                         LOG_STEP_END; or REPLAY_ALL_STEPS: the whole log */
    bool optimizer;            /* the optimizer's step takes time, too */
    const double *start;       /* [rank]: when each rank begins; NULL: all of them at 0 */
    const struct replay_changes *changes; /* NULL: none */
};

struct interval {
    enum log_operation operation; /* LOG_FORWARD, LOG_BACKWARD, LOG_BACKWARD_INPUT,
                                     LOG_BACKWARD_WEIGHT, LOG_OPTIMIZER_STEP */
    int stage;
    int micro_batch;
    double begin, end; /* FLOPs since the replay's begin */
};

struct replay_rank {
    int count;
    struct interval *interval; /* in the order of execution */
    double busy;               /* sum of the intervals */
    double idle;               /* makespan - busy */
    bool stuck;                /* could not go on */
    size_t stuck_in;           /* index of the record that it is stuck in, else NO_RECORD */
    size_t reached;            /* records of its log that could be done: all before this one */
    int waits_for;             /* the rank that it waits for; LOG_NO_PEER: none in particular */
};

struct replay {
    bool deadlock; /* some rank is stuck; the rest holds what was done until then */
    double makespan;
    int ranks;
    struct replay_rank *rank;
    int steps_found; /* ranks whose log has all that was asked for; all of them, in a good run */
};

/* The records first … last - 1 of a training step or, of REPLAY_ALL_STEPS, of the whole log; none if
 * the rank did not begin it. Returns whether it came to its end. */
bool replay_find_records(const struct log_file *log, int step, size_t *first, size_t *last);

/* The caller frees with replay_free. A message of which one half lies outside of the step is
 * there from the beginning. matching may be NULL: then it is made here. */
struct replay *replay_run(const struct log_file *logs, int ranks, const struct matching *matching,
                          struct replay_options options);
void replay_free(struct replay *replay);

/* Is it no collective, or one that for each of its ranks is over when all have entered, whatever the
 * messages that MPI makes it of? */
bool replay_is_rendezvous(enum log_operation operation);

/* Idle share: the ranks' mean idle time by the makespan ("of makespan"); 0 for an empty replay. */
double replay_bubble(const struct replay *replay);

#endif
