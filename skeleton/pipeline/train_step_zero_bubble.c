/*
 * Zero bubble, ZB-H1: the backward in two halves. The half that the previous stage
 * waits for, the gradient of the input, runs at once; the gradients of the weights,
 * for which nobody waits, fill what would be bubble. (Qi et al. 2023)
 */
#include "assignments/pipeline/micro_batch.h"

void train_step_zero_bubble(struct pipeline *pipeline)
{
    /* TODO: one training step in the order of ZB-H1.
     *
     * As 1F1B, but each backward is stage_backward_input, whose result the previous stage
     * waits for, and stage_backward_weight, for which nobody waits. Rank r runs the weight
     * gradient of micro-batch i - r right behind the input gradient of micro-batch i, and
     * those that are left at the end.
     *
     * Given: as in train_step_1f1b, with pipeline->stage_index = r; but for stage_backward there are
     * stage_backward_input, which takes over dy and returns dx, and stage_backward_weight. What the
     * forward saved is held until stage_backward_weight of the same micro-batch. Behind the
     * last of them micro_batch_finish.
     * Hint: m may be smaller than r.
     * Check: make grade CHECK=train_step_zero_bubble, then zero_bubble_order, zero_bubble_parallel,
     * zero_bubble_own_stage, zero_bubble_no_luck and zero_bubble_memory
     */
    todo("take one training step in the order of ZB-H1", pipeline);
}
