/*
 * What a layer kept from one step to the next and should not have: its result is what the parameters of the first
 * round give, with the x and dy of now.
 */
#include "assignments/tensor/judges/layers/layer_suspects.h"

static const struct mistake stale = {
    .name = "parameters of an earlier call",
    .explanation =
        "The numbers are what the layer's parameters of an earlier step give: a copy of them was "
        "kept, or something that was computed from them, and the optimizer has moved them since.",
    .look = "static variables, and what `own` holds: parameters are read from call->parameter in "
            "every call"};

/* Is it, on every rank, a part of this? */
static bool is_everywhere(const struct whole *whole, const struct tensor *expected)
{
    bool same = whole->parts->len > 0;
    for (guint i = 0; i < whole->parts->len && same; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        struct tensor *of_rank = slice_part_new(&part->is.slice, expected);
        same = shape_equal(of_rank->shape, part->tensor->shape) &&
               closeness_of(part->tensor, of_rank,
                            tolerance_of_part(tolerance_gradient(), expected, of_rank))
                   .close;
        tensor_free(of_rank);
    }
    return same;
}

/* The first round's parameters; or only its weight, and this round's others. */
static struct tensor *parameters_of(const struct judged_trial *judged, bool weight_only)
{
    const struct trial *trial = judged->trial;
    struct tensor *flat = trial_copy(judged->truth->parameters);
    for (int k = 0; k < (weight_only ? 1 : trial->whole.parameters); k++) {
        struct tensor *drawn = trial_parameter(trial, 0, k),
                      *place = trial_truth_parameter(trial, flat, k);
        tensor_copy(place, drawn);
        tensor_free(place);
        tensor_free(drawn);
    }
    return flat;
}

const struct mistake *trial_mistake_of_stale_parameters(const struct judged_trial *judged,
                                                        const struct layer_tensor *tensor)
{
    const struct whole *whole = wholes_find(judged->wholes, tensor->name);
    bool found = false;
    if (judged->round == 0 || tensor->sort == LAYER_GRADIENT || !whole)
        return NULL;
    for (int weight_only = 0; weight_only < 2 && !found; weight_only++) {
        struct tensor *parameters = parameters_of(judged, weight_only);
        struct layer_results results;
        trial_pass(judged->trial, parameters, judged->truth->x[tensor->index],
                   judged->truth->dy[tensor->index], &results);
        found = is_everywhere(whole, tensor->sort == LAYER_Y ? results.y : results.dx);
        trial_results_clear(&results);
        tensor_free(parameters);
    }
    return found ? &stale : NULL;
}
