/*
 * Lists of layers inside a layer: what residual, sequence and recomputed have in common.
 * The inner layers' parameters are the outer layer's, one layer's behind the
 * other's, under the names "0.weight", "2.bias" and so on.
 */
#ifndef COMMON_LAYERS_INNER_H
#define COMMON_LAYERS_INNER_H

#include "common/layers/layers.h"

/* Runs x through the inner layers first … end-1. Takes over x. */
struct tensor *inner_forward_of(const struct layer *layer, struct layer_memory memory,
                                struct saved *saved, int first, int end, struct tensor *x);
/* Takes over dy; NULL unless want_dx. */
struct tensor *inner_backward_input_of(const struct layer *layer, struct layer_memory memory,
                                       struct saved *saved, int first, int end, struct tensor *dy,
                                       bool want_dx);

/* The same with all inner layers. */
struct tensor *inner_forward(const struct layer *layer, struct layer_memory memory,
                             struct saved *saved, struct tensor *x);
struct tensor *inner_backward_input(const struct layer *layer, struct layer_memory memory,
                                    struct saved *saved, struct tensor *dy, bool want_dx);
void inner_backward_weight(const struct layer *layer, struct layer_memory memory,
                           struct saved *saved);

/* Puts a list of layers into a description, behind those that it has: their parameters and FLOPs are
 * added to its own, with "PREFIX0." and so on before their names. Fatal unless each takes what the one
 * before gives. Takes over what the layers own; the array stays the caller's. */
void inner_put(struct layer *layer, const char *prefix, const struct layer *inner,
               int inner_layers);

#endif
