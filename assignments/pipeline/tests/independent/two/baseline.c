#include "assignments/pipeline/pipeline.h"

static struct tensor *loss_gradient(struct stage *model, struct batch *batch)
{
    batch_loss(batch, 0, stage_forward(model, 0, batch_inputs(batch, 0)));
    return batch_loss_backward(batch, 0, 1);
}

void baseline_forward_backward(struct stage *model, struct batch *batch)
{
    stage_zero_gradients(model);
    struct tensor *nothing = stage_backward(model, 0, loss_gradient(model, batch));
    if (nothing)
        tensor_free(nothing);
}
