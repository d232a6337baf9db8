/*
 * Layers.
 *
 * A layer is a description (kind, sizes, parameters) and three functions:
 *
 *     forward          y  = f(x), and keeps what the backward needs in `saved`
 *     backward_input   dx = df/dx · dy, and keeps what backward_weight needs
 *     backward_weight  gradient += df/dw · dy, and releases everything in `saved`
 *
 * They are apart because they may be run at different times.
 * backward_weight comes after backward_input of the same micro-batch; a layer
 * without parameters has nothing to do in it but release.
 *
 * A description holds no memory: parameters and gradients lie in the arenas of
 * a stage and come in through `struct layer_memory`, so that the same layer can
 * run with other versions of its weights.
 *
 * Tensors have the micro-batch as first dimension. forward takes over x and
 * backward_input takes over dy; what they return is new to the caller. A layer
 * may work in place on a tensor that nobody else refers to.
 */
#ifndef COMMON_LAYERS_LAYER_H
#define COMMON_LAYERS_LAYER_H

#include "common/base/slice.h"

#define LAYER_MAX_PARAMETERS 20
#define LAYER_MAX_BUFFERS    16
#define LAYER_MAX_SAVED      8
#define LAYER_NAME_SIZE      48

enum initial_value { INITIAL_UNIFORM, INITIAL_NORMAL, INITIAL_ZERO, INITIAL_ONE };

/* One parameter tensor of a layer. Its number i has the value drawn from
 * (seed, layer index, number of this parameter, i). A layer that is split over
 * ranks has a slice of it on each: i then counts in the whole, so that the ranks
 * together begin with the numbers of one. */
struct parameter {
    char name[LAYER_NAME_SIZE]; /* "weight", "bias", inside another layer "1.weight" */
    struct shape shape;         /* of what this rank holds */
    struct slice slice;         /* which part of the whole that is; all zeros: all of it */
    size_t offset;              /* elements from the layer's first parameter */
    enum initial_value initial;
    float scale; /* uniform: the bound; normal: the deviation */
};

/* What a layer keeps besides its parameters from one call to the next, for as long as the stage
 * lives: running averages. No optimizer moves it. */
struct buffer {
    char name[LAYER_NAME_SIZE]; /* "running_mean", inside another layer "1.running_mean" */
    struct shape shape;         /* of what this rank holds */
    struct slice slice;         /* which part of the whole that is; all zeros: all of it */
    size_t offset;              /* elements from the layer's first buffer */
    enum initial_value initial;
};

struct layer;
struct saved; /* what one layer keeps of one micro-batch between forward and backward */

/* Where, when and how a layer is called. All zeros: the first step, the first sample, to train. */
struct pass {
    uint64_t seed; /* of the run */
    int step;
    int first_sample;     /* the place in the whole batch of x's first sample */
    int samples_together; /* so many of x's samples have their statistics in common; 0: all */
    /* float32, or of tensors between layers: bfloat16 or float16. Then x, y, dy and dx have 16 bits, and so has
     * what is kept for the backward, but for statistics and integers; each layer computes in float32, with
     * parameters (numbers of that dtype) and gradients in float32, and rounds what it gives out once. An x or dy of float32 is
     * rounded first. */
    enum dtype precision;
    bool again;      /* a forward is repeated (recomputation): running averages stay as they are */
    bool evaluating; /* no dropout, and running averages in place of x's own statistics */
    /* Unless NULL: shown every layer, also those inside others, and what it is given, before its
     * forward. */
    void (*look)(const struct layer *layer, const struct tensor *x, void *looker);
    void *looker;
};

struct layer_memory {
    float *parameters; /* the layer's first parameter, in the stage's arena */
    float *gradients;
    float *buffers;       /* the layer's first buffer, or NULL: there is none */
    const float *tied;    /* the model's first parameter, for a layer that is tied to it … */
    float *tied_gradient; /* … and its gradient, both of this shape */
    struct shape tied_shape;
    const struct pass *pass; /* NULL: all zeros */
    int layer;               /* the place in the model of the outermost layer … */
    int dropouts;            /* … and how many dropouts that has before this one */
};

struct layer_operations {
    const char *kind; /* "linear", "relu", … */
    struct tensor *(*forward)(const struct layer *, struct layer_memory, struct saved *,
                              struct tensor *x);
    /* want_dx false: keep what backward_weight needs, compute no dx, return NULL. */
    struct tensor *(*backward_input)(const struct layer *, struct layer_memory, struct saved *,
                                     struct tensor *dy, bool want_dx);
    void (*backward_weight)(const struct layer *, struct layer_memory, struct saved *);
};

struct layer {
    const struct layer_operations *operations;
    int index;           /* place in the model, from 0 */
    struct shape input;  /* of one sample, without the batch dimension */
    struct shape output; /* of one sample */
    int parameters;      /* number of parameter tensors */
    struct parameter parameter[LAYER_MAX_PARAMETERS];
    size_t parameter_count; /* elements in all of them */
    int buffers;            /* number of buffers */
    struct buffer buffer[LAYER_MAX_BUFFERS];
    size_t buffer_count;    /* elements in all of them */
    enum dtype input_dtype; /* float32; int32 for tokens */
    bool hands_on;          /* computes nothing, and takes numbers of any dtype */
    bool tied;              /* works with the model's first parameter, as its own weight */
    int dropouts;           /* how many it is, or has inside */
    int least_samples;      /* of a micro-batch, to train with; 0 and 1: any will do */
    double forward_flops;   /* per sample */
    double backward_input_flops;
    double backward_input_flops_without_dx; /* of what backward_weight needs nevertheless */
    double backward_weight_flops;

    /* Sizes that only some kinds have. */
    int kernel; /* convolution and pooling: side of the window; patch embedding: side of a patch */
    int stride, padding, groups; /* convolution; pooling has the first two */
    int heads;                   /* attention */
    bool causal;                 /* attention: no token looks at later ones */
    float rate;                  /* dropout: the share that is dropped */
    /* Dropout: which part of one sample's whole tensor the input is; at first all of it. What a rank
     * drops of its slice is then what one process drops there. */
    struct slice slice;
    struct layer *inner; /* residual, sequence, recomputed: the layers inside */
    int inner_layers;
    int shortcut_layers;   /* residual: so many of them, the last, are what goes round the others */
    struct custom *custom; /* what a student's layer consists of (custom_layer.h), else NULL */
    bool inner_is_borrowed; /* these belong to another layer, which must outlive this one */
};

/* The constructors work out output shape, parameters and FLOPs from the input
 * shape of one sample. Sizes that do not fit are fatal with a message; models
 * check them first. Sources: PyTorch's modules of the same names and defaults. */

/* (C, H, W) to (C·H·W). */
struct layer layer_flatten(struct shape input);
/* Over the last dimension: y = x Wᵀ + b, W (outputs, inputs). */
struct layer layer_linear(struct shape input, int outputs);
struct linear_options {
    int outputs;
    bool no_bias;
};
struct layer layer_linear_with(struct shape input, struct linear_options options);
/* The same without a bias and without a weight of its own: W is the model's first parameter, (outputs,
 * inputs), as that of a token embedding is (Press and Wolf 2017). */
struct layer layer_tied_head(struct shape input, int outputs);
struct layer layer_relu(struct shape input);
/* Exact: x · Φ(x). */
struct layer layer_gelu(struct shape input);
/* Over the last dimension, epsilon 1e-5. */
struct layer layer_norm(struct shape input);
/* The same over the last dimensions, all of which count as one: torch.nn.LayerNorm((C, H, W)). */
struct layer layer_norm_of(struct shape input, int dimensions);
/* (C) or (C, H, W): every channel over the samples, epsilon 1e-5; running averages with momentum 0.1.
 * Which samples: pass.samples_together. In training, one number of a channel alone is fatal. */
struct layer layer_batch_norm(struct shape input);
/* (C, H, W) to (channels, H - kernel + 1, W - kernel + 1): stride 1, no padding. */
struct layer layer_convolution(struct shape input, int channels, int kernel);
/* (C, H, W) to (channels, H', W'), H' = (H + 2 · padding - kernel) / stride + 1, rounded down. */
struct convolution_options {
    int channels, kernel;
    int stride;  /* 0: 1 */
    int padding; /* rows and columns of zeros on each side */
    int groups;  /* 0: 1; channels and C must be multiples of it */
    bool no_bias;
};
struct layer layer_convolution_with(struct shape input, struct convolution_options options);
/* (C, H, W) to (C, H / kernel, W / kernel): stride = kernel; the first maximum gets the gradient. */
struct layer layer_max_pool(struct shape input, int kernel);
/* (C, H, W) to (C, H', W'), as for convolution. */
struct pooling_options {
    int kernel;
    int stride;  /* 0: the kernel */
    int padding; /* at most half of the kernel */
};
/* What lies in the padding is never the maximum. */
struct layer layer_max_pool_with(struct shape input, struct pooling_options options);
/* Every window's sum is divided by kernel², also where a part of it lies in the padding (PyTorch's
 * count_include_pad=True). */
struct layer layer_average_pool(struct shape input, struct pooling_options options);
/* (C, H, W) to (C): the mean of each plane. */
struct layer layer_global_average_pool(struct shape input);
/* (tokens, width) to the same: fused qkv (3·width, width), then projection (width, width). */
struct layer layer_attention(struct shape input, int heads);
/* The same where a token looks at itself and at those before it only. Charged are the pairs of a query
 * and a key that are looked at, tokens · (tokens + 1) / 2, not all tokens². */
struct layer layer_causal_attention(struct shape input, int heads);
/* y = x + inner(x). Takes over what the inner layers own; the array stays the caller's. */
struct layer layer_residual(struct shape input, const struct layer *inner, int inner_layers);
/* y = shortcut(x) + inner(x), or x + inner(x) where the shortcut has no layers. Its parameters stand
 * behind the others, under the names "shortcut.0.weight" and so on. Takes over what all the layers own;
 * the arrays stay the caller's. */
struct layer layer_residual_with(struct shape input, const struct layer *shortcut,
                                 int shortcut_layers, const struct layer *inner, int inner_layers);
/* The layers one after the other, as one. Takes over what they own; the array stays the caller's. */
struct layer layer_sequence(const struct layer *inner, int inner_layers);
/* The same layers, y, dx and gradients as layer_sequence, but of a forward only x is kept: it is
 * repeated at the begin of the backward. Takes over what the layers own, likewise. */
struct layer layer_recomputed(const struct layer *inner, int inner_layers);
/* Another layer like this one, which must outlive it: they have the layers inside in common. */
struct layer layer_like(const struct layer *layer);
/* (tokens, width) to (width). */
struct layer layer_mean_tokens(struct shape input);
/* (C, H, W) to (tokens, width), learned positions added. */
struct layer layer_patch_embedding(struct shape input, int patch, int width);
/* int32 (tokens), each 0 … vocabulary-1 (fatal otherwise), to (tokens, width): row of the first
 * parameter, "token" (vocabulary, width), and learned position added, as in GPT-2. Tokens have no
 * gradient: there is no dx. */
struct layer layer_embedding(int tokens, int vocabulary, int width);
/* In training each number is 0 with probability `rate` (0 <= rate < 1), else times 1 / (1 - rate);
 * in evaluation y = x. Which are dropped is a function of seed, step, place of the layer in the
 * model, place of the dropout within that, place of the sample in the whole batch and of the number in
 * the sample's whole tensor: however batch, model or tensor are cut, the same ones. */
struct layer layer_dropout(struct shape input, float rate);

/* Which part of its whole a parameter, or a buffer, is; fatal where that has not its shape. */
struct slice layer_parameter_slice(const struct parameter *parameter);
struct slice layer_buffer_slice(const struct buffer *buffer);

/* Frees what the description owns. */
void layer_destroy(struct layer *layer);

struct saved *saved_new(const struct layer *layer);
void saved_free(struct saved *saved); /* gives back whatever is still held; NULL is allowed */

/* The three operations. They charge the FLOPs of the description (flops.h); where there are layers
 * inside, those do, and the outer layer charges what it does besides. */
struct tensor *layer_forward(const struct layer *, struct layer_memory, struct saved *,
                             struct tensor *x);
struct tensor *layer_backward_input(const struct layer *, struct layer_memory, struct saved *,
                                    struct tensor *dy, bool want_dx);
void layer_backward_weight(const struct layer *, struct layer_memory, struct saved *);

/* Fills parameters[0 … parameter_count-1] with the layer's initial values. */
void layer_initialise(const struct layer *layer, uint64_t seed, float *parameters);
/* The same of parameter number k alone, and of buffers[0 … buffer_count-1]. */
void layer_initialise_parameter(const struct layer *layer, int k, uint64_t seed, float *parameter);
void layer_initialise_buffers(const struct layer *layer, float *buffers);

#endif
