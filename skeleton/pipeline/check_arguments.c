/*
 * Can a pipeline run with these arguments? (Q2)
 */
#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

bool check_arguments(const struct pipeline_arguments *arguments, char *reason, size_t reason_size)
{
    /* TODO (Q2): accept what a pipeline can do, refuse the rest.
     *
     * Return false, with a sentence in reason that says why and what the user can do,
     *   - always, if there are more stages than layers;
     *   - always, if the batch can't be cut into micro-batches of the same size;
     *   - unless `uneven` is set, if the layers can't be dealt out so that every stage
     *     has the same number of them.
     * Return true otherwise.
     *
     * Given: arguments->layers, stages, batch_size (samples), micro_batches (each at
     * least 1) and uneven.
     * Hint: snprintf(reason, reason_size, …) never writes past the end.
     * Check: make grade CHECK=check_arguments
     */
    todo("say which arguments a pipeline can run with", arguments, reason, reason_size);
}
