/*
 * The words of a language model, split: every rank has the rows of some words, in the table of the embedding
 * and in the weight of the head.
 *
 *     embedding   Y = Σ_r (rows of the tokens that rank r has, zeros for the others) + positions
 *                 a sum over the ranks forward, no message backward
 *     head        Z_r = X W_rᵀ, which stays split: no message forward, the sum of dX = Σ_r dZ_r W_r backward
 *
 * (Shoeybi et al. 2019.)
 */
#include "assignments/tensor/tensor.h"

/* ---- embedding ------------------------------------------------------------------------------------- */

enum { TOKEN, POSITION };

/* BEGIN SOLUTION */
enum { TOKENS, X, DY };

/* Which of so many words this rank has. */
static struct part own_words(const struct tensor_place *place, int words)
{
    return split(words, place->group->ranks, place->group->rank);
}

/* The same of the embedding: its table has a row for each word. */
static struct part words_of_table(const struct tensor_place *place)
{
    return own_words(place, place->whole->parameter[TOKEN].shape.size[0]);
}

/* A view of (samples, tokens, width) as a matrix with a row for each sample: the positions of all its tokens
 * are then one bias. */
static struct tensor *rows_of_samples(struct tensor *x)
{
    return tensor_view(x, 0, SHAPE(x->shape.size[0], x->shape.size[1] * x->shape.size[2]));
}

/* END SOLUTION */
static struct tensor *embedding_forward(struct layer_call *call, struct tensor *tokens)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    struct tensor *y = layer_output_new(call);
    compute_look_up(tokens, words_of_table(place).begin, call->parameter[TOKEN], y);
    layer_keep(call, TOKENS, tokens);
    y = reduce_forward(place->group, y);
    struct tensor *rows = rows_of_samples(y);
    compute_add_bias(call->parameter[POSITION], rows);
    tensor_free(rows);
    return y;
    /* END SOLUTION */
    //| /* TODO: y (samples, tokens, width), whole, from tokens: int32 (samples, tokens).
    //|  *
    //|  * Given: call->own is the place; call->parameter[TOKEN] (this rank's words, width);
    //|  * call->parameter[POSITION] (tokens, width), whole on each rank.
    //|  * A token whose row another rank has: what must this rank give, so that the sum is right?
    //|  * Hint: compute_look_up into layer_output_new, then the sum. A view of y with a row for each sample
    //|  * (tensor_view, SHAPE(samples, tokens · width)) makes positions a bias (compute_add_bias). Keep the tokens
    //|  * (layer_keep).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("embedding, forward", call, tokens);
}

static struct tensor *embedding_backward_input(struct layer_call *call, struct tensor *dy,
                                               bool want_dx)
{
    (void)want_dx; /* tokens have no gradient */
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    layer_keep(call, DY, reduce_backward(place->group, dy));
    return NULL;
    /* END SOLUTION */
    //| /* TODO: keep what the gradients need of dy (samples, tokens, width), which is whole. There is no dx.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("embedding, backward", call, dy);
}

static void embedding_backward_weight(struct layer_call *call)
{
    /* BEGIN SOLUTION */
    struct tensor *dy = layer_kept(call, DY), *rows = rows_of_samples(dy);
    compute_add_looked_up(layer_kept(call, TOKENS), words_of_table(call->own).begin, dy,
                          call->gradient[TOKEN]);
    compute_add_column_sums(rows, call->gradient[POSITION]);
    tensor_free(rows);
    /* END SOLUTION */
    //| /* TODO: add the gradients of this rank's rows of the table, and of the positions.
    //|  * Hint: layer_kept, compute_add_looked_up, compute_add_column_sums of the same view.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("embedding, gradients", call);
}

struct layer vocabulary_parallel_embedding(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "vocabulary-parallel embedding";
    layer.forward = embedding_forward;
    layer.backward_input = embedding_backward_input;
    layer.backward_weight = embedding_backward_weight;
    /* BEGIN SOLUTION */
    const struct parameter *table = &place->whole->parameter[TOKEN];
    const struct part own = words_of_table(place);
    layer.parameter[TOKEN] =
        layer_parameter_part(table, slice_along(table->shape, 0, own.begin, own.end));
    /* END SOLUTION */
    //| /* TODO: which slice of the table (words, width) this rank has: the words that split gives it.
    //|  * Hint: layer_parameter_part and slice_along, as in column_parallel_linear.c.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("slice of the embedding", place);
    return layer_custom(&layer);
}

/* ---- head ------------------------------------------------------------------------------------------ */

/* This rank's words of the weight, the head's own or the embedding's table. */
static struct tensor *weight_of(const struct layer_call *call)
{
    return call->layer->tied ? call->tied : call->parameter[0];
}

static struct tensor *weight_gradient_of(const struct layer_call *call)
{
    return call->layer->tied ? call->tied_gradient : call->gradient[0];
}

static struct tensor *head_forward(struct layer_call *call, struct tensor *x)
{
    struct tensor *weight = weight_of(call);
    /* BEGIN SOLUTION */
    x = enter_forward(call->own, x);
    struct tensor *logits = layer_output_new(call);
    compute_matrix_product(false, true, x, weight, 0.0f, logits);
    layer_keep(call, X, x);
    return logits;
    /* END SOLUTION */
    //| /* TODO: the logits of this rank's words (samples, tokens, this rank's words), from x (samples, tokens,
    //|  * width), which is whole. weight is (this rank's words, width).
    //|  * Hint: a column-parallel linear layer without a bias: compute_matrix_product, as in
    //|  * column_parallel_linear.c.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("head, forward", call, x, weight);
}

static struct tensor *head_backward_input(struct layer_call *call, struct tensor *dlogits,
                                          bool want_dx)
{
    struct tensor *weight = weight_of(call), *gradient = weight_gradient_of(call);
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    struct tensor *x = layer_take(call, X);
    struct exchange exchange;
    if (want_dx) {
        struct tensor *dx = compute_new_like(x);
        compute_matrix_product(false, false, dlogits, weight, 0.0f, dx);
        exchange = enter_backward_begin(place, dx);
    }
    compute_matrix_product(true, false, dlogits, x, 1.0f, gradient);
    tensor_free(dlogits);
    tensor_free(x);
    return want_dx ? enter_backward_end(place, &exchange) : NULL;
    /* END SOLUTION */
    //| /* TODO: dx, whole (NULL unless want_dx), from the gradient of this rank's logits; and the gradient of
    //|  * the weight, added to `gradient` (beta 1). What is taken over and kept is freed here: tensor_free,
    //|  * layer_take.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("head, backward", call, dlogits, want_dx, weight, gradient);
}

/* head_backward_input has added the gradient already. */
static void head_backward_weight(struct layer_call *call)
{
    (void)call;
}

struct layer vocabulary_parallel_head(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "vocabulary-parallel head";
    layer.tied = place->whole->tied;
    layer.forward = head_forward;
    layer.backward_input = head_backward_input;
    layer.backward_weight = head_backward_weight;
    /* BEGIN SOLUTION */
    const struct part own = own_words(place, shape_last(place->whole->output));
    for (int k = 0; k < place->whole->parameters; k++)
        layer.parameter[k] = layer_parameter_part(
            &place->whole->parameter[k],
            slice_along(place->whole->parameter[k].shape, 0, own.begin, own.end));
    layer.output.size[layer.output.dimensions - 1] = own.end - own.begin;
    /* END SOLUTION */
    //| /* TODO: which slice of the weight (words, width) this rank has, if there is one
    //|  * (place->whole->parameters), and the last size of layer.output.
    //|  * Hint: a head that is tied has no weight: how many words there are says shape_last(place->whole->output).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("slice of the head", place);
    return layer_custom(&layer);
}
