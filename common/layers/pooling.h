/*
 * What max pooling and average pooling have in common: their sizes.
 */
#ifndef COMMON_LAYERS_POOLING_H
#define COMMON_LAYERS_POOLING_H

#include "common/layers/layers.h"

/* Of the layer's input, or gradient, x. */
struct pooling_sizes layer_pooling_sizes(const struct layer *layer, const struct tensor *x);

/* A layer without parameters; `what` ("max pooling") is for the message about sizes that don't fit.
 * One operation is charged for each number of each window. */
struct layer layer_pooling(const struct layer_operations *operations, const char *what,
                           struct shape input, struct pooling_options options);

#endif
