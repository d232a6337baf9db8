/*
 * Taking a tensor through a border (custom_layer.h): for layers that have borders, and stages.
 */
#ifndef COMMON_LAYERS_BORDERS_H
#define COMMON_LAYERS_BORDERS_H

#include "common/layers/custom_layer.h"

enum border_way { BORDER_FORWARD, BORDER_BACKWARD };

#define BORDER_BEFORE "before it"
#define BORDER_BEHIND "behind it"

/* x itself where the border has no forward. Else takes over x and returns what the function of that way makes of
 * it, whose samples must be of the shape `sample`: fatal else, and where it left tensors behind, in the name of `owner`
 * and of the function, or of where it stands. */
struct tensor *layer_border_through(const char *owner, const char *where,
                                    const struct layer_border *border, enum border_way way,
                                    void *own, struct tensor *x, struct shape sample);

#endif
