#include "assignments/pipeline/pipeline.h"

void distribute_layers(int layers, const double *flops, int stages, int *first_layer)
{
    const int small = layers / stages, larger = layers - small * stages;
    int stage;
    (void)flops;
    first_layer[0] = 0;
    for (stage = 1; stage <= larger; stage++)
        first_layer[stage] = first_layer[stage - 1] + small + 1;
    for (; stage <= stages; stage++)
        first_layer[stage] = first_layer[stage - 1] + small;
}
