/*
 * Zero bubble, ZB-H1: the backward in two halves. The half that the previous stage
 * waits for, the gradient of the input, runs at once; the gradients of the weights,
 * for which nobody waits, fill what would be bubble. (Qi et al. 2023)
 */
#include "assignments/pipeline/micro_batch.h"

/* BEGIN SOLUTION */
static void forward(struct pipeline *pipeline, int i)
{
    struct tensor *x = micro_batch_input(pipeline, i);
    micro_batch_pass_output(pipeline, i, stage_forward(pipeline->stage, i, x));
}

static void backward_input(struct pipeline *pipeline, int i)
{
    const float scale = 1.0f / (float)pipeline->micro_batches;
    struct tensor *dy = micro_batch_output_gradient(pipeline, i, scale);
    micro_batch_pass_input_gradient(pipeline, i, stage_backward_input(pipeline->stage, i, dy));
}

/* END SOLUTION */
void train_step_zero_bubble(struct pipeline *pipeline)
{
    /* BEGIN SOLUTION */
    const int m = pipeline->micro_batches;
    const int stages_behind = pipeline->stages - 1 - pipeline->stage_index;
    const int warm_up = stages_behind < m ? stages_behind : m;
    /* Rank r keeps r weight gradients back: together with 1F1B's p - r forwards these are p
     * micro-batches in memory on every rank, as many as 1F1B needs on the first. */
    const int held_back = pipeline->stage_index;

    stage_zero_gradients(pipeline->stage);
    for (int i = 0; i < warm_up; i++)
        forward(pipeline, i);
    for (int i = 0; i < m; i++) {
        if (warm_up + i < m)
            forward(pipeline, warm_up + i);
        backward_input(pipeline, i);
        if (i >= held_back)
            stage_backward_weight(pipeline->stage, i - held_back);
    }
    /* The last gradients are on their way to the first stage; meanwhile: */
    for (int i = held_back < m ? m - held_back : 0; i < m; i++)
        stage_backward_weight(pipeline->stage, i);
    micro_batch_finish(pipeline);
    optimizer_step(pipeline->optimizer);
    /* END SOLUTION */
    //| /* TODO: one training step in the order of ZB-H1.
    //|  *
    //|  * As 1F1B, but each backward is stage_backward_input, whose result the previous stage
    //|  * waits for, and stage_backward_weight, for which nobody waits. Rank r runs the weight
    //|  * gradient of micro-batch i - r right behind the input gradient of micro-batch i, and
    //|  * those that are left at the end.
    //|  *
    //|  * Given: as in train_step_1f1b, with pipeline->stage_index = r; but for stage_backward there are
    //|  * stage_backward_input, which takes over dy and returns dx, and stage_backward_weight. What the
    //|  * forward saved is held until stage_backward_weight of the same micro-batch. Behind the
    //|  * last of them micro_batch_finish.
    //|  * Hint: m may be smaller than r.
    //|  * Check: make grade CHECK=train_step_zero_bubble, then zero_bubble_order, zero_bubble_parallel,
    //|  * zero_bubble_own_stage, zero_bubble_no_luck and zero_bubble_memory
    //|  */
    //| todo("take one training step in the order of ZB-H1", pipeline);
}
