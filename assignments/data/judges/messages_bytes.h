/*
 * How many bytes the ranks move to average.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_MESSAGES_BYTES_H
#define ASSIGNMENTS_DATA_JUDGES_MESSAGES_BYTES_H

#include "common/training/model.h"
#include "grader/evidence/evidence.h"

/* Of a run without pipelines and split layers: move as many bytes in each step as it takes that every rank gets the
 * sum, and no more than there may be; and does no rank send gradients again where one all-reduce has all? False after
 * setting the verdict to a failure. */
bool data_bytes_are_right(const struct outcome *run, const struct model *model,
                          struct verdict *verdict);

/* Do the ranks average in some steps, and move too few bytes for that in others? Then the mistake, and what shows it in
 * `cause`, one line without a full stop; else NULL, and what `cause` holds says nothing. Of any run that left its logs. */
const struct mistake *data_mistake_of_steps(const struct outcome *run, GString *cause);

#endif
