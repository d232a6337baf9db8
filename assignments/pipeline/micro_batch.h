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
 * What asks for a tensor waits until it is there. What passes one on starts a
 * send and does not wait for that one, but for an older one: in each direction
 * at most as many messages as there are ranks, and at most eight, are on their
 * way from a stage. (A neighbour that is so far behind is the one that everybody
 * waits for anyway.) When a message is through, its tensor is freed. The last
 * ones are waited for, and freed, by micro_batch_finish() only: behind the last
 * backward of the step, once for each pipeline, so once for each chunk of a rank
 * that has several.
 *
 * Let a stage and its neighbours take the micro-batches in the same order. A
 * stage that waits for one that its neighbour has not come to yet may keep that
 * neighbour waiting, and both wait for ever.
 */
#ifndef ASSIGNMENTS_PIPELINE_MICRO_BATCH_H
#define ASSIGNMENTS_PIPELINE_MICRO_BATCH_H

#include "assignments/pipeline/pipeline.h"

/* x of micro-batch i, for stage_forward: from the batch on the first stage, elsewhere from the
 * previous stage. Waits until it is there. The caller's. */
struct tensor *micro_batch_input(struct pipeline *pipeline, int micro_batch);
/* y, as stage_forward returned it: into the loss on the last stage, elsewhere to the next one.
 * Takes over y. Does not wait for this message, but may for an older one. */
void micro_batch_pass_output(struct pipeline *pipeline, int micro_batch, struct tensor *y);

/* dy of micro-batch i, for stage_backward: the gradient of scale · loss on the last stage,
 * elsewhere from the next one. Waits until it is there. The caller's. */
struct tensor *micro_batch_output_gradient(struct pipeline *pipeline, int micro_batch, float scale);
/* dx, as stage_backward or stage_backward_input returned it: to the previous stage; on the first
 * there is none, and nothing to do. Takes over dx. Waits as micro_batch_pass_output does. */
void micro_batch_pass_input_gradient(struct pipeline *pipeline, int micro_batch, struct tensor *dx);

/* Waits for all messages of this pipeline that are still on their way, and frees their tensors. Call it
 * at the end of the step, behind the last backward: for each chunk, where a rank has several. */
void micro_batch_finish(struct pipeline *pipeline);

#endif
