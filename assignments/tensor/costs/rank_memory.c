/*
 * Activations of one layer on one rank; see rank_costs.h.
 *
 * A tensor that is put together from the ranks' parts is there twice for a moment, as it came and in its
 * order; one that is summed and scattered, too.
 */
#include "assignments/tensor/costs/rank_costs.h"

#include "assignments/tensor/alone.h"

/* What a rank has of x, inside of the layer, and of y, behind it. */
static double share_of_input(const struct rank_walk *walk, struct rank_place place)
{
    if (place.form == FORM_ROW || place.form == FORM_SPLIT)
        return place.share;
    return place.form == FORM_WHOLE ? walk->outside_share : 1;
}

static double share_of_output(const struct rank_walk *walk, struct rank_place place)
{
    if (place.form == FORM_COLUMN || place.form == FORM_SPLIT)
        return place.share;
    return place.form == FORM_COLUMN_GATHERED ? 1 : walk->outside_share;
}

static bool enters(const struct layer *layer, struct rank_place place)
{
    return tensor_is_attention(layer) || place.form == FORM_COLUMN ||
           place.form == FORM_COLUMN_GATHERED;
}

static bool leaves(const struct layer *layer, struct rank_place place)
{
    return tensor_is_attention(layer) || place.form == FORM_ROW;
}

/* The most that comes and goes at a time in the backward: dx and dy, and where tokens are split what is
 * made of them. */
static double moving_bytes(const struct rank_walk *walk, const struct layer *layer,
                           const struct whole_layer *whole, struct rank_place place)
{
    const double input = share_of_input(walk, place) * whole->input_bytes;
    const double output = share_of_output(walk, place) * whole->output_bytes;
    double moving = whole->in_place ? MAX(input, output) : input + output;
    if (walk->outside != OUTSIDE_BY_TOKENS)
        return moving;
    if (leaves(layer, place)) {
        moving = MAX(output + 2 * whole->output_bytes, whole->output_bytes + input);
    }
    if (enters(layer, place))
        moving = MAX(moving, (2 + walk->outside_share) * whole->input_bytes +
                                 (leaves(layer, place) ? whole->output_bytes : output));
    return moving;
}

void rank_memory_add(struct rank_walk *walk, const struct layer *layer,
                     const struct whole_layer *whole, struct rank_place place)
{
    GArray *before = walk->costs->kept;
    const bool gathers = walk->outside == OUTSIDE_BY_TOKENS && enters(layer, place);
    const bool is_kept = before->len > 0 && !gathers &&
                         g_array_index(before, struct rank_kept, before->len - 1).output;
    const double input = share_of_input(walk, place) * whole->input_bytes;
    const double output = share_of_output(walk, place) * whole->output_bytes;
    const double inside = place.form == FORM_WHOLE ? walk->outside_share : place.share;
    const struct rank_kept kept = {
        .kept = (whole->keeps_input && !is_kept ? input : 0) + (whole->keeps_output ? output : 0) +
                inside * whole->kept_bytes,
        .output = whole->keeps_output,
        .moving = moving_bytes(walk, layer, whole, place) + (place.waits ? walk->waiting : 0)};
    g_array_append_val(before, kept);
}

/* Backwards, what a layer kept is there until its gradients have come and gone. */
void rank_memory_find_peak(struct rank_costs *costs)
{
    double held = 0;
    for (guint i = 0; i < costs->kept->len; i++)
        held += g_array_index(costs->kept, struct rank_kept, i).kept;
    costs->saved_bytes = held;
    for (guint i = costs->kept->len; i-- > 0;) {
        const struct rank_kept *layer = &g_array_index(costs->kept, struct rank_kept, i);
        costs->peak_bytes = MAX(costs->peak_bytes, held + layer->moving);
        held -= layer->kept;
    }
}
