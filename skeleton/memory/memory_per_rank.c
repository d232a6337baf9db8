/*
 * What one rank needs to train a model in a given way.
 */
#include "assignments/memory/arithmetic.h"

struct rank_memory memory_per_rank(const struct model_numbers *model, const struct way *way)
{
    /* TODO: how many bytes of each kind the rank holds that needs most.
     *
     * Go through the stages of the pipeline. For each, work out what one of its ranks holds of
     * parameters, gradients, optimizer's state and masters (ZeRO shares them out among way->data
     * ranks), then what its layers keep of the micro-batches in flight (recomputation keeps less).
     * Return the stage with the largest sum. arithmetic.h says what counts, to the byte.
     *
     * Given: the sizes of each layer, in struct layer_numbers: counts of numbers, and bytes that
     * no format changes.
     * Hint: work out 16 bytes a parameter by hand first (2 + 2 + 4 + 4 + 4), then share them out.
     * Check: make grade ASSIGNMENT=memory CHECK=memory_state, then memory_activations and
     * memory_of_runs
     */
    todo("work out the bytes of a rank", model, way);
}
