#include "assignments/pipeline/micro_batch.h"

void train_step_1f1b(struct pipeline *pp)
{
    int m = pp->micro_batches;
    int w = pp->stages - 1 - pp->stage_index;
    int done_f = 0, done_b = 0, k;
    struct tensor *t;

    if (w > m)
        w = m;
    stage_zero_gradients(pp->stage);
    for (k = 0; k < 2 * m; k++) {
        int forward = k < w || (k < 2 * m - w && (k - w) % 2 == 0);
        if (forward) {
            t = micro_batch_input(pp, done_f);
            t = stage_forward(pp->stage, done_f, t);
            micro_batch_pass_output(pp, done_f++, t);
            continue;
        }
        t = micro_batch_output_gradient(pp, done_b, 1.0f / (float)m);
        t = stage_backward(pp->stage, done_b, t);
        micro_batch_pass_input_gradient(pp, done_b++, t);
    }
    micro_batch_finish(pp);
    optimizer_step(pp->optimizer);
}
