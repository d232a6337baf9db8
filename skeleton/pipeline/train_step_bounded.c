/*
 * A batch of any number of micro-batches in bounded memory.
 */
#include "assignments/pipeline/micro_batch.h"

void train_step_bounded(struct pipeline *pipeline)
{
    /* TODO: one training step that runs 1,000 micro-batches in the memory of p.
     *
     * The same gradients as train_step_afab, with at most pipeline->stages micro-batches in
     * flight on any rank at any time. The order is yours to choose.
     *
     * Given: everything that you have written so far.
     * Hint: what holds memory is a micro-batch whose forward is done and whose backward is
     * not, and a tensor that is on its way. How many of both does your step leave at a time?
     * Check: make grade CHECK=thousand_micro_batches
     */
    todo("take one training step in bounded memory", pipeline);
}
