/*
 * 1F1B, one forward, one backward: as soon as a backward can run, it does, so that
 * no rank holds more micro-batches than there are stages from it to the last.
 * (PipeDream-Flush: Narayanan et al. 2021)
 */
#include "assignments/pipeline/micro_batch.h"

void train_step_1f1b(struct pipeline *pipeline)
{
    /* TODO: one training step in the order of 1F1B.
     *
     * Warm-up: as many forwards as there are stages behind this one (but never more than
     * m). Steady: one forward, one backward, and again, until all forwards are done.
     * Cool-down: the backwards that are left. Gradients to zero before, one optimizer step
     * behind; the gradients are those of train_step_afab.
     *
     * Given: stage_zero_gradients, stage_forward, stage_backward,
     * optimizer_step(pipeline->optimizer). Around them, to move micro-batches in and out of the
     * stage, micro_batch_input, micro_batch_pass_output, micro_batch_output_gradient (whose scale
     * is that of train_step_afab) and micro_batch_pass_input_gradient; behind the last backward
     * micro_batch_finish, once: read the first comment of assignments/pipeline/micro_batch.h.
     * pipeline->stages = p, pipeline->stage_index = s, pipeline->micro_batches = m.
     * Hint: write down who does what with p = 3 and m = 4 before you write the loops. Which
     * rank has no warm-up at all?
     * Check: make grade CHECK=train_step_1f1b, then 1f1b_order, 1f1b_parallel, 1f1b_own_stage,
     * 1f1b_no_luck, 1f1b_memory and beats_naive
     */
    todo("take one training step in the order of 1F1B", pipeline);
}
