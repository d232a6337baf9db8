/*
 * A micro-batch enters and leaves a stage: the four messages around its forward
 * and its backward, for schedules that only want to decide the order. Given, on
 * top of your pipeline_communicate().
 *
 *     y  = stage_forward(stage, i, micro_batch_input(pipeline, i));
 *     micro_batch_pass_output(pipeline, i, y);
 *     …
 *     dx = stage_backward(stage, i, micro_batch_output_gradient(pipeline, i, scale));
 *     micro_batch_pass_input_gradient(pipeline, i, dx);
 *
 * Receives wait; sends don't. A tensor on its way is freed when its message has
 * long been received, so at most a few are held at a time, and the rest by
 * micro_batch_finish() at the end of the step. Every call is for a micro-batch
 * that is due: in the same order on a stage and on its neighbour.
 */
#ifndef ASSIGNMENTS_PIPELINE_MICRO_BATCH_H
#define ASSIGNMENTS_PIPELINE_MICRO_BATCH_H

#include "assignments/pipeline/pipeline.h"

/* x of micro-batch i, for stage_forward: from the batch on the first stage, elsewhere from the
 * previous stage. Waits until it is there. The caller's. */
struct tensor *micro_batch_input(struct pipeline *pipeline, int micro_batch);
/* y, as stage_forward returned it: into the loss on the last stage, elsewhere to the next one.
 * Takes over y. */
void micro_batch_pass_output(struct pipeline *pipeline, int micro_batch, struct tensor *y);

/* dy of micro-batch i, for stage_backward: the gradient of scale · loss on the last stage,
 * elsewhere from the next one. Waits until it is there. The caller's. */
struct tensor *micro_batch_output_gradient(struct pipeline *pipeline, int micro_batch, float scale);
/* dx, as stage_backward returned it: to the previous stage; on the first there is none, and
 * nothing to do. Takes over dx. */
void micro_batch_pass_input_gradient(struct pipeline *pipeline, int micro_batch, struct tensor *dx);

/* Waits for all messages that are still on their way. Call it at the end of the step. */
void micro_batch_finish(struct pipeline *pipeline);

#endif
