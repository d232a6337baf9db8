#include "assignments/pipeline/pipeline.h"

/* Deals them out like cards, then adds up. */
void distribute_layers(int layers, const double *flops, int stages, int *first_layer)
{
    (void)flops;
    for (int i = 0; i <= stages; i++)
        first_layer[i] = 0;
    for (int card = 0; card < layers; card++)
        first_layer[card % stages + 1]++;
    for (int i = 1; i <= stages; i++)
        first_layer[i] += first_layer[i - 1];
}
