/*
 * Interleaved 1F1B: every rank has several stages, one in each round through the
 * ranks, so that filling and draining the pipeline takes steps that are so much
 * shorter. (Narayanan et al. 2021, section 2.2.2)
 */
#include "assignments/pipeline/micro_batch.h"

void train_step_interleaved(struct pipeline *chunk, int chunks)
{
    /* TODO: one training step in the order of interleaved 1F1B.
     *
     * Rank r of p has v = `chunks` stages: chunk[c] is the pipeline of stage c · p + r, with
     * a stage and an optimizer of its own. Forwards take the micro-batches in groups of p:
     * the group through chunk 0, the same group through chunk 1, …, then the next group.
     * Backwards come in the same order with the chunks reversed. Warm-up: 2(p - 1 - r) +
     * (v - 1) p forwards (never more than all v · m); then one forward, one backward, and
     * again; then the backwards that are left. Gradients to zero before and one optimizer
     * step behind, for every chunk.
     *
     * Given: chunk[c].ranks = p, .rank = r, .stages = v · p, .stage_index = c · p + r,
     * .micro_batches = m, a multiple of p. What train_step_1f1b calls, with &chunk[c] and its
     * stage and optimizer; micro_batch_finish behind the last backward, once for every chunk.
     * Your pipeline_communicate must reach stage s on rank s % p: from the last rank forwards
     * is rank 0.
     * Hint: number the forwards k = 0 … v · m - 1. Which chunk and which micro-batch is
     * number k? How rank 0 begins with p = 4, v = 2 and m = 8 is in the chapter (HANDOUT.md).
     * Check: make grade CHECK=train_step_interleaved, then interleaved_order,
     * interleaved_parallel, interleaved_own_stage, interleaved_no_luck and interleaved_memory
     */
    todo("take one training step in the order of interleaved 1F1B", chunk, chunks);
}
