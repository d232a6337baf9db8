/*
 * What explains wrong gradients and is not in the gradients: how messages came, whose inputs were
 * computed on, whether a tensor was rounded on its way.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_GRADIENTS_FACTS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_GRADIENTS_FACTS_H

#include "assignments/pipeline/judges/flow.h"
#include "assignments/pipeline/judges/gradients.h"

/* A message whose tensor was written to, or freed, before its send had completed. */
bool gradients_sent_changed(const struct matching *matching);
/* … and what it held then is another message of the same sender. */
bool gradients_sends_share(const struct matching *matching);
/* A message that was sent as it should be and that its receiver found to hold what a later message
 * between the same two had brought: both were received into one buffer. */
bool gradients_received_over(const struct matching *matching);

/* Whose inputs the forward of each micro-batch on the first stage was given, into input_of:
 * MISTAKE_UNKNOWN where they are nobody's, or several micro-batches'. */
void gradients_find_inputs(const struct gradient_case *c, int *input_of);

/* How the tensor that the flow is about was rounded on its way; NULL: not, or not known. Overwrites the
 * reference's gradients. */
const char *gradients_find_rounding(const struct gradient_case *c, const struct flow *flow);

#endif
