/*
 * Tensor parallelism: what you are given, and what you write.
 *
 * Every rank runs all layers on all samples, but has only a slice of each large weight: some columns,
 * rows, channels, heads, or words of the vocabulary. What a rank computes from its slice is a part of
 * the result, or a term of a sum, and the ranks put it together with MPI. The kit gives you layers,
 * tensors, data and MPI; you write which slice a rank has, what is summed or gathered when, and what a
 * layer computes with its slice.
 *
 * Words. A tensor is whole if each rank has all of it, with the same numbers on each. It is split if
 * each rank has a slice. Weights of linear layers are (outputs, inputs): a column-parallel layer has some
 * of the outputs, so rows of that matrix, a row-parallel one some of the inputs. (The names are those of
 * Shoeybi et al. 2019, Megatron-LM, who write y = xA with A of (inputs, outputs).)
 *
 * Each function below lives in a file of its own, or in that of its group. Its TODO says what it must do.
 * Layers are written as common/layers/custom_layer.h shows, with the arithmetic of
 * common/layers/operations.h. Only the files listed here are handed in.
 *
 * Wrap MPI calls in mpi_check(…): if one fails, the program ends on all ranks and says which call it was
 * and why (common/base/mpi_check.h). The ranks are those of group->comm, which need not be numbered as in
 * MPI_COMM_WORLD.
 */
#ifndef ASSIGNMENTS_TENSOR_TENSOR_H
#define ASSIGNMENTS_TENSOR_TENSOR_H

#include "common/base/mpi_check.h"
#include "common/base/todo.h"
#include "common/layers/custom_layer.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

/* The ranks that share a model: t of them, this one is `rank`. */
struct tensor_group {
    MPI_Comm comm;
    int rank;
    int ranks;
};

/* ---- split.c -------------------------------------------------------------- */

/* The columns, rows, channels, heads … begin, …, end - 1. */
struct part {
    int begin, end;
};

/* Can `size` things be split over so many ranks, each with one at least? If not, writes to reason (of
 * reason_size bytes) why not and what the user can do. */
bool can_split(int size, int ranks, char *reason, size_t reason_size);
/* Which of `size` things, numbered from 0, rank `rank` has. Each is on one rank, lower numbers are on lower
 * ranks, and no rank has two more than another. */
struct part split(int size, int ranks, int rank);

/* ---- operators.c ---------------------------------------------------------- */

/* The two conjugate pairs: what is nothing in the forward is a sum in the backward, and the other way
 * round. Each takes over its tensor; what it returns is the caller's, and may be the same tensor. */

/* Before a layer of which each rank has a slice: x is whole. Backward: each rank has the part of dx that
 * comes from its slice, and gets their sum. */
struct tensor *copy_forward(const struct tensor_group *group, struct tensor *x);
struct tensor *copy_backward(const struct tensor_group *group, struct tensor *dx);
/* Behind a layer of which each rank has a slice: each rank has one term of y, and gets the sum. Backward:
 * dy is whole. */
struct tensor *reduce_forward(const struct tensor_group *group, struct tensor *y);
struct tensor *reduce_backward(const struct tensor_group *group, struct tensor *dy);
/* From whole to split: this rank's part (split) of a dimension. Backward: from split to whole; size: of
 * the whole dimension. */
struct tensor *scatter_forward(const struct tensor_group *group, struct tensor *x, int dimension);
struct tensor *scatter_backward(const struct tensor_group *group, struct tensor *dx, int dimension,
                                int size);
/* From split to whole, and backward from whole to split. */
struct tensor *gather_forward(const struct tensor_group *group, struct tensor *y, int dimension,
                              int size);
struct tensor *gather_backward(const struct tensor_group *group, struct tensor *dy, int dimension);

/* The sum of copy_backward in two halves, so that something else is computed while it is under way. Until
 * the end dx belongs to MPI. */
void copy_backward_begin(const struct tensor_group *group, struct tensor *dx, MPI_Request *request);
struct tensor *copy_backward_end(struct tensor *dx, MPI_Request *request);

/* ---- sequential.c --------------------------------------------------------- */

/* A chain of layers, one behind the other. What enters the first and leaves the last is whole. */
enum link {
    LINK_LINEAR,      /* has a weight of (outputs, inputs) */
    LINK_CONVOLUTION, /* has a weight of (output channels, input channels, …) */
    LINK_LAYER_NORM,  /* over all columns or channels: split, it takes messages */
    LINK_BATCH_NORM,  /* over the samples: each column or channel by itself */
    LINK_EACH         /* each column or channel by itself: ReLU, GELU, pooling, flatten … */
};

/* What becomes of a layer. */
enum form {
    FORM_WHOLE,           /* takes and gives whole tensors; all of it is on each rank */
    FORM_COLUMN,          /* linear, convolution: takes a whole tensor, gives a split one */
    FORM_COLUMN_GATHERED, /* the same, and gathers what it gives: whole */
    FORM_ROW,             /* linear, convolution: takes a split tensor, gives a whole one */
    FORM_SPLIT,           /* the others: take and give a split tensor */
    FORM_INSIDE           /* attention, embeddings: take and give whole tensors, split inside; the
                             program chooses it, they stand between chains */
};

/* Chooses a form for each of `links` layers, so that each takes what the one before gives, and every
 * linear layer and convolution is split. With gathers: what leaves a layer is whole. */
void forms_with_gathers(int links, const enum link *link, enum form *form);
/* With as few rounds of messages as there can be: a round for two linear layers or convolutions. */
void forms_with_one_round(int links, const enum link *link, enum form *form);

/* ---- where a layer stands --------------------------------------------------------------- */

/* Where a layer stands, and what becomes of it there. */
struct tensor_place {
    const struct tensor_group *group;
    const struct layer *whole; /* what it would be in one process: sizes, parameters */
    enum form form;
    struct shape input; /* of one sample, as it comes in on this rank */
    struct part inputs; /* if that is split: which columns or channels of whole->input it is */
    /* Sequence parallelism: whole tensors are split by tokens, of which this rank has these
     * (sequence_parallel.c). */
    bool by_tokens;
    struct part tokens;
};

/* A description to begin with: the input of the place; output (behind FORM_ROW, with by_tokens, of this rank's
 * tokens) and parameters of the whole; its costs, shared out; and a copy of the place as `own`, which is freed with
 * the layer. You fill in the three functions, and where this rank has less than the whole, the output and the
 * slices of the parameters (layer_parameter_part). */
struct custom_layer tensor_layer(const struct tensor_place *place);

/* ---- sequence_parallel.c ------------------------------------------------------ */

/* Where whole tensors go into layers that are split, and where they come out again: copy and reduce. With
 * sequence parallelism (place->by_tokens) they are split by tokens outside: an all-gather and a
 * reduce-scatter. Each takes over its tensor. */
struct tensor *enter_forward(const struct tensor_place *place, struct tensor *x);
struct tensor *leave_forward(const struct tensor_place *place, struct tensor *y);
struct tensor *leave_backward(const struct tensor_place *place, struct tensor *dy);
/* A tensor on its way back out: until the end both belong to MPI. */
struct exchange {
    MPI_Request request;
    struct tensor *dx;
    struct tensor *sent; /* NULL where the sum is made in place */
};
struct exchange enter_backward_begin(const struct tensor_place *place, struct tensor *dx);
struct tensor *enter_backward_end(const struct tensor_place *place, struct exchange *exchange);

/* Tensors are (samples, tokens, columns). Where the split by tokens begins, behind the embedding: of x, which
 * is whole, the part of the tokens that split gives this rank; and back, tokens of them all. And where it ends,
 * before a layer that every rank computes with all tokens. Each takes over its tensor. */
struct tensor *split_tokens_forward(const struct tensor_group *group, struct tensor *x);
struct tensor *split_tokens_backward(const struct tensor_group *group, struct tensor *dx,
                                     int tokens);
struct tensor *join_tokens_forward(const struct tensor_group *group, struct tensor *x, int tokens);
struct tensor *join_tokens_backward(const struct tensor_group *group, struct tensor *dy);

/* The gradient of a parameter of which every rank has all, when all backwards of a step are done. */
struct replicated_gradient {
    const char *layer; /* the kind of its layer, "layer_norm" … */
    const char *name;  /* … and its name there, "weight" */
    /* Is what comes into its layer, or goes out of it, a part of the tokens (of the samples:
     * one_weird_trick.c) on each rank? Else it is of all of them, on every rank. */
    bool input_is_part, output_is_part;
    struct tensor *gradient; /* to be left with what one process has */
};
/* Called by the program once in a step, behind the backwards of all micro-batches, on all ranks with the same
 * parameters in the same order. */
void sum_gradients_by_tokens(const struct tensor_group *group, int count,
                             const struct replicated_gradient *of);

/* ---- one_weird_trick.c --------------------------------------------------------- */

/* Convolutions work on this rank's part of the samples of a micro-batch, linear layers on all of them
 * (Krizhevsky 2014). Tensors have the samples first; each function takes over its tensor. */

/* Before the first convolution: this rank's part (split) of the samples. */
struct tensor *own_samples(const struct tensor_group *group, struct tensor *x);
/* Before the first linear layer: all samples, on every rank; and back. */
struct tensor *gather_samples_forward(const struct tensor_group *group, struct tensor *x,
                                      int samples);
struct tensor *gather_samples_backward(const struct tensor_group *group, struct tensor *dy);
/* As sum_gradients_by_tokens. */
void sum_gradients_by_samples(const struct tensor_group *group, int count,
                              const struct replicated_gradient *of);

/* ---- layers --------------------------------------------------------------- */

/* column_parallel_linear.c: y = x Wᵀ + b, of which this rank has the part of the outputs that split gives it.
 * Form COLUMN or COLUMN_GATHERED. whole->parameter[0] is the weight, [1] the bias; there may be none. */
struct layer column_parallel_linear(const struct tensor_place *place);
/* row_parallel_linear.c: of which this rank has the part of the inputs that comes in (place->inputs). Form ROW.
 * The bias is whole, and in y once. */
struct layer row_parallel_linear(const struct tensor_place *place);

/* column_parallel_convolution.c: some of the output channels, as split gives them, from all input channels.
 * Form COLUMN or COLUMN_GATHERED. Stride and padding are those of place->whole; whole->parameter[0] is the
 * weight (outputs, inputs, kernel, kernel), [1] the bias; there may be none. */
struct layer column_parallel_convolution(const struct tensor_place *place);
/* row_parallel_convolution.c: all output channels, from the input channels that come in (place->inputs). Form
 * ROW. The bias is whole, and in y once. */
struct layer row_parallel_convolution(const struct tensor_place *place);

/* split_layer_norm.c: over all columns of a row, or channels and pixels of a sample, of which this rank has
 * some (place->inputs). Form SPLIT. whole->parameter[0] is the weight γ, [1] the bias β, each of one row's
 * shape; epsilon is 1e-5. Where a layer norm's tensors are whole (form WHOLE), the kit's is right. */
struct layer split_layer_norm(const struct tensor_place *place);
/* split_batch_norm.c: over the samples, this rank's columns or channels. Form SPLIT. */
struct layer split_batch_norm(const struct tensor_place *place);
/* split_dropout.c: drops, of the part of each sample that comes in, what one process drops there: of columns or
 * channels (place->inputs), form SPLIT; of tokens (place->tokens), form WHOLE and by_tokens. Where tensors are
 * whole, the kit's is right. */
struct layer split_dropout(const struct tensor_place *place);

/* ---- parallel_attention.c ------------------------------------------------- */

/* Can `heads` be split over so many ranks? If not, as can_split. What the ranks do not divide may be refused,
 * or spread: then a rank has one head more than another. */
bool can_split_heads(int heads, int ranks, char *reason, size_t reason_size);
/* Attention, causal or not (whole->causal), of which this rank has some of the heads (whole->heads). Form
 * INSIDE. Parameters as the kit's: "qkv.weight" (3 · width, width) and its bias, in which the rows of all
 * queries come first, then those of all keys, then of all values, each head by head; "projection.weight"
 * (width, width), whose columns are those of the heads, and its bias. */
struct layer parallel_attention(const struct tensor_place *place);

/* ---- vocabulary_parallel.c ------------------------------------------------ */

/* The first and the last layer of a language model, of which each rank has the rows of some words.
 *
 * Embedding: y (samples, tokens, width), whole, from tokens (samples, tokens), whole: the row of each token in
 * "token" (words, width), plus that of its position in "position" (tokens, width), whole. Form INSIDE. */
struct layer vocabulary_parallel_embedding(const struct tensor_place *place);
/* Head: the logits (samples, tokens, this rank's words), which stay split, from x, which is whole. Form COLUMN.
 * A weight (words, width) and no bias; or none of its own (whole->tied): then the embedding's table
 * serves, call->tied, of which this rank has the same words. */
struct layer vocabulary_parallel_head(const struct tensor_place *place);

/* ---- vocabulary_cross_entropy.c -------------------------------------------- */

/* The loss of logits (…, words of this rank), of which this rank has those of the words begin, …, end - 1:
 * the mean over the rows of log Σ exp(logit) - logit of the target, the sum over all words of all ranks, on
 * each rank the same. targets: int32, a word for each row. The logits stay as they are. *probabilities becomes
 * a new tensor of their shape, the caller's: what the backward needs. */
double vocabulary_cross_entropy(const struct tensor_group *group, struct part words,
                                const struct tensor *logits, const struct tensor *targets,
                                struct tensor **probabilities);
/* The gradient of scale · that loss for this rank's logits. Takes over probabilities; what it returns is the
 * caller's, and may be the same tensor. */
struct tensor *vocabulary_cross_entropy_backward(struct part words, struct tensor *probabilities,
                                                 const struct tensor *targets, float scale);

#endif
