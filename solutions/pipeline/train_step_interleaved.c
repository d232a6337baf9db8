/*
 * Interleaved 1F1B: every rank has several stages, one in each round through the
 * ranks, so that filling and draining the pipeline takes steps that are so much
 * shorter. (Narayanan et al. 2021, section 2.2.2)
 */
#include "assignments/pipeline/micro_batch.h"

/* BEGIN SOLUTION */
/* What comes k-th on every rank: micro-batches go through the chunks in groups of as many as
 * there are ranks, the whole group through one chunk before it comes to the next. */
struct turn {
    int chunk;
    int micro_batch;
};

static struct turn turn_of(const struct pipeline *pipeline, int chunks, int k)
{
    const int ranks = pipeline->ranks;
    const int group = k / (ranks * chunks), place = k % (ranks * chunks);
    return (struct turn){.chunk = place / ranks, .micro_batch = group * ranks + place % ranks};
}

static void forward(struct pipeline *chunk, int chunks, int k)
{
    const struct turn turn = turn_of(chunk, chunks, k);
    struct pipeline *pipeline = &chunk[turn.chunk];
    const int i = turn.micro_batch;
    struct tensor *x = micro_batch_input(pipeline, i);
    micro_batch_pass_output(pipeline, i, stage_forward(pipeline->stage, i, x));
}

/* Backwards the last chunk comes first. */
static void backward(struct pipeline *chunk, int chunks, int k)
{
    const struct turn turn = turn_of(chunk, chunks, k);
    struct pipeline *pipeline = &chunk[chunks - 1 - turn.chunk];
    const int i = turn.micro_batch;
    const float scale = 1.0f / (float)pipeline->micro_batches;
    struct tensor *dy = micro_batch_output_gradient(pipeline, i, scale);
    micro_batch_pass_input_gradient(pipeline, i, stage_backward(pipeline->stage, i, dy));
}

/* How many forwards go ahead: until the first micro-batch has been through all chunks, this
 * rank runs the others of its group through all chunks but the last; then, as in 1F1B, the
 * gradient has to come back from the last rank, and two forwards fit in per rank that it is
 * away, one for each way. */
static int warm_up_of(const struct pipeline *pipeline, int chunks)
{
    const int ranks_behind = pipeline->ranks - 1 - pipeline->rank;
    const int warm_up = (chunks - 1) * pipeline->ranks + 2 * ranks_behind;
    const int all = chunks * pipeline->micro_batches;
    return warm_up < all ? warm_up : all;
}

/* END SOLUTION */
void train_step_interleaved(struct pipeline *chunk, int chunks)
{
    /* BEGIN SOLUTION */
    const int all = chunks * chunk->micro_batches;
    const int warm_up = warm_up_of(chunk, chunks);

    for (int c = 0; c < chunks; c++)
        stage_zero_gradients(chunk[c].stage);
    for (int k = 0; k < warm_up; k++)
        forward(chunk, chunks, k);
    for (int k = 0; k < all - warm_up; k++) {
        forward(chunk, chunks, warm_up + k);
        backward(chunk, chunks, k);
    }
    for (int k = all - warm_up; k < all; k++)
        backward(chunk, chunks, k);
    for (int c = 0; c < chunks; c++)
        micro_batch_finish(&chunk[c]);
    for (int c = 0; c < chunks; c++)
        optimizer_step(chunk[c].optimizer);
    /* END SOLUTION */
    //| /* TODO: one training step in the order of interleaved 1F1B.
    //|  *
    //|  * Rank r of p has v = `chunks` stages: chunk[c] is the pipeline of stage c · p + r, with
    //|  * a stage and an optimizer of its own. Forwards take the micro-batches in groups of p:
    //|  * the group through chunk 0, the same group through chunk 1, …, then the next group.
    //|  * Backwards come in the same order with the chunks reversed. Warm-up: 2(p - 1 - r) +
    //|  * (v - 1) p forwards (never more than all v · m); then one forward, one backward, and
    //|  * again; then the backwards that are left. Gradients to zero before and one optimizer
    //|  * step behind, for every chunk.
    //|  *
    //|  * Given: chunk[c].ranks = p, .rank = r, .stages = v · p, .stage_index = c · p + r,
    //|  * .micro_batches = m, a multiple of p. What train_step_1f1b calls, with &chunk[c] and its
    //|  * stage and optimizer; micro_batch_finish behind the last backward, once for every chunk.
    //|  * Your pipeline_communicate must reach stage s on rank s % p: from the last rank forwards
    //|  * is rank 0.
    //|  * Hint: number the forwards k = 0 … v · m - 1. Which chunk and which micro-batch is
    //|  * number k? How rank 0 begins with p = 4, v = 2 and m = 8 is in the chapter (HANDOUT.md).
    //|  * Check: make grade CHECK=train_step_interleaved, then interleaved_order,
    //|  * interleaved_parallel, interleaved_own_stage, interleaved_no_luck and interleaved_memory
    //|  */
    //| todo("take one training step in the order of interleaved 1F1B", chunk, chunks);
}
