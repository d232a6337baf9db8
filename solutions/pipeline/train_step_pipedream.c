/*
 * PipeDream: 1F1B without a common optimizer step at the end. Every backward is
 * followed by a step at once, so nobody waits for the others to finish, and each
 * micro-batch keeps the parameters of its forward for its backward: weight
 * stashing. (Narayanan et al. 2019)
 */
#include "assignments/pipeline/micro_batch.h"

/* BEGIN SOLUTION */
static void forward(struct pipeline *pipeline, int i, struct tensor **stash)
{
    *stash = stage_parameters_copy(pipeline->stage);
    struct tensor *x = micro_batch_input(pipeline, i);
    micro_batch_pass_output(pipeline, i, stage_forward(pipeline->stage, i, x));
}

/* Through the parameters that micro-batch i met on its way forwards; the gradient then goes
 * into the newest ones. */
static void backward(struct pipeline *pipeline, int i, struct tensor *stash)
{
    struct stage *stage = pipeline->stage;
    struct tensor *dy = micro_batch_output_gradient(pipeline, i, 1.0f);
    stage_zero_gradients(stage);

    struct tensor *newest = stage_exchange_parameters(stage, stash);
    struct tensor *dx = stage_backward(stage, i, dy);
    tensor_free(stage_exchange_parameters(stage, newest));

    micro_batch_pass_input_gradient(pipeline, i, dx);
    optimizer_step(pipeline->optimizer);
}

/* END SOLUTION */
void train_step_pipedream(struct pipeline *pipeline)
{
    /* BEGIN SOLUTION */
    const int m = pipeline->micro_batches;
    const int stages_behind = pipeline->stages - 1 - pipeline->stage_index;
    const int warm_up = stages_behind < m ? stages_behind : m;
    struct tensor *stash[m]; /* of the micro-batches in flight: at most stages_behind + 1 */

    for (int i = 0; i < warm_up; i++)
        forward(pipeline, i, &stash[i]);
    for (int i = 0; i < m - warm_up; i++) {
        forward(pipeline, warm_up + i, &stash[warm_up + i]);
        backward(pipeline, i, stash[i]);
    }
    for (int i = m - warm_up; i < m; i++)
        backward(pipeline, i, stash[i]);
    micro_batch_finish(pipeline);
    /* END SOLUTION */
    //| /* TODO: m micro-batches, each with an optimizer step of its own, in the order of 1F1B.
    //|  *
    //|  * The order is that of train_step_1f1b. Each micro-batch is a mini-batch of its own:
    //|  * behind its backward comes an optimizer step with its gradient alone, and the scale of
    //|  * its loss is 1. The backward of a micro-batch runs with the same parameters as its
    //|  * forward did, although the optimizer has stepped in between; the step changes the
    //|  * newest parameters.
    //|  *
    //|  * Given: what train_step_1f1b calls. stage_zero_gradients is due before each backward here:
    //|  * backward adds to what is there. micro_batch_finish once, behind the last backward.
    //|  * stage_parameters_copy makes a copy of the parameters as they are now.
    //|  * stage_exchange_parameters lets the stage work with others from now on and hands you
    //|  * those that it had: whose they are then is in common/training/stage.h. tensor_free a
    //|  * version as soon as its micro-batch is through: more than p + 2 at a time are too many.
    //|  * Hint: which versions does rank r need at the same time? Count them for p = 3.
    //|  * Check: make grade CHECK=train_step_pipedream, then pipedream_order, pipedream_parallel,
    //|  * pipedream_own_stage, pipedream_no_luck and pipedream_memory
    //|  */
    //| todo("take m micro-batches through, with an optimizer step behind each", pipeline);
}
