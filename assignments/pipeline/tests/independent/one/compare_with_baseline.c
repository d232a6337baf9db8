#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

bool compare_with_baseline(struct pipeline *p, struct stage *baseline, struct batch *baseline_batch)
{
    int wrong = 0;
    int from = stage_first_layer(p->stage), to = from + stage_layers(p->stage);
    for (int l = from; l < to; l++) {
        struct tensor *mine = stage_layer_gradients(p->stage, l),
                      *theirs = stage_layer_gradients(baseline, l);
        char text[40];
        if (!mine || !theirs)
            continue;
        snprintf(text, sizeof(text), "dW[%d]", l);
        if (!assert_close(text, mine, theirs, tolerance_gradient()))
            wrong++;
        tensor_free(mine);
        tensor_free(theirs);
    }
    if (p->rank == p->stages - 1 &&
        !assert_close("y", batch_outputs(p->batch), batch_outputs(baseline_batch),
                      tolerance_default(DTYPE_FLOAT32)))
        wrong++;
    return wrong == 0;
}
