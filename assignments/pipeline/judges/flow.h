/*
 * The flow of micro-batches: did each forward and backward get what the stage
 * before (or behind) it had computed for the same micro-batch?
 *
 * The records of F, B and I carry the fingerprints of what entered and what
 * left, messages those of what was sent and received. Equal fingerprints are the
 * same tensor; so this needs no reference, and rounding does not come into it.
 * It explains a failure and is none by itself: whoever copies, cuts or packs a
 * message in a way of his own has other fingerprints.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_FLOW_H
#define ASSIGNMENTS_PIPELINE_JUDGES_FLOW_H

#include "assignments/pipeline/judges/stages.h"
#include "grader/trace/match.h"

enum flow_kind {
    FLOW_RIGHT,       /* or not known */
    FLOW_OTHER,       /* the tensor of another micro-batch came */
    FLOW_CHANGED,     /* a message came, and its sender had computed nothing like it */
    FLOW_THROWN_AWAY, /* the right tensor was received, and something else was used */
    FLOW_STRANGE      /* what was used is neither what was computed nor what was received */
};

/* The first difference: forwards from the first stage on, then backwards from the last. */
struct flow {
    enum flow_kind kind;
    bool backward;
    int stage;       /* that computed with something wrong */
    int micro_batch; /* which it meant */
    int carried;     /* FLOW_OTHER: the micro-batch that it got */
    int message;     /* FLOW_OTHER, FLOW_CHANGED, FLOW_THROWN_AWAY: of the matching; NO_MESSAGE */
    bool later_only; /* every wrong one of the step got a later micro-batch's tensor */
};

/* Of one training step. */
struct flow flow_find(const struct outcome *run, const struct matching *matching, int step,
                      int micro_batches);

/* Writes what it found as a paragraph; nothing for FLOW_RIGHT. */
void flow_explain(const struct flow *flow, const struct outcome *run,
                  const struct matching *matching, struct verdict *verdict);

#endif
