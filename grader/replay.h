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
 *
 * The second half of this header builds reference schedules from the same
 * durations and runs them by their dependencies alone.
 */
#ifndef GRADER_REPLAY_H
#define GRADER_REPLAY_H

#include "grader/match.h"

#define REPLAY_ALL_STEPS (-1)

struct replay_options {
    bool synchronous; /* standard sends wait for their receive */
    int step;         /* one training step, the records between its LOG_STEP_BEGIN and
                         LOG_STEP_END; or REPLAY_ALL_STEPS: the whole log */
    bool optimizer;   /* the optimizer's step takes time, too */
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
    int waits_for;             /* the rank that it waits for; LOG_NO_PEER: none in particular */
};

struct replay {
    bool deadlock; /* some rank is stuck; the rest holds what was done until then */
    double makespan;
    int ranks;
    struct replay_rank *rank;
    int steps_found; /* ranks whose log has the step asked for; all of them, in a good run */
};

/* The caller frees with replay_free. A message of which one half lies outside of the step is
 * there from the beginning. matching may be NULL: then it is made here. */
struct replay *replay_run(const struct log_file *logs, int ranks, const struct matching *matching,
                          struct replay_options options);
void replay_free(struct replay *replay);

/* Idle share: the ranks' mean idle time by the makespan ("of makespan"); 0 for an empty replay. */
double replay_bubble(const struct replay *replay);

/* ---- reference schedules ---------------------------------------------------- */

struct schedule_operation {
    enum log_operation operation; /* LOG_FORWARD, LOG_BACKWARD, …_INPUT, …_WEIGHT */
    int stage;                    /* global index */
    int micro_batch;
    double duration; /* FLOPs */
};

/* One list of operations per rank, to be done in this order. */
struct schedule {
    int ranks;
    int *count;
    struct schedule_operation **operation;
};

struct schedule *schedule_new(int ranks);
void schedule_add(struct schedule *schedule, int rank, struct schedule_operation operation);
void schedule_free(struct schedule *schedule);

/* Stage s on rank s. forward[s * micro_batches + i], backward[…] are durations. The naive
 * schedule is AFAB with one micro-batch. */
struct schedule *schedule_afab(int stages, int micro_batches, const double *forward,
                               const double *backward);
struct schedule *schedule_1f1b(int stages, int micro_batches, const double *forward,
                               const double *backward);
/* The same with the durations that a replay of one step found; NULL if it does not hold exactly
 * one forward and one whole backward of every (stage, micro-batch), stage s on rank s. */
typedef struct schedule *schedule_maker(int stages, int micro_batches, const double *forward,
                                        const double *backward);
struct schedule *schedule_like(const struct replay *replay, schedule_maker *maker);

/* Runs a schedule: F(s,i) after F(s-1,i); B(s,i), or I(s,i), after F(s,i) and B or I(s+1,i);
 * W(s,i) after I(s,i). deadlock is set where the lists contradict that; stuck_in is then the
 * place in the rank's list. The caller frees with replay_free. */
struct replay *schedule_run(const struct schedule *schedule);

/* (m+p-1)(F+B): the makespan of AFAB, and of 1F1B, with equal stages. */
double makespan_formula(int stages, int micro_batches, double forward, double backward);
/* (p-1)/(m+p-1): the bubble of makespan of the same two. */
double bubble_formula(int stages, int micro_batches);

#endif
