/*
 * Does the pipeline compute what one process computes? (Q9, Q10)
 */
#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

/* BEGIN SOLUTION */
static bool layer_agrees(struct stage *stage, struct stage *baseline, int layer)
{
    struct tensor *actual = stage_layer_gradients(stage, layer);
    if (actual == NULL) /* a layer without parameters */
        return true;
    struct tensor *expected = stage_layer_gradients(baseline, layer);
    char name[64];
    snprintf(name, sizeof name, "gradients of layer %d", layer);
    const bool agrees = assert_close(name, actual, expected, tolerance_gradient());
    tensor_free(actual);
    tensor_free(expected);
    return agrees;
}

/* END SOLUTION */
bool compare_with_baseline(struct pipeline *pipeline, struct stage *baseline,
                           struct batch *baseline_batch)
{
    /* BEGIN SOLUTION */
    struct stage *stage = pipeline->stage;
    bool agree = true;
    if (pipeline->rank == pipeline->stages - 1)
        agree = assert_close("outputs", batch_outputs(pipeline->batch),
                             batch_outputs(baseline_batch), tolerance_default(DTYPE_FLOAT32));
    for (int i = 0; i < stage_layers(stage); i++)
        if (!layer_agrees(stage, baseline, stage_first_layer(stage) + i))
            agree = false;
    return agree;
    /* END SOLUTION */
    //| /* TODO (Q9, Q10): compare this rank's results with the baseline's.
    //|  *
    //|  * Q9: on the last stage, the outputs of the whole batch, (samples, classes), with
    //|  * tolerance_default(DTYPE_FLOAT32). Q10: on every rank, the gradients of each layer
    //|  * that it owns, with tolerance_gradient(). Return true if all agree; compare the
    //|  * rest, too, when one does not.
    //|  *
    //|  * Given: assert_close(name, actual, expected, tolerance) compares, says what differs under
    //|  * that name, and returns whether the two are close. batch_outputs(batch) stays the batch's.
    //|  * stage_layer_gradients(stage, layer) is a new, flat tensor that you tensor_free, or NULL for
    //|  * a layer without parameters, which has nothing to compare; layer counts from the start of the
    //|  * model, on `baseline` as well as on your stage.
    //|  * Hint: stage_first_layer(stage) and stage_layers(stage) say which layers are here.
    //|  * Check: make grade CHECK=compare_with_baseline
    //|  */
    //| todo("compare with the baseline", pipeline, baseline, baseline_batch);
}
