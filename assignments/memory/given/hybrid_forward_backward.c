/*
 * A grid's pipeline: the student's schedule of the pipeline assignment, whose optimizer's step at the end does nothing.
 */
#include "assignments/memory/memory.h"
#include "assignments/pipeline/pipelines.h"

void hybrid_forward_backward(struct zero *zero)
{
    pipelines_take(schedule_id(zero->schedule), zero->pipeline, 1);
}
