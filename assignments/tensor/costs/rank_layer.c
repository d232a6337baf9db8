/*
 * One layer on one rank; see rank_costs.h.
 *
 * Which rounds of messages it takes (Shoeybi et al. 2019):
 *
 *     column       backward: all-reduce of dx, beside the gradient of the weight
 *     … gathered   besides, forward: all-gather of y
 *     row          forward: all-reduce of y
 *     attention    a column layer (queries, keys, values) and a row layer (projection)
 *     layer norm   over a split dimension: sums over it, two numbers a row, forward and backward
 */
#include "assignments/tensor/costs/rank_costs.h"

#include "assignments/tensor/between_chains.h"

#include <string.h>

static bool is_kind(const struct layer *layer, const char *kind)
{
    return strcmp(layer->operations->kind, kind) == 0;
}

int rank_layer_cuts(const struct layer *layer)
{
    if (tensor_is_attention(layer))
        return layer->heads;
    if (is_kind(layer, "linear") || is_kind(layer, "convolution"))
        return layer->parameter[0].shape.size[0];
    return 0;
}

/* ---- rounds ------------------------------------------------------------------------------------- */

static void add_round(struct rank_costs *costs, enum rank_round_kind kind, bool backward,
                      double bytes, double beside)
{
    const struct rank_round round = {kind, backward, bytes, beside};
    g_array_append_val(costs->round, round);
}

/* dx of everything that the layer takes, while so many FLOPs of its weights' gradients are computed. */
static void add_dx(struct rank_costs *costs, const struct whole_layer *whole,
                   struct rank_place place, double beside)
{
    if (place.wants_dx)
        add_round(costs, RANK_ALL_REDUCE, true, whole->input_bytes, beside);
}

/* Layer norm over what is split: mean and variance of each row are made of sums over the ranks. */
static void add_sums_of_rows(struct rank_costs *costs, const struct layer *layer, int samples)
{
    const int columns = layer->parameter[0].shape.size[0];
    const double rows = samples * shape_count(layer->input) / columns;
    add_round(costs, RANK_ALL_REDUCE, false, sizeof(float) * rows, 0);
    add_round(costs, RANK_ALL_REDUCE, false, sizeof(float) * rows, 0);
    add_round(costs, RANK_ALL_REDUCE, true, 2 * sizeof(float) * rows, 0);
}

/* The weights of queries, keys and values are three quarters of an attention's. */
#define PART_OF_QKV 0.75

static void add_rounds(struct rank_costs *costs, const struct layer *layer,
                       const struct whole_layer *whole, struct rank_place place, int samples)
{
    const double weight = place.share * whole->backward_weight;
    if (tensor_is_attention(layer)) {
        add_round(costs, RANK_ALL_REDUCE, false, whole->output_bytes, 0);
        add_dx(costs, whole, place, PART_OF_QKV * weight);
    } else if (place.form == FORM_COLUMN || place.form == FORM_COLUMN_GATHERED) {
        if (place.form == FORM_COLUMN_GATHERED)
            add_round(costs, RANK_ALL_GATHER, false, whole->output_bytes, 0);
        add_dx(costs, whole, place, weight);
    } else if (place.form == FORM_ROW) {
        add_round(costs, RANK_ALL_REDUCE, false, whole->output_bytes, 0);
    } else if (place.form == FORM_SPLIT && is_kind(layer, "layer_norm")) {
        add_sums_of_rows(costs, layer, samples);
    }
}

/* ---- memory --------------------------------------------------------------------------------------- */

/* What a rank has of x, and of y. */
static double share_of_input(const struct layer *layer, struct rank_place place)
{
    const bool is_split = place.form == FORM_ROW || place.form == FORM_SPLIT;
    return is_split && !tensor_is_attention(layer) ? place.share : 1;
}

static double share_of_output(const struct layer *layer, struct rank_place place)
{
    const bool is_split = place.form == FORM_COLUMN || place.form == FORM_SPLIT;
    return is_split && !tensor_is_attention(layer) ? place.share : 1;
}

/* Between forward and backward. What comes in may be kept by the layer before already. */
static void add_kept(struct rank_costs *costs, const struct layer *layer,
                     const struct whole_layer *whole, struct rank_place place)
{
    const guint layers = costs->kept->len;
    const bool is_kept =
        layers > 0 && g_array_index(costs->kept, struct rank_kept, layers - 1).output;
    const double input = share_of_input(layer, place) * whole->input_bytes;
    const double output = share_of_output(layer, place) * whole->output_bytes;
    const struct rank_kept kept = {.kept = (whole->keeps_input && !is_kept ? input : 0) +
                                           (whole->keeps_output ? output : 0) +
                                           place.share * whole->kept_bytes,
                                   .output = whole->keeps_output,
                                   .moving = whole->in_place ? MAX(input, output) : input + output};
    g_array_append_val(costs->kept, kept);
}

/* A row layer and attention have their last bias whole. */
static double share_of_parameters(const struct layer *layer, const struct whole_layer *whole,
                                  struct rank_place place)
{
    const bool whole_bias = tensor_is_attention(layer) || place.form == FORM_ROW;
    const double bias = whole_bias ? whole->bias_bytes : 0;
    if (whole->parameter_bytes <= 0)
        return 0;
    return (bias + place.share * (whole->parameter_bytes - bias)) / whole->parameter_bytes;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

void rank_layer_add(struct rank_costs *costs, const struct layer *layer, struct rank_place place,
                    const struct rank_setting *setting)
{
    const struct whole_layer whole = whole_layer_costs(layer, setting->samples, setting->optimizer);
    const double backward =
        (place.wants_dx ? whole.backward_input : whole.backward_input_without_dx) +
        whole.backward_weight;
    const double parameters = share_of_parameters(layer, &whole, place);
    const bool is_split = tensor_is_attention(layer) || place.form != FORM_WHOLE;
    costs->forward += place.share * whole.forward;
    costs->backward += place.share * backward;
    if (!is_split)
        costs->whole += whole.forward + backward;
    if (!place.wants_dx && layer->parameters > 0) {
        costs->needless += place.share * (whole.backward_input - whole.backward_input_without_dx);
        costs->needless_bytes = MAX(costs->needless_bytes, whole.input_bytes);
    }
    costs->optimizer += parameters * whole.optimizer;
    costs->parameter_bytes += parameters * whole.parameter_bytes;
    costs->state_bytes += parameters * whole.state_bytes;
    add_kept(costs, layer, &whole, place);
    if (setting->ranks > 1 && is_split)
        add_rounds(costs, layer, &whole, place, setting->samples);
}
