#include "assignments/pipeline/micro_batch.h"

static void go_ahead(struct pipeline *pipeline, int number)
{
    struct tensor *in = micro_batch_input(pipeline, number);
    micro_batch_pass_output(pipeline, number, stage_forward(pipeline->stage, number, in));
}

static void go_back(struct pipeline *pipeline, int number)
{
    struct tensor *gradient =
        micro_batch_output_gradient(pipeline, number, 1.f / pipeline->micro_batches);
    micro_batch_pass_input_gradient(pipeline, number,
                                    stage_backward(pipeline->stage, number, gradient));
}

void train_step_1f1b(struct pipeline *pipeline)
{
    int behind = pipeline->stages - pipeline->stage_index - 1;
    stage_zero_gradients(pipeline->stage);
    if (behind > pipeline->micro_batches)
        behind = pipeline->micro_batches;
    /* moment k: forward k, and the backward of the one that is `behind` moments older */
    for (int moment = 0; moment < pipeline->micro_batches + behind; moment++) {
        if (moment < pipeline->micro_batches)
            go_ahead(pipeline, moment);
        if (moment >= behind)
            go_back(pipeline, moment - behind);
    }
    micro_batch_finish(pipeline);
    optimizer_step(pipeline->optimizer);
}
