/*
 * A hybrid's pipeline: the student's schedule of the pipeline assignment, without the optimizer's step at its
 * end.
 */
#include "assignments/data/data.h"

#include "assignments/pipeline/pipelines.h"

void pipeline_forward_backward(struct hybrid *hybrid)
{
    optimizer_hold(hybrid->data.optimizer, true);
    pipelines_take(schedule_id(hybrid->schedule), hybrid->pipeline, 1);
    optimizer_hold(hybrid->data.optimizer, false);
}
