/*
 * Layers in numbers of 16 bits (pass.precision in layer.h).
 *
 * Between layers x, y, dy and dx have 16 bits; a layer computes in float32. So around each call of a layer
 * that has none inside, what comes in is widened, the layer's own function runs as ever, and what comes out is
 * rounded, once. What it keeps for the backward is kept in 16 bits: rounded when it is kept, widened when
 * it is taken. Only what is kept "exactly" stays float32 (a norm's statistics).
 *
 * Numbers that a layer was given, or gives out, in 16 bits have these in `narrow` (tensor.h): to keep them is
 * to keep that tensor, which the layer before or behind may keep, too. A layer that works in place begins
 * with layer_in_place_or_new, which forgets it.
 *
 * What is float32 lives inside of one call only and counts as workspace.
 */
#ifndef COMMON_LAYERS_PRECISION_H
#define COMMON_LAYERS_PRECISION_H

#include "common/layers/layers.h"

/* A layer that is called with other precision than float32: the three operations. */
struct tensor *precision_forward(const struct layer *layer, struct layer_memory memory,
                                 struct saved *saved, struct tensor *x);
struct tensor *precision_backward_input(const struct layer *layer, struct layer_memory memory,
                                        struct saved *saved, struct tensor *dy, bool want_dx);
void precision_backward_weight(const struct layer *layer, struct layer_memory memory,
                               struct saved *saved);
/* Fatal unless a layer that computes in float32 is given numbers for that. */
void precision_must_be_float32(const struct layer *layer, const struct tensor *given);

/* Of a tensor of 16 bits, which it takes over, one of float32 for the time of a call; others stay as they
 * are. */
struct tensor *precision_widened(struct tensor *tensor);
/* Of a float32 tensor, which it takes over, one of 16 bits, an activation: the one that has its numbers, where
 * there is one; others stay as they are. */
struct tensor *precision_narrowed(enum dtype precision, struct tensor *tensor);

#endif
