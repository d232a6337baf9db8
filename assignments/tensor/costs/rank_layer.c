/* One layer on one rank; see rank_costs.h. */
#include "assignments/tensor/costs/rank_costs.h"

#include "assignments/tensor/between_chains.h"

#include <string.h>

bool rank_layer_is_kind(const struct layer *layer, const char *kind)
{
    return strcmp(layer->operations->kind, kind) == 0;
}

int rank_layer_cuts(const struct layer *layer)
{
    if (tensor_is_attention(layer))
        return layer->heads;
    if (rank_layer_is_kind(layer, "tied_head"))
        return shape_last(layer->output);
    if (rank_layer_is_kind(layer, "linear") || rank_layer_is_kind(layer, "convolution") ||
        tensor_is_embedding(layer))
        return layer->parameter[0].shape.size[0];
    return 0;
}

/* Its work on this rank, as a share of the whole. Whoever has some of the words looks all tokens up. */
static double share_of_work(const struct rank_walk *walk, const struct layer *layer,
                            struct rank_place place)
{
    if (place.form == FORM_WHOLE)
        return walk->outside_share;
    return tensor_is_embedding(layer) ? 1 : place.share;
}

/* A row layer and attention have their last bias whole, an embedding its positions. */
static double share_of_parameters(const struct whole_layer *whole, struct rank_place place)
{
    const bool last_is_whole = place.form == FORM_INSIDE || place.form == FORM_ROW;
    const double last = last_is_whole ? whole->bias_bytes : 0;
    if (whole->parameter_bytes <= 0 || place.form == FORM_WHOLE)
        return 1;
    return (last + place.share * (whole->parameter_bytes - last)) / whole->parameter_bytes;
}

static void add_work(struct rank_walk *walk, const struct layer *layer,
                     const struct whole_layer *whole, struct rank_place place)
{
    struct rank_costs *costs = walk->costs;
    const double share = share_of_work(walk, layer, place);
    const double backward =
        (place.wants_dx ? whole->backward_input : whole->backward_input_without_dx) +
        whole->backward_weight;
    costs->forward += share * whole->forward;
    costs->backward += share * backward;
    if (place.form == FORM_WHOLE ? walk->outside == OUTSIDE_WHOLE : tensor_is_embedding(layer))
        costs->whole += whole->forward + backward;
    if (!place.wants_dx && layer->parameters > 0) {
        costs->needless += share * (whole->backward_input - whole->backward_input_without_dx);
        costs->needless_bytes = MAX(costs->needless_bytes, whole->input_bytes);
    }
}

void rank_layer_add(struct rank_walk *walk, const struct layer *layer, struct rank_place place)
{
    struct rank_costs *costs = walk->costs;
    const struct whole_layer whole =
        whole_layer_costs(layer, walk->setting->samples, walk->setting->optimizer);
    const double parameters = share_of_parameters(&whole, place);
    rank_outside_before(walk, layer, &whole);
    add_work(walk, layer, &whole, place);
    costs->optimizer += parameters * whole.optimizer;
    costs->parameter_bytes += parameters * whole.parameter_bytes;
    costs->state_bytes += parameters * whole.state_bytes;
    rank_memory_add(walk, layer, &whole, place);
    rank_rounds_add(walk, layer, &whole, place);
    rank_outside_behind(walk, layer, &whole, place.form);
}
