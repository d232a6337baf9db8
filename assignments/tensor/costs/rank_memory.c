/*
 * Activations of one layer on one rank; see rank_costs.h.
 *
 * A tensor that is put together from the ranks' parts is there twice for a moment, as it came and in its
 * order; one that is summed and scattered, too.
 */
#include "assignments/tensor/costs/rank_costs.h"

#include "assignments/tensor/between_chains.h"

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

/* What attention needs inside, from dy to dx: gradients of heads, of queries, keys and values, while what it
 * keeps is there; and then, without the latter and the probabilities, dx. */
static double inside_attention(const struct rank_walk *walk, const struct layer *layer,
                               double share, double dx)
{
    const double samples = walk->setting->samples, tokens = layer->input.size[0];
    const double width = sizeof(float) * samples * shape_count(layer->input);
    const double probabilities = sizeof(float) * samples * layer->heads * tokens * tokens;
    return MAX(share * 4 * width, dx - share * probabilities);
}

/* Into a layer, or out of one, where outside are some of the tokens: what is gathered is there twice for a
 * moment, what is summed and scattered lies rank by rank besides. */
static double backward_by_tokens(const struct rank_walk *walk, const struct layer *layer,
                                 const struct whole_layer *whole, struct rank_place place)
{
    const double input = share_of_input(walk, place) * whole->input_bytes;
    const double output = share_of_output(walk, place) * whole->output_bytes;
    const double dx = (2 + walk->outside_share) * whole->input_bytes;
    const double gathers = output + 2 * whole->output_bytes;
    if (tensor_is_attention(layer))
        return MAX(gathers,
                   output + whole->output_bytes + inside_attention(walk, layer, place.share, dx));
    if (place.form == FORM_ROW)
        return MAX(gathers, output + whole->output_bytes + input);
    return dx + (place.form == FORM_COLUMN_GATHERED ? place.share : 1) * output;
}

static double backward_bytes(const struct rank_walk *walk, const struct layer *layer,
                             const struct whole_layer *whole, struct rank_place place)
{
    const double input = place.wants_dx ? share_of_input(walk, place) * whole->input_bytes : 0;
    const double output = share_of_output(walk, place) * whole->output_bytes;
    if (walk->outside == OUTSIDE_BY_TOKENS && (enters(layer, place) || place.form == FORM_ROW))
        return backward_by_tokens(walk, layer, whole, place);
    if (tensor_is_attention(layer))
        return output + inside_attention(walk, layer, place.share, input);
    if (place.form == FORM_COLUMN_GATHERED) /* its own columns of dy take the place of dy */
        return place.share * output + MAX(output, input);
    return (whole->in_place ? MAX(input, output) : input + output) +
           walk->joined_share * whole->input_bytes;
}

/* Only where it may be more than backwards: where parts are gathered of what comes in or goes out. */
static double forward_bytes(const struct rank_walk *walk, const struct whole_layer *whole,
                            struct rank_place place)
{
    if (place.form == FORM_COLUMN_GATHERED)
        return (2 + place.share) * whole->output_bytes;
    if (walk->joined_share <= 0)
        return 0;
    return (walk->joined_share + (whole->keeps_input ? 1 : 2)) * whole->input_bytes;
}

/* A row layer keeps x and dy; column layers and attention have their gradients at once. */
static double for_weight_bytes(const struct rank_walk *walk, const struct layer *layer,
                               const struct whole_layer *whole, struct rank_place place)
{
    if (enters(layer, place))
        return 0;
    if (place.form == FORM_ROW)
        return place.share * whole->input_bytes + whole->output_bytes;
    return (place.form == FORM_SPLIT ? place.share : walk->outside_share) * whole->for_weight_bytes;
}

void rank_memory_add(struct rank_walk *walk, const struct layer *layer,
                     const struct whole_layer *whole, struct rank_place place)
{
    GArray *before = walk->costs->kept;
    const bool gathers = walk->outside == OUTSIDE_BY_TOKENS && enters(layer, place);
    const bool is_kept =
        before->len > 0 && !gathers &&
        (walk->shares_input || g_array_index(before, struct rank_kept, before->len - 1).output);
    const double input = share_of_input(walk, place) * whole->input_bytes;
    const double output = share_of_output(walk, place) * whole->output_bytes;
    const double inside = place.form == FORM_WHOLE ? walk->outside_share : place.share;
    walk->shares_input = false;
    if (walk->depth == 0)
        walk->layer++;
    struct rank_kept kept = {.kept = (whole->keeps_input && !is_kept ? input : 0) +
                                     (whole->keeps_output ? output : 0) +
                                     inside * whole->kept_bytes,
                             .output = whole->keeps_output,
                             .forward = forward_bytes(walk, whole, place),
                             .backward = backward_bytes(walk, layer, whole, place),
                             .dy_goes = place.form == FORM_COLUMN_GATHERED,
                             .for_weight = for_weight_bytes(walk, layer, whole, place),
                             .layer = walk->layer};
    if (is_kept && place.form == FORM_ROW) { /* and that layer's y has to stay as long */
        kept.for_weight -= input;
        g_array_index(before, struct rank_kept, before->len - 1).for_weight += input;
    }
    g_array_append_val(before, kept);
}

void rank_memory_add_waiting(struct rank_walk *walk, guint first, double bytes)
{
    GArray *kept = walk->costs->kept;
    const guint last = kept->len - 1;
    /* If the last keeps dy for its weights it is this very dy, unless it gathered that. */
    if (walk->outside != OUTSIDE_BY_TOKENS &&
        g_array_index(kept, struct rank_kept, last).for_weight > 0)
        return;
    for (guint i = first; i < last + g_array_index(kept, struct rank_kept, last).dy_goes; i++)
        g_array_index(kept, struct rank_kept, i).backward += bytes;
}

/* Backwards, what a layer kept is there until its gradients have come and gone. */
void rank_memory_find_peak(struct rank_costs *costs)
{
    double held = 0, for_weight = 0;
    for (guint i = 0; i < costs->kept->len; i++)
        held += g_array_index(costs->kept, struct rank_kept, i).kept;
    costs->saved_bytes = held + costs->loss_bytes;
    for (guint i = costs->kept->len; i-- > 0;) {
        const struct rank_kept *layer = &g_array_index(costs->kept, struct rank_kept, i);
        if (i + 1 < costs->kept->len && layer->layer != layer[1].layer)
            for_weight = 0;
        costs->peak_bytes = MAX(costs->peak_bytes, held + layer->forward);
        costs->peak_bytes = MAX(costs->peak_bytes, held + for_weight + layer->backward);
        held -= layer->kept;
        for_weight += layer->for_weight;
    }
}
