/*
 * Reference schedules: who computes what in which order, and how long that
 * takes when nothing but the order and the dependencies holds it up.
 *
 * p ranks, v stages ("chunks") on each, m micro-batches; global stage s is chunk
 * s / p of rank s % p. F is a forward, B a whole backward, I and W its halves:
 * for the input and for the weights. Durations are FLOPs.
 *
 * Closed formulas for the same schedules: schedule_formulas.h.
 */
#ifndef ASSIGNMENTS_PIPELINE_SCHEDULES_SCHEDULE_H
#define ASSIGNMENTS_PIPELINE_SCHEDULES_SCHEDULE_H

#include "grader/trace/replay.h"

#include <glib.h>

/* Of a step, stages × micro-batches: each takes some 400 bytes while a schedule is worked out. */
#define SCHEDULE_MOST_FORWARDS (1 << 22)

struct schedule_operation {
    enum log_operation operation; /* LOG_FORWARD, LOG_BACKWARD, …_INPUT, …_WEIGHT,
                                     LOG_OPTIMIZER_STEP */
    int stage;                    /* global index */
    int micro_batch;              /* -1 for an optimizer's step */
    double duration;              /* FLOPs */
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

/* "F0 F1 B0 …"; with several stages per rank "F0.4 …" (micro-batch.stage). What is longer than
 * `most` characters ends with "…". A new string. */
char *schedule_text(const struct schedule *schedule, int rank, bool with_stages, gsize most);

/* "28 and 29", "0, 1 and 2": those of the numbers 0 … count-1 that are marked; of many the first. */
void schedule_append_numbers(GString *text, const bool *marked, int count);

/* ---- making ------------------------------------------------------------------ */

/* What a schedule is made for. The arrays stay the caller's. */
struct schedule_costs {
    int ranks;
    int chunks; /* stages per rank */
    int micro_batches;
    const double *forward;         /* [stage * micro_batches + micro_batch] */
    const double *backward_input;  /* I; a whole backward lasts I + W */
    const double *backward_weight; /* W */
    const double *optimizer;       /* [stage], of one step; NULL: it takes no time */
};

typedef struct schedule *schedule_maker(const struct schedule_costs *costs);

/* All but interleaved want one stage per rank. */
schedule_maker schedule_afab; /* with one micro-batch: the naive schedule */
schedule_maker schedule_1f1b;
schedule_maker schedule_bounded;     /* AFAB in groups of p micro-batches */
schedule_maker schedule_interleaved; /* m must be a multiple of p; else NULL */
schedule_maker schedule_pipedream;   /* the order of 1F1B, an optimizer's step after every B */
schedule_maker schedule_zero_bubble; /* ZB-H1: rank r holds its W back by r backwards */

/* Any schedule for p ranks of v equal stages: F, I and W last as given on every stage. */
struct schedule *schedule_equal(schedule_maker *maker, int ranks, int chunks, int micro_batches,
                                double forward, double backward_input, double backward_weight);

/* A schedule with the durations that a replay of one step found. NULL if the replay does not hold
 * exactly one F and one B (or one I and one W) of every (stage, micro-batch), `chunks` stages on
 * each rank, stage s on rank s % p. Where the replay has an optimizer's steps, the schedule's
 * last as long as theirs on average. */
struct schedule *schedule_like(const struct replay *replay, int chunks, schedule_maker *maker);
/* The order that the replay itself has, optimizer's steps included. */
struct schedule *schedule_of_replay(const struct replay *replay);

/* ---- running and checking ---------------------------------------------------- */

/* Runs a schedule: F(s,i) after F(s-1,i); B(s,i), or I(s,i), after F(s,i) and B or I(s+1,i);
 * W(s,i) after I(s,i). deadlock is set where the lists contradict that; stuck_in is then the
 * place in the rank's list. The caller frees with replay_free. */
struct replay *schedule_run(const struct schedule *schedule);

/* What must hold for any schedule: every (stage, micro-batch) has exactly one F and one B (or one
 * I and one W), F before B, F before I before W; stage s is on rank s % ranks; and run by its
 * dependencies alone it ends. If not, false, with `why` (one line that names the rank) and *rank:
 * the rank that it is about. stages: how many there should be, a multiple of the ranks. */
bool schedule_check(const struct schedule *schedule, int stages, int micro_batches, GString *why,
                    int *rank);

#endif
