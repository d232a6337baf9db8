/*
 * The borders of the split region: where each rank's slice of a weight meets a tensor that is whole, or,
 * with sequence parallelism, of which each rank has some of the tokens.
 *
 *                     whole outside          by tokens outside
 *     enter           nothing                all-gather
 *     leave           all-reduce             reduce-scatter
 *     leave, back     nothing                all-gather
 *     enter, back     all-reduce             reduce-scatter
 *
 * An all-reduce is a reduce-scatter and an all-gather, so as many bytes move, and between leaving and
 * entering each rank holds and computes 1/t. (Korthikanti et al. 2022, section 4.2.2.)
 *
 * What a layer gathers when it is entered it keeps for its weight's gradient. Who keeps its own part alone, and
 * gathers it once again in the backward, holds 1/t there, too, for one more all-gather.
 */
#include "assignments/tensor/tensor.h"

enum { TOKENS = 1 }; /* the dimension of (samples, tokens, columns) that is split */

/* BEGIN SOLUTION */
/* Of how many tokens a rank has a part, outside. */
static int tokens_of(const struct tensor_place *place)
{
    return place->whole->input.size[0];
}

/* x, with the parts of the ranks one behind the other: each (samples, its tokens, columns). In x they are in
 * one piece only where there is one sample. Takes over x. */
static struct tensor *rank_by_rank(const struct tensor_group *group, struct tensor *x, int *count)
{
    struct tensor *packed = compute_new_like(x);
    size_t first = 0;
    for (int rank = 0; rank < group->ranks; rank++) {
        const struct part part = split(x->shape.size[TOKENS], group->ranks, rank);
        const int tokens = part.end - part.begin;
        struct tensor *piece = tensor_view(packed, first, shape_with(x->shape, TOKENS, tokens));
        compute_copy_part(x, part.begin, TOKENS, piece, 0, tokens);
        count[rank] = piece->count;
        first += piece->elements;
        tensor_free(piece);
    }
    tensor_free(x);
    return packed;
}

/* From a term of all tokens on each rank to the sum of this rank's tokens. Takes over x. */
static struct exchange reduce_scatter_begin(const struct tensor_group *group, struct tensor *x)
{
    int count[group->ranks];
    const struct part own = split(x->shape.size[TOKENS], group->ranks, group->rank);
    const struct shape shape = shape_with(x->shape, TOKENS, own.end - own.begin);
    struct exchange exchange = {.dx = compute_new(x->device, shape),
                                .sent = rank_by_rank(group, x, count)};
    mpi_check(MPI_Ireduce_scatter(exchange.sent->data, exchange.dx->data, count, MPI_FLOAT, MPI_SUM,
                                  group->comm, &exchange.request));
    return exchange;
}

static struct tensor *reduce_scatter_end(struct exchange *exchange)
{
    mpi_check(MPI_Wait(&exchange->request, MPI_STATUS_IGNORE));
    tensor_free(exchange->sent);
    return exchange->dx;
}

/* END SOLUTION */
struct tensor *enter_forward(const struct tensor_place *place, struct tensor *x)
{
    /* BEGIN SOLUTION */
    if (place->by_tokens)
        return gather_forward(place->group, x, TOKENS, tokens_of(place));
    /* END SOLUTION */
    //| /* TODO: with place->by_tokens each rank has its part of the tokens of x, and the layer needs all of
    //|  * them: place->whole->input.size[0], in the order of the ranks.
    //|  *
    //|  * The parts are those of split, and need not be of one size. Between entering and leaving, your
    //|  * layers have all tokens, outside their own only: look through them for layer_output_new and
    //|  * layer_input_new, which make what is outside.
    //|  * Hint: you have written it, along any dimension (operators.c).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| if (place->by_tokens)
    //|     todo("gather the tokens", place, x, TOKENS);
    return copy_forward(place->group, x);
}

struct exchange enter_backward_begin(const struct tensor_place *place, struct tensor *dx)
{
    /* BEGIN SOLUTION */
    if (place->by_tokens)
        return reduce_scatter_begin(place->group, dx);
    /* END SOLUTION */
    //| /* TODO: with place->by_tokens: each rank has a term of dx, for all tokens. It needs the sum, for its
    //|  * own tokens. Begin it here, and wait in enter_backward_end.
    //|  *
    //|  * dx (samples, tokens, columns) becomes exchange.dx (samples, own tokens, columns). With several
    //|  * samples a rank's tokens are not in one piece in dx.
    //|  * Hint: copy the parts behind each other first, rank by rank (compute_copy_part into views of a new
    //|  * tensor, which stays exchange.sent until the end: compute_new_like, tensor_view, shape_with), then
    //|  * mpi_check(MPI_Ireduce_scatter(…)) into a tensor of compute_new. dx is taken over (tensor_free).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| if (place->by_tokens)
    //|     todo("begin to sum and scatter the gradients of the tokens", place, dx);
    struct exchange exchange = {.request = MPI_REQUEST_NULL, .dx = dx};
    copy_backward_begin(place->group, dx, &exchange.request);
    return exchange;
}

struct tensor *enter_backward_end(const struct tensor_place *place, struct exchange *exchange)
{
    /* BEGIN SOLUTION */
    if (place->by_tokens)
        return reduce_scatter_end(exchange);
    /* END SOLUTION */
    //| /* TODO: with place->by_tokens: wait for it, free what was sent (tensor_free), return what came.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| if (place->by_tokens)
    //|     todo("end to sum and scatter the gradients of the tokens", place, exchange);
    return copy_backward_end(exchange->dx, &exchange->request);
}

struct tensor *leave_forward(const struct tensor_place *place, struct tensor *y)
{
    /* BEGIN SOLUTION */
    if (place->by_tokens) {
        struct exchange exchange = reduce_scatter_begin(place->group, y);
        return reduce_scatter_end(&exchange);
    }
    /* END SOLUTION */
    //| /* TODO: with place->by_tokens: each rank has a term of y, for all tokens. It needs the sum, for its
    //|  * own tokens.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| if (place->by_tokens)
    //|     todo("sum and scatter the tokens", place, y);
    return reduce_forward(place->group, y);
}

struct tensor *leave_backward(const struct tensor_place *place, struct tensor *dy)
{
    /* BEGIN SOLUTION */
    if (place->by_tokens)
        return gather_forward(place->group, dy, TOKENS, tokens_of(place));
    /* END SOLUTION */
    //| /* TODO: with place->by_tokens: dy is of the own tokens. What is the gradient of this rank's term?
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| if (place->by_tokens)
    //|     todo("gather the gradients of the tokens", place, dy);
    return reduce_backward(place->group, dy);
}

/* ---- where the split by tokens begins and ends ---------------------------------------------------- */

struct tensor *split_tokens_forward(const struct tensor_group *group, struct tensor *x)
{
    /* BEGIN SOLUTION */
    return scatter_forward(group, x, TOKENS);
    /* END SOLUTION */
    //| /* TODO: x, behind the embedding, is whole. Return this rank's tokens of it.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| todo("split the tokens, forward", group, x);
}

struct tensor *split_tokens_backward(const struct tensor_group *group, struct tensor *dx,
                                     int tokens)
{
    /* BEGIN SOLUTION */
    return scatter_backward(group, dx, TOKENS, tokens);
    /* END SOLUTION */
    //| /* TODO: every rank computes the embedding's gradients, and needs dx of all tokens for it.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| todo("split the tokens, backward", group, dx, tokens);
}

struct tensor *join_tokens_forward(const struct tensor_group *group, struct tensor *x, int tokens)
{
    /* BEGIN SOLUTION */
    return gather_forward(group, x, TOKENS, tokens);
    /* END SOLUTION */
    //| /* TODO: the next layer, the mean of all tokens, say, is the same on every rank: return all tokens.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| todo("join the tokens, forward", group, x, tokens);
}

struct tensor *join_tokens_backward(const struct tensor_group *group, struct tensor *dy)
{
    /* BEGIN SOLUTION */
    return gather_backward(group, dy, TOKENS);
    /* END SOLUTION */
    //| /* TODO: dy is of all tokens, and the same on every rank: it is no term of a sum, as it is in
    //|  * enter_backward_begin. What is the gradient of this rank's tokens?
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| todo("join the tokens, backward", group, dy);
}

/* ---- gradients --------------------------------------------------------------------------------------- */

void sum_gradients_by_tokens(const struct tensor_group *group, int count,
                             const struct replicated_gradient *of)
{
    /* BEGIN SOLUTION */
    /* A norm has seen the own tokens alone, and so has the bias that attention adds behind its sum. A
     * row-parallel linear layer's does, too, but its gradient was computed from dy of all tokens. */
    for (int i = 0; i < count; i++)
        if (of[i].input_is_part)
            mpi_check(MPI_Allreduce(MPI_IN_PLACE, of[i].gradient->data, of[i].gradient->count,
                                    MPI_FLOAT, MPI_SUM, group->comm));
    /* END SOLUTION */
    //| /* TODO: which of these gradients are sums over this rank's tokens only? Add those of all ranks up, and
    //|  * leave the others as they are: what every rank computed from all tokens is complete.
    //|  *
    //|  * Given: of[0], …, of[count - 1], the same on all ranks. For each: what its layer is (the kind of the
    //|  * kit's: "layer_norm", "linear", "attention"), and whether a part of the tokens comes into it or goes
    //|  * out of it. That alone does not decide: look at what the gradient is computed from in your own
    //|  * layers (the biases behind a row-parallel layer and behind attention), before or behind the gather.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequence_parallel
    //|  */
    //| todo("sum the gradients of what saw a part of the tokens", group, count, of);
}
