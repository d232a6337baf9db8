/*
 * Does the pipeline compute what one process computes? (Q9, Q10)
 */
#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

bool compare_with_baseline(struct pipeline *pipeline, struct stage *baseline,
                           struct batch *baseline_batch)
{
    /* TODO (Q9, Q10): compare this rank's results with the baseline's.
     *
     * Q9: on the last stage, the outputs of the whole batch, (samples, classes), with
     * tolerance_default(DTYPE_FLOAT32). Q10: on every rank, the gradients of each layer
     * that it owns, with tolerance_gradient(). Return true if all agree; compare the
     * rest, too, when one does not.
     *
     * Given: assert_close(name, actual, expected, tolerance) compares, says what differs under
     * that name, and returns whether the two are close. batch_outputs(batch) stays the batch's.
     * stage_layer_gradients(stage, layer) is a new, flat tensor that you tensor_free, or NULL for
     * a layer without parameters, which has nothing to compare; layer counts from the start of the
     * model, on `baseline` as well as on your stage.
     * Hint: stage_first_layer(stage) and stage_layers(stage) say which layers are here.
     * Check: make grade CHECK=compare_with_baseline
     */
    todo("compare with the baseline", pipeline, baseline, baseline_batch);
}
