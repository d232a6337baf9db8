/*
 * The schedules by name, with their closed formulas.
 *
 * All formulas are for equal stages and free messages: p ranks, v stages
 * (chunks) on each, m micro-batches. F, I and W are the durations of one
 * micro-batch on a whole rank, all its chunks together; B = I + W.
 *
 * Two bubbles are in use, so a figure must name its own:
 *
 *     over ideal     idle / (m(F+B))
 *     of makespan    idle / makespan
 *
 * For AFAB and 1F1B they are (p-1)/m and (p-1)/(m+p-1). The formula of ZB-H1
 * holds where W is not longer than F or I, and m is at least p.
 *
 * Sources: GPipe (arXiv 1811.06965), PipeDream (arXiv 1806.03377), Megatron's
 * interleaved 1F1B (arXiv 2104.04473), zero bubble (arXiv 2401.10241).
 */
#ifndef ASSIGNMENTS_PIPELINE_SCHEDULES_SCHEDULE_FORMULAS_H
#define ASSIGNMENTS_PIPELINE_SCHEDULES_SCHEDULE_FORMULAS_H

#include "assignments/pipeline/schedule_table.h"
#include "assignments/pipeline/schedules/schedule.h"

struct schedule_shape {
    int ranks;         /* p */
    int chunks;        /* v */
    int micro_batches; /* m */
};

struct schedule_kind {
    const struct schedule_facts *facts;
    schedule_maker *make;
    /* The idle time of every rank, between the step's begin and its end. */
    double (*idle)(struct schedule_shape shape, double forward, double backward_input,
                   double backward_weight);
    const char *idle_formula; /* the same in words: "(p-1)(F+B)" */
    /* The most forwards (of one chunk each) on a rank whose backward is not done. */
    int (*in_flight)(struct schedule_shape shape, int rank);
    const char *in_flight_formula;
    /* Forwards before the alternation of forwards and backwards begins; NULL: there is none. */
    int (*warm_up)(struct schedule_shape shape, int rank);
};

/* All of them; NULL for what is no pipeline. */
const struct schedule_kind *schedule_kind_of(enum schedule_id id);
/* NULL if there is no such schedule. */
const struct schedule_kind *schedule_find(const char *name);

double schedule_bubble_over_ideal(double idle, int micro_batches, double forward, double backward);
double schedule_bubble_of_makespan(double idle, double makespan);

/* m(F+B) + idle. */
double schedule_makespan(const struct schedule_kind *kind, struct schedule_shape shape,
                         double forward, double backward_input, double backward_weight);

/* How many messages a rank sends in a step: for each of its stages and each micro-batch, one
 * forwards (not from the last stage) and one backwards (not from stage 0). A single rank sends
 * none. */
int schedule_messages_sent(struct schedule_shape shape, int rank);

#endif
