#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

#define REFUSE(...) return snprintf(reason, reason_size, __VA_ARGS__), false

bool check_arguments(const struct pipeline_arguments *arguments, char *reason, size_t reason_size)
{
    const struct pipeline_arguments a = *arguments;
    if (a.batch_size % a.micro_batches > 0)
        REFUSE("can't cut %d samples into %d equal parts, use --micro-batches 1 or another divisor",
               a.batch_size, a.micro_batches);
    if (a.layers % a.stages > 0 && a.layers > a.stages && !a.uneven)
        REFUSE("%d does not divide %d: give --uneven or another number of ranks", a.stages,
               a.layers);
    if (a.layers < a.stages)
        REFUSE("only %d layers for %d ranks: use %d ranks", a.layers, a.stages, a.layers);
    return true;
}
