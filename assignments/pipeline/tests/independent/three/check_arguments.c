#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

bool check_arguments(const struct pipeline_arguments *arg, char *reason, size_t reason_size)
{
    bool ok = true;
    int per_micro = arg->batch_size / arg->micro_batches;
    int per_stage = arg->layers / arg->stages;

    if (per_micro * arg->micro_batches != arg->batch_size) {
        ok = false;
        snprintf(reason, reason_size,
                 "a batch of %d / %d micro-batches is no whole number; please change --batch",
                 arg->batch_size, arg->micro_batches);
    }
    if (per_stage * arg->stages != arg->layers && arg->uneven == false) {
        ok = false;
        snprintf(reason, reason_size,
                 "layers %d / stages %d is no whole number; please use --uneven", arg->layers,
                 arg->stages);
    }
    if (per_stage == 0) {
        ok = false;
        snprintf(reason, reason_size, "stages would be empty; use at most %d ranks", arg->layers);
    }
    return ok;
}
