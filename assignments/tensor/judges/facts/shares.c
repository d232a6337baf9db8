/* FLOPs of a rank's share; see shares.h. */
#include "assignments/tensor/judges/facts/shares.h"
#include "assignments/tensor/between_chains.h"

#include <math.h>
#include <string.h>

const struct mistake tensor_work_not_split = {
    .name = "every rank computes the whole layers",
    .explanation =
        "A rank's computations cost about as much as the whole model does in one process: "
        "nothing is gained by further ranks.",
    .look = "whether a layer computes with its own slice only, and what it says its slices are",
};
const struct mistake tensor_work_beyond_share = {
    .name = "a rank computes more than its share",
    .explanation = "Its computations cost more than its slices of the layers ask for: something is "
                   "computed twice, or for other ranks.",
    .look = "what is computed a second time, or with slices of another rank",
};
const struct mistake tensor_work_below_share = {
    .name = "less is computed than a rank's share",
    .explanation =
        "Something is left out, or computed where it is not counted: what "
        "common/layers/operations.h computes is counted, loops over `data` and other libraries "
        "are not.",
    .look = "what is not computed in every micro-batch, and arithmetic that is not done by a "
            "function of common/layers/operations.h",
};

/* Columns, rows, heads or samples, of which a rank can have one more than another. */
static void widen(int size, int ranks, double *least, double *most)
{
    if (size < ranks)
        return;
    *least = fmin(*least, (double)(size / ranks) / size);
    *most = fmax(*most, (double)((size + ranks - 1) / ranks) / size);
}

static void share_of(const struct tensor_places *places, int place, int ranks, double samples,
                     double *least, double *most)
{
    const struct layer *layer = &places->at[place].whole;
    if (place < places->by_samples) {
        *least = *most = 1.0 / ranks;
        widen((int)samples, ranks, least, most);
        return;
    }
    *least = 0.5 / ranks; /* rows, too, can be more on one rank than on another */
    *most = 1.0;
    if (tensor_is_attention(layer) && layer->heads >= ranks) {
        *least = *most = 1.0 / ranks;
        widen(layer->heads, ranks, least, most);
    }
    if (!tensor_places_has_weight(places, place))
        return;
    *least = *most = 1.0 / ranks;
    widen(layer->parameter[0].shape.size[0], ranks, least, most); /* by columns … */
    widen(layer->parameter[0].shape.size[1], ranks, least, most); /* … or by rows */
}

/* What is made of other layers is the sum of these. */
static bool has_layers_inside(const struct layer *layer)
{
    const char *const kinds[] = {"residual", "sequence", "recomputed"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(layer->operations->kind, kinds[i]) == 0)
            return true;
    return false;
}

static void add_layer(struct tensor_cost *cost, const struct tensor_places *places, int place,
                      int ranks, double samples, bool backward)
{
    const struct layer *layer = &places->at[place].whole;
    const double forward = samples * layer->forward_flops;
    const double input = samples * layer->backward_input_flops;
    const double weight = samples * layer->backward_weight_flops;
    const bool first = tensor_places_is_first(places, place);
    /* A bias that is whole is added, and its gradient summed, on each rank. */
    const bool split = tensor_places_has_weight(places, place) || tensor_is_attention(layer);
    const double bias = ranks > 1 && split ? samples * (double)shape_elements(layer->output) : 0;
    double least, most;
    share_of(places, place, ranks, samples, &least, &most);
    cost->least += least * (backward ? weight + (first ? 0 : input) : forward);
    cost->most += most * (backward ? weight + input : forward) + bias;
    cost->whole += backward ? weight + (first ? 0 : input) : forward;
}

struct tensor_cost tensor_cost_of(const struct tensor_places *places, int ranks, double samples,
                                  bool backward)
{
    struct tensor_cost cost = {0};
    for (int i = 0; i < places->count; i++)
        if (!has_layers_inside(&places->at[i].whole))
            add_layer(&cost, places, i, ranks, samples, backward);
    return cost;
}
