/*
 * Layers of your own.
 *
 * A layer is what you tell of it (struct custom_layer) and three functions, which are given
 * tensors. With them layer_custom() makes a layer that stands anywhere in a model where one of the
 * kit's does. A linear layer, whole (the products are in common/layers/operations.h):
 *
 *     enum { X, DY };
 *
 *     static struct tensor *forward(struct layer_call *call, struct tensor *x)
 *     {
 *         struct tensor *y = layer_output_new(call);
 *         compute_matrix_product(false, true, x, call->parameter[0], 0.0f, y);
 *         compute_add_bias(call->parameter[1], y);
 *         layer_keep(call, X, x);
 *         return y;
 *     }
 *
 *     static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
 *     {
 *         struct tensor *dx = want_dx ? layer_input_new(call) : NULL;
 *         if (want_dx)
 *             compute_matrix_product(false, false, dy, call->parameter[0], 0.0f, dx);
 *         layer_keep(call, DY, dy);
 *         return dx;
 *     }
 *
 *     static void backward_weight(struct layer_call *call)
 *     {
 *         compute_matrix_product(true, false, layer_kept(call, DY), layer_kept(call, X), 1.0f,
 *                                call->gradient[0]);
 *         compute_add_column_sums(layer_kept(call, DY), call->gradient[1]);
 *     }
 *
 * Whose a tensor is: forward takes over x and backward_input dy; each must be freed, kept or
 * returned, and so must whatever a function makes. Who keeps a tensor and returns it as well, or
 * keeps it twice, takes one more reference (tensor_retain). What they return is the caller's. Others
 * may look at x and dy, too: write into them only where tensor_is_shared() says false. Parameters
 * are only read.
 *
 * Several micro-batches may be on their way: between forward and backward_weight of one of them
 * the same functions run for others. So what belongs to a micro-batch is kept (layer_keep), and
 * `own` is for what all have in common: a communicator, sizes.
 *
 * A layer of which each rank has a slice says so in its parameters: `slice` is the part that this
 * rank holds. Optimizers, snapshots and comparisons follow it, and the slices begin with the
 * numbers that the whole would have begun with. The functions may call MPI, all ranks of the
 * communicator in the same order: backward_input has to finish dx before it returns, so an
 * all-reduce of dx runs beside the weights' gradients where backward_input computes those, too.
 *
 * What a layer remembers from one step to the next, running averages, say, are its buffers: forward reads them
 * and writes into them. The stage keeps them, all micro-batches and steps have the same; no optimizer moves
 * them, and snapshots have them. Where the pass says that a forward is repeated (call->pass->again), or that it
 * evaluates (call->pass->evaluating), they are only read: fatal else. A forward that evaluates has no backward:
 * it keeps nothing, and a norm takes the running averages in place of the samples' own. Not all
 * ranks need evaluate, so it sends no message.
 *
 * Token numbers (input_dtype int32) have no gradient: want_dx is false. On the meta device nothing
 * may be read from `data`, nor written to it.
 */
#ifndef COMMON_LAYERS_CUSTOM_LAYER_H
#define COMMON_LAYERS_CUSTOM_LAYER_H

#include "common/layers/layer.h"
#include "common/layers/operations.h"

/* What a function of a layer is called with. Nothing in it outlives the call. */
struct layer_call {
    const struct layer *layer; /* its sizes: input and output of one sample, on this rank */
    struct tensor **parameter; /* what this rank holds of each */
    struct tensor **gradient;  /* of the same shapes: add to them (+=). In forward each is NULL */
    struct tensor **buffer;    /* what this rank holds of each. In the backward each is NULL */
    struct tensor *tied; /* of a layer that is tied: what this rank holds of the model's … */
    struct tensor *tied_gradient; /* … first parameter, and its gradient, as the two above */
    const struct pass *pass;      /* when and where: step, first sample, forward once again … */
    void *own;                    /* as in struct custom_layer */
    int samples;                  /* in this micro-batch */
    enum device device;           /* of all its tensors; on the meta device they have no numbers */
    struct saved *saved;          /* private: layer_keep */
};

struct custom_layer {
    const char *kind;       /* what messages call it: "linear" */
    struct shape input;     /* of one sample on this rank, without the batch dimension … */
    struct shape output;    /* … and of what comes out */
    enum dtype input_dtype; /* of x: float32, or int32 for tokens; y is always float32 */
    int parameters;
    /* name, slice, initial and scale (or layer_parameter_part); without a slice: shape */
    struct parameter parameter[LAYER_MAX_PARAMETERS];
    int buffers;
    /* name, slice and initial, zeros or ones (or layer_buffer_part); without a slice: shape */
    struct buffer buffer[LAYER_MAX_BUFFERS];
    bool tied; /* works with the model's first parameter, too (layer_tied_head): call->tied */
    /* What one sample costs on this rank, for those who hand out layers and plan ahead. What it
     * does cost in a run is counted by the operations. */
    double forward_flops, backward_input_flops, backward_weight_flops;
    void *own; /* handed to every call; one for each layer */

    struct tensor *(*forward)(struct layer_call *call, struct tensor *x);
    /* want_dx false: nobody wants dx, return NULL. The gradients may be added to here already. */
    struct tensor *(*backward_input)(struct layer_call *call, struct tensor *dy, bool want_dx);
    /* After it all gradients of this micro-batch are in, and what is still kept is freed. NULL only
     * for a layer without parameters: one that adds its gradients in backward_input has one that does
     * nothing. */
    void (*backward_weight)(struct layer_call *call);
    void (*free)(void *own); /* with the layer; NULL: nothing to free */
};

/* A layer; fatal, with what is wrong, for a description that is not one. It owns `own`. */
struct layer layer_custom(const struct custom_layer *description);

/* A parameter of which this rank has a slice; name and first values are those of the kit's, `whole`.
 * For one that is all here: *whole. So a layer made by one of the kit's functions is told, too, which
 * slices it has: layer.parameter[0] = layer_parameter_part(&place->whole->parameter[0], …). */
struct parameter layer_parameter_part(const struct parameter *whole, struct slice slice);
/* The same of a buffer. For one that is all here: *whole. */
struct buffer layer_buffer_part(const struct buffer *whole, struct slice slice);

/* ---- for the three functions ------------------------------------------------------------------- */

/* Keeps a tensor of this micro-batch, which it takes over, for a later function of the layer. Slots
 * are numbered 0 … LAYER_MAX_SAVED - 1; one holds one tensor. */
void layer_keep(struct layer_call *call, int slot, struct tensor *tensor);
/* The same for what needs all of float32 where layers keep numbers in 16 bits (pass->precision in layer.h):
 * statistics. Other float32 tensors are rounded at the end of the call. */
void layer_keep_exact(struct layer_call *call, int slot, struct tensor *tensor);
/* What a slot holds; it stays there. Fatal if it is empty, as layer_take. */
struct tensor *layer_kept(struct layer_call *call, int slot);
/* Empties a slot: the tensor is the caller's again. */
struct tensor *layer_take(struct layer_call *call, int slot);

/* New tensors, contents undefined, with the shapes of a micro-batch's y (or dy) and of its dx. */
struct tensor *layer_output_new(const struct layer_call *call);
struct tensor *layer_input_new(const struct layer_call *call);

/* ---- around one of the kit's ---------------------------------------------------------------------- */

/* A function between a layer and what stands before it, or behind it: from whole tensors to parts of them,
 * say, of which a layer in the middle need not know. Each takes over its tensor and returns one that is the
 * caller's; it may have other samples. A border without a forward is none. */
struct layer_border {
    struct shape outside; /* of one sample, on the side away from the layer */
    struct tensor *(*forward)(void *own, struct tensor *x);
    struct tensor *(*backward)(void *own, struct tensor *dy); /* where dx is wanted */
    /* What messages call the two; NULL: by the place where they stand. */
    const char *forward_name, *backward_name;
};

/* behind(layer(before(x))), with the parameters of the layer, whose own it takes over.
 * own: handed to the borders, one for each layer; free_own: with the layer, NULL: nothing to free. */
struct layer layer_with_borders(const struct layer *layer, struct layer_border before,
                                struct layer_border behind, void *own, void (*free_own)(void *own));

/* ---- in place of the kit's --------------------------------------------------------------------- */

/* One of all layers of a model: `first` if it takes what the model, a block, or the way round in a block
 * begins with, `last` if what it gives is what that ends with. */
struct layer_of_model {
    struct layer whole; /* the kit's, with whole sizes; layers inside it stand by themselves */
    bool first, last;
};

/* A place in a model for which a layer of the kit's has just been made. */
struct layer_place {
    const struct layer *kit;   /* the layer that the kit puts here: its input is what the layers
                                  before it give out on this rank */
    const struct layer *whole; /* what it would be if nothing were replaced: whole sizes */
    int number;                /* so many of its kind come before it in the model */
    /* All layers of the model, as if nothing were replaced, in the order in which they are made: a block
     * behind those inside of it. This one is all[place]. */
    int place, places;
    const struct layer_of_model *all;
};

/* Asked for every layer of a model, those inside of blocks, too (and then for the block), in the
 * order in which they are made; blocks that are like one before them (layer_like) are not made, and
 * share what stands in that one. False: the kit's stays. True: *own stands in its place, made by
 * layer_custom(), or by one of the kit's own functions (layer.h) where only sizes and slices differ.
 * It takes the kit's input; its parameters have the names, order, whole shapes and first values of the
 * kit's: some linear layers have no bias, so look at place->whole->parameters. So have its buffers,
 * where it has any: running averages that nobody else would ever see need not be there. So a
 * layer of the kit's with parameters can't stay where its input is split: put it there yourself, and
 * say which slices it has. Layers that the function makes are not asked about. What kind the kit's
 * is: place->kit->operations->kind, "linear" of layer_linear(), "layer_norm" of layer_norm(), and so on. */
typedef bool layer_replacement(const struct layer_place *place, struct layer *own, void *user);

/* For all models that this process makes from now on; NULL: none is replaced any more. A program may
 * make one before MPI_Init: a function that asks MPI for the rank is set after it. */
void layer_replace_with(layer_replacement *function, void *user);

#endif
