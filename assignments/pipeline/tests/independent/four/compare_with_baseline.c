#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

bool compare_with_baseline(struct pipeline *pl, struct stage *baseline,
                           struct batch *baseline_batch)
{
    bool result = pl->rank != pl->stages - 1 ||
                  assert_close("result", batch_outputs(pl->batch), batch_outputs(baseline_batch),
                               tolerance_default(DTYPE_FLOAT32));
    const int count = stage_layers(pl->stage), offset = stage_first_layer(pl->stage);
    for (int l = 0; l < count; l++) {
        struct tensor *pair[2] = {stage_layer_gradients(pl->stage, l + offset),
                                  stage_layer_gradients(baseline, l + offset)};
        char label[32];
        snprintf(label, 32, "layer %d", l + offset);
        if (pair[0] != NULL)
            result &= assert_close(label, pair[0], pair[1], tolerance_gradient());
        tensor_free(pair[0]);
        tensor_free(pair[1]);
    }
    return result;
}
