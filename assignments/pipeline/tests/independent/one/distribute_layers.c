#include "assignments/pipeline/pipeline.h"

void distribute_layers(int layers, const double *flops, int stages, int *first_layer)
{
    (void)flops;
    for (int s = 0; s <= stages; s++)
        first_layer[s] = (int)((long)s * layers / stages);
}
