/*
 * The rounds of messages of one layer; see rank_costs.h.
 *
 *                  tensors outside are whole                   outside each rank has some tokens
 *     column       backward: all-reduce of dx                  forward: all-gather of x; backward: reduce-scatter of dx
 *     … gathered   besides, forward: all-gather of y           the same
 *     row          forward: all-reduce of y                    forward: reduce-scatter of y; backward: all-gather of dy
 *     attention    a column layer (queries, keys, values) and a row layer (projection)
 *     layer norm   over a split dimension: sums over it, two numbers a row, forward and backward
 *     embedding    of some words: forward, all-reduce of y
 *
 * The round of dx is under way while the gradient of the weight is computed. Parameters that every rank has
 * all of, and whose gradients it has from some tokens or samples alone: an all-reduce for each, once a step.
 * (Shoeybi et al. 2019; Korthikanti et al. 2022; Krizhevsky 2014.)
 */
#include "assignments/tensor/costs/rank_costs.h"

#include "assignments/tensor/between_chains.h"

void rank_rounds_put(struct rank_walk *walk, struct rank_round round)
{
    if (walk->setting->ranks > 1)
        g_array_append_val(walk->costs->round, round);
}

/* A sum: every rank hands in all of it. */
static void put_sum(struct rank_walk *walk, enum rank_round_kind kind, bool backward, double bytes)
{
    rank_rounds_put(
        walk, (struct rank_round){.kind = kind, .backward = backward, .bytes = bytes, .share = 1});
}

static void put_gather(struct rank_walk *walk, bool backward, double bytes, double share)
{
    rank_rounds_put(
        walk, (struct rank_round){
                  .kind = RANK_ALL_GATHER, .backward = backward, .bytes = bytes, .share = share});
}

/* Into a split layer, while so many FLOPs of its weights' gradients are computed. */
static void enter(struct rank_walk *walk, const struct whole_layer *whole, struct rank_place place,
                  double beside)
{
    const bool by_tokens = walk->outside == OUTSIDE_BY_TOKENS;
    if (by_tokens)
        put_gather(walk, false, whole->input_bytes, walk->outside_share);
    if (place.wants_dx)
        rank_rounds_put(
            walk, (struct rank_round){.kind = by_tokens ? RANK_REDUCE_SCATTER : RANK_ALL_REDUCE,
                                      .backward = true,
                                      .bytes = whole->input_bytes,
                                      .share = 1,
                                      .beside = beside});
}

static void leave(struct rank_walk *walk, const struct whole_layer *whole)
{
    const bool by_tokens = walk->outside == OUTSIDE_BY_TOKENS;
    put_sum(walk, by_tokens ? RANK_REDUCE_SCATTER : RANK_ALL_REDUCE, false, whole->output_bytes);
    if (by_tokens)
        put_gather(walk, true, whole->output_bytes, walk->outside_share);
}

/* Layer norm over what is split: mean and variance of each row are made of sums over the ranks. */
static void add_sums_of_rows(struct rank_walk *walk, const struct layer *layer)
{
    const double columns = shape_count(layer->parameter[0].shape);
    const double rows = walk->setting->samples * shape_count(layer->input) / columns;
    put_sum(walk, RANK_ALL_REDUCE, false, sizeof(float) * rows);
    put_sum(walk, RANK_ALL_REDUCE, false, sizeof(float) * rows);
    put_sum(walk, RANK_ALL_REDUCE, true, 2 * sizeof(float) * rows);
}

static void sum_gradient(struct rank_walk *walk, double bytes)
{
    rank_rounds_put(
        walk,
        (struct rank_round){
            .kind = RANK_ALL_REDUCE, .backward = true, .once = true, .bytes = bytes, .share = 1});
}

/* Of what has seen this rank's tokens or samples alone. */
static void add_sums_of_gradients(struct rank_walk *walk, const struct layer *layer,
                                  const struct whole_layer *whole, struct rank_place place)
{
    if (walk->outside == OUTSIDE_WHOLE)
        return;
    if (tensor_is_attention(layer)) /* the bias of the projection is added behind the sum */
        sum_gradient(walk, whole->bias_bytes);
    else if (place.form == FORM_WHOLE)
        for (int k = 0; k < layer->parameters; k++)
            sum_gradient(walk, (double)sizeof(float) * shape_count(layer->parameter[k].shape));
}

void rank_rounds_add(struct rank_walk *walk, const struct layer *layer,
                     const struct whole_layer *whole, struct rank_place place)
{
    const double weight = place.share * whole->backward_weight;
    if (tensor_is_attention(layer)) {
        leave(walk, whole);
        enter(walk, whole, place, weight);
    } else if (place.form == FORM_INSIDE) {
        put_sum(walk, RANK_ALL_REDUCE, false, whole->output_bytes);
    } else if (place.form == FORM_COLUMN || place.form == FORM_COLUMN_GATHERED) {
        if (place.form == FORM_COLUMN_GATHERED)
            put_gather(walk, false, whole->output_bytes, place.share);
        enter(walk, whole, place, weight);
    } else if (place.form == FORM_ROW) {
        leave(walk, whole);
    } else if (place.form == FORM_SPLIT && rank_layer_is_kind(layer, "layer_norm")) {
        add_sums_of_rows(walk, layer);
    }
    add_sums_of_gradients(walk, layer, whole, place);
}
