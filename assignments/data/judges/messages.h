/*
 * How gradients are averaged: how many messages in a step, how large, and among whom.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_MESSAGES_H
#define ASSIGNMENTS_DATA_JUDGES_MESSAGES_H

#include "grader/evidence/evidence.h"

/* Of a run without pipelines and split layers: do the ranks average in each step what --average says, in the messages
 * that it takes: one for each parameter, in any order; one for all; one for each bucket, in their order? Each may
 * be an all-reduce, a reduce and a broadcast, or whatever else makes a sum; messages between two ranks are only counted
 * by their bytes, and where an all-reduce of all ranks has all gradients no rank sends as much as half of them between
 * backward and optimizer. Each rank's calls are looked at. Barriers, what is as small as a loss, and parameters sent again behind the optimizer's step, on top of that, are
 * right. False after setting the verdict to a failure; communication is sound (grader/evidence/communication.h). */
bool data_messages_are_right(const struct outcome *run, struct verdict *verdict);

#endif
