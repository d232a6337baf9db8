#include "assignments/pipeline/micro_batch.h"

void train_step_1f1b(struct pipeline *p)
{
    int m = p->micro_batches, ahead = p->stages - p->rank - 1, f = 0, b = 0;
    stage_zero_gradients(p->stage);
    while (b < m) {
        if (f < m && f - b <= ahead) {
            struct tensor *x = micro_batch_input(p, f);
            struct tensor *y = stage_forward(p->stage, f, x);
            micro_batch_pass_output(p, f, y);
            f++;
        } else {
            struct tensor *dy = micro_batch_output_gradient(p, b, 1.0f / m);
            struct tensor *dx = stage_backward(p->stage, b, dy);
            micro_batch_pass_input_gradient(p, b, dx);
            b++;
        }
    }
    micro_batch_finish(p);
    optimizer_step(p->optimizer);
}
