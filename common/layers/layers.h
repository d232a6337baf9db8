/*
 * What the files of this folder share: what is saved between forward and
 * backward, and the making of descriptions.
 */
#ifndef COMMON_LAYERS_LAYERS_H
#define COMMON_LAYERS_LAYERS_H

#include "common/kernels/kernels.h"
#include "common/layers/layer.h"

struct saved {
    struct tensor *tensor[LAYER_MAX_SAVED]; /* which slot holds what is the layer's affair */
    bool exact[LAYER_MAX_SAVED];            /* stays float32 where numbers of 16 bits are kept */
    enum dtype precision; /* in which it is kept; but for the time of a call: float32 */
    int samples;          /* in the batch of the last backward_input … */
    enum device device;   /* … and where it was */
    int inner_layers;
    struct saved **inner; /* those of the layers inside */
};

/* Keeps a reference that the caller hands over; the slot must be empty. Where layers keep numbers of 16 bits
 * (pass.precision), float32 numbers are rounded to that, and the tensor may be gone: the caller uses it no
 * more. */
void saved_keep(struct saved *saved, int slot, struct tensor *tensor);
/* The same, and float32 stays float32: for statistics. */
void saved_keep_exact(struct saved *saved, int slot, struct tensor *tensor);
/* Hands the slot's reference to the caller. Fatal if there is none: backward without forward. */
struct tensor *saved_take(struct saved *saved, int slot);
/* Gives back what the slot, or all slots (those of inner layers too), hold. */
void saved_release(struct saved *saved, int slot);
void saved_release_all(struct saved *saved);

/* kernels->matrix_product, or what is faster for numbers that came in, were kept, or are parameters, where
 * all these are bfloat16's. Not for what was computed in this call. */
typedef void layer_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                           const float *a, const float *b, float beta, float *c);
layer_product *layer_product_of(const struct kernels *kernels, const struct saved *saved);

/* A backward_weight for layers that have no parameters. */
void layer_release_saved(const struct layer *layer, struct layer_memory memory,
                         struct saved *saved);

/* A new tensor like x (same batch), of `sample` shape per sample. */
struct tensor *layer_tensor_new(const struct tensor *x, struct shape sample);
/* x itself if nobody else refers to it, so that it may be overwritten; else a new tensor like it. */
struct tensor *layer_in_place_or_new(struct tensor *x);

/* Never NULL. */
const struct pass *layer_pass(struct layer_memory memory);

/* Every constructor ends with it: a student's layer may stand in the place of the one that was made
 * (custom_layer.h). */
struct layer layer_made(struct layer layer);

/* Appends a parameter to a description: shape and initial value are set by the caller. */
void layer_add_parameter(struct layer *layer, const char *name, struct shape shape,
                         enum initial_value initial, float scale);
/* Likewise a buffer, that begins with zeros or ones. */
void layer_add_buffer(struct layer *layer, const char *name, struct shape shape,
                      enum initial_value initial);
/* Weight and bias with PyTorch's default: both uniform within 1/sqrt(inputs of one output). */
void layer_add_weight_and_bias(struct layer *layer, const char *prefix, struct shape weight,
                               int outputs, int fan_in);
/* The weight alone. */
void layer_add_weight(struct layer *layer, const char *prefix, struct shape weight, int fan_in);

#endif
