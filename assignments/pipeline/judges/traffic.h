/*
 * What a rank sent within a training step, and how much of the time that its
 * messages needed was hidden behind computation.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_TRAFFIC_H
#define ASSIGNMENTS_PIPELINE_JUDGES_TRAFFIC_H

#include "assignments/pipeline/judges/stages.h"
#include "grader/trace/match.h"

struct traffic {
    int sent;          /* messages that this rank sent to other ranks in the step */
    double sent_bytes; /* of their payload */
    /* Of the messages that it received: from the begin of the send to the return of the receive
     * or wait, by the clock; and the part of that in which this rank computed. Nanoseconds, only
     * where all ranks have one clock. */
    double under_way;
    double hidden;
};

/* An array of one per rank, to g_free. matching is that of the run's logs. */
struct traffic *traffic_of_step(const struct outcome *run, const struct matching *matching,
                                int step);

/* The payload that a rank has to send in a step, bytes: the outputs of its stages for the next
 * ones, the gradients of their inputs for the former ones, of every micro-batch. */
double traffic_expected_bytes(const struct outcome *run, const struct model *model,
                              const struct evidence_stage *stage, int rank);

#endif
