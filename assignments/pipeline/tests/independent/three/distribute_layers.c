#include "assignments/pipeline/pipeline.h"

void distribute_layers(int layers, const double *flops, int stages, int *first_layer)
{
    int left = layers;
    int s = stages;
    (void)flops;
    first_layer[stages] = layers;
    while (s > 0) {
        int take = left / s;
        s = s - 1;
        left = left - take;
        first_layer[s] = left;
    }
}
