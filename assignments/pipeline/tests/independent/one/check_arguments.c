#include "assignments/pipeline/pipeline.h"

#include <stdio.h>

bool check_arguments(const struct pipeline_arguments *a, char *reason, size_t size)
{
    if (a->stages > a->layers) {
        snprintf(reason, size, "there are more stages (%d) than layers (%d): start fewer processes",
                 a->stages, a->layers);
        return false;
    }
    if (a->batch_size % a->micro_batches) {
        snprintf(reason, size, "--micro-batches %d does not divide --batch %d: choose a divisor",
                 a->micro_batches, a->batch_size);
        return false;
    }
    if (a->layers % a->stages && !a->uneven) {
        snprintf(reason, size,
                 "%d layers on %d stages would be uneven: say --uneven if you want that", a->layers,
                 a->stages);
        return false;
    }
    return true;
}
