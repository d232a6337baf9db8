#include "assignments/pipeline/pipeline.h"

void baseline_forward_backward(struct stage *model, struct batch *batch)
{
    struct tensor *const samples = batch_inputs(batch, 0);
    struct tensor *const logits = stage_forward(model, 0, samples);
    batch_loss(batch, 0, logits);
    stage_zero_gradients(model);
    (void)stage_backward(model, 0, batch_loss_backward(batch, 0, 1.0f));
}
