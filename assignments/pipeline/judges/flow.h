/*
 * The flow of micro-batches: did each forward and backward get what the stage
 * before (or behind) it had computed for the same micro-batch?
 *
 * The records of F, B and I carry the fingerprints of what entered and what
 * left, messages those of what was sent and received. Equal fingerprints are the
 * same tensor; so this needs no reference, and rounding does not come into it.
 * It explains a failure and is none by itself: whoever copies, cuts or packs a
 * message in a way of his own has other fingerprints.
 *
 * A fingerprint tells whose a tensor is only if no other micro-batch has the same, and if it is not
 * that of a tensor whose bytes are all alike: zeros are like zeros, and a tensor that was never filled
 * like any other.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_FLOW_H
#define ASSIGNMENTS_PIPELINE_JUDGES_FLOW_H

#include "assignments/pipeline/judges/stages.h"
#include "common/training/model.h"
#include "grader/trace/match.h"

enum flow_kind {
    FLOW_RIGHT,       /* or not known */
    FLOW_OTHER,       /* the tensor of another micro-batch came */
    FLOW_CHANGED,     /* a message came, and its sender had computed nothing like it */
    FLOW_THROWN_AWAY, /* the right tensor was received, and something else was used */
    FLOW_UNFILLED,    /* what was used had never been filled */
    FLOW_STRANGE      /* what was used was brought by no message of the step */
};

/* The first difference: forwards from the first stage on, then backwards from the last. */
struct flow {
    enum flow_kind kind;
    bool backward;
    int stage;       /* that computed with something wrong */
    int micro_batch; /* which it meant */
    int carried;     /* FLOW_OTHER: the micro-batch that it got */
    int message;     /* FLOW_OTHER, FLOW_CHANGED, FLOW_THROWN_AWAY: of the matching; NO_MESSAGE */
    bool
        later_only; /* every wrong one of the step got a later micro-batch's tensor, although its own
                        had come, too */
    int followed;   /* tensors of which it is known what was due and what was used */
    uint64_t due;   /* the fingerprint of what was due … */
    uint64_t used;  /* … and of what was used, or of what the message brought; 0: not known */
};

/* What is known of a pipeline's tensors beside the log. */
struct flow_sizes {
    const struct model *model;          /* NULL: nothing */
    const struct evidence_stage *stage; /* of stages_count */
};

/* Of one training step. */
struct flow flow_find(const struct outcome *run, const struct matching *matching,
                      struct flow_sizes sizes, int step, int micro_batches);

/* The fingerprint of what the forward of a micro-batch on the first stage was given; 0: not known. */
uint64_t flow_first_input(const struct outcome *run, int step, int micro_batch);

/* Writes what it found as a paragraph; nothing for FLOW_RIGHT. */
void flow_explain(const struct flow *flow, const struct outcome *run,
                  const struct matching *matching, struct verdict *verdict);
/* The same where it is known how the tensor was rounded on its way (rounding.h). */
void flow_explain_rounding(const struct flow *flow, const struct outcome *run, const char *rounding,
                           struct verdict *verdict);

#endif
