/*
 * Can a pipeline run with these arguments? (Q2)
 */
#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

bool check_arguments(const struct pipeline_arguments *arguments, char *reason, size_t reason_size)
{
    /* BEGIN SOLUTION */
    const int layers = arguments->layers, stages = arguments->stages;
    const int batch_size = arguments->batch_size, micro_batches = arguments->micro_batches;

    if (stages > layers)
        snprintf(reason, reason_size,
                 "%d stages need at least %d layers, and the model has %d: use %d stages, or a "
                 "deeper model with --uneven",
                 stages, stages, layers, layers);
    else if (batch_size % micro_batches != 0)
        snprintf(reason, reason_size,
                 "a batch of %d samples can't be cut into %d micro-batches of the same size: "
                 "make --batch a multiple of --micro-batches",
                 batch_size, micro_batches);
    else if (layers % stages != 0 && !arguments->uneven)
        snprintf(reason, reason_size,
                 "%d layers can't be dealt out evenly to %d stages: use a number of stages that "
                 "divides %d, or give --uneven",
                 layers, stages, layers);
    else
        return true;
    return false;
    /* END SOLUTION */
    //| /* TODO (Q2): accept what a pipeline can do, refuse the rest.
    //|  *
    //|  * Return false, with a sentence in reason that says why and what the user can do,
    //|  *   - always, if there are more stages than layers;
    //|  *   - always, if the batch can't be cut into micro-batches of the same size;
    //|  *   - unless `uneven` is set, if the layers can't be dealt out so that every stage
    //|  *     has the same number of them.
    //|  * Return true otherwise.
    //|  *
    //|  * Given: arguments->layers, stages, batch_size (samples), micro_batches (each at
    //|  * least 1) and uneven.
    //|  * Hint: snprintf(reason, reason_size, …) never writes past the end.
    //|  * Check: make grade CHECK=check_arguments
    //|  */
    //| todo("say which arguments a pipeline can run with", arguments, reason, reason_size);
}
