/*
 * A batch of any number of micro-batches in bounded memory.
 */
#include "assignments/pipeline/micro_batch.h"

void train_step_bounded(struct pipeline *pipeline)
{
    /* BEGIN SOLUTION */
    /* 1F1B never holds more micro-batches than there are stages, and its bubble shrinks with
     * their number. All-forward-all-backward could be bounded, too: p micro-batches forwards,
     * the same p backwards, and so on, gradients adding up. But each of these groups would
     * fill and drain the pipeline, and the bubble would be that of p micro-batches for ever:
     * (p-1)/(2p-1) of the time, however many there are. */
    train_step_1f1b(pipeline);
    /* END SOLUTION */
    //| /* TODO: one training step that runs 1,000 micro-batches in the memory of p.
    //|  *
    //|  * The same gradients as train_step_afab, with at most pipeline->stages micro-batches in
    //|  * flight on any rank at any time, and nothing kept of those that are done. The order is yours
    //|  * to choose, if the stages work at the same time: four of them must be 1.5 times as fast as
    //|  * one after the other.
    //|  *
    //|  * Given: everything that you have written so far, and what it calls.
    //|  * Hint: what holds memory is a micro-batch whose forward is done and whose backward is
    //|  * not, and a tensor that is on its way. How many of both does your step leave at a time?
    //|  * Check: make grade CHECK=bounded_gradients, then bounded_parallel, bounded_own_stage,
    //|  * bounded_no_luck and thousand_micro_batches
    //|  */
    //| todo("take one training step in bounded memory", pipeline);
}
