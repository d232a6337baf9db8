#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

enum problem { NONE, TOO_MANY_STAGES, BATCH_NOT_DIVISIBLE, LAYERS_NOT_DIVISIBLE };

static enum problem find_problem(const struct pipeline_arguments *arguments)
{
    if (arguments->layers < arguments->stages)
        return TOO_MANY_STAGES;
    const int rest = arguments->batch_size -
                     arguments->batch_size / arguments->micro_batches * arguments->micro_batches;
    if (rest != 0)
        return BATCH_NOT_DIVISIBLE;
    return !arguments->uneven && arguments->layers % arguments->stages != 0 ? LAYERS_NOT_DIVISIBLE
                                                                            : NONE;
}

bool check_arguments(const struct pipeline_arguments *arguments, char *reason, size_t reason_size)
{
    static const char *const words[] = {
        [TOO_MANY_STAGES] = "each stage needs a layer: layers, stages = %d, %d; use fewer ranks",
        [BATCH_NOT_DIVISIBLE] =
            "micro-batches must have one size: batch, micro-batches = %d, %d; change one",
        [LAYERS_NOT_DIVISIBLE] =
            "layers can't be shared evenly: layers, stages = %d, %d; try --uneven",
    };
    const enum problem problem = find_problem(arguments);
    const int a = problem == BATCH_NOT_DIVISIBLE ? arguments->batch_size : arguments->layers;
    const int b = problem == BATCH_NOT_DIVISIBLE ? arguments->micro_batches : arguments->stages;
    if (problem != NONE)
        snprintf(reason, reason_size, words[problem], a, b);
    return problem == NONE;
}
