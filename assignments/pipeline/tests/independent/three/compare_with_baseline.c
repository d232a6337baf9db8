#include "assignments/pipeline/pipeline.h"

static int differs(const char *what, struct tensor *a, struct tensor *b, struct tolerance tolerance)
{
    return a && b && !assert_close(what, a, b, tolerance);
}

bool compare_with_baseline(struct pipeline *pp, struct stage *baseline,
                           struct batch *baseline_batch)
{
    int differences = 0, i;
    if (pp->rank == pp->ranks - 1)
        differences += differs("outputs of the batch", batch_outputs(pp->batch),
                               batch_outputs(baseline_batch), tolerance_default(DTYPE_FLOAT32));
    for (i = stage_first_layer(pp->stage);
         i < stage_first_layer(pp->stage) + stage_layers(pp->stage); i++) {
        struct tensor *a = stage_layer_gradients(pp->stage, i);
        struct tensor *b = stage_layer_gradients(baseline, i);
        differences += differs("gradients of a layer", a, b, tolerance_gradient());
        tensor_free(a);
        tensor_free(b);
    }
    return !differences;
}
