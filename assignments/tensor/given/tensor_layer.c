/*
 * What the kit gives to those who write layers: a description to begin with (tensor.h).
 */
#include "assignments/tensor/tensor.h"

#include "common/base/fatal.h"

#include <stdlib.h>

/* The place and what it points to, for as long as the layer lives. */
struct kept_place {
    struct tensor_place place;
    struct layer whole;
};

static struct tensor_place *keep(const struct tensor_place *place)
{
    struct kept_place *kept = malloc(sizeof *kept);
    if (kept == NULL)
        fatal("no memory left for a layer");
    *kept = (struct kept_place){.place = *place, .whole = *place->whole};
    kept->place.whole = &kept->whole;
    return &kept->place;
}

/* What goes out: whole, or, behind a layer that leaves the split region, by tokens. */
static struct shape output_of(const struct tensor_place *place)
{
    struct shape output = place->whole->output;
    if (place->by_tokens && place->form != FORM_COLUMN && place->form != FORM_COLUMN_GATHERED)
        output.size[0] = place->tokens.end - place->tokens.begin;
    return output;
}

/* What a layer costs is a share of what the whole does: as much as it has of the weights. */
struct custom_layer tensor_layer(const struct tensor_place *place)
{
    const struct layer *whole = place->whole;
    const double share = place->form == FORM_WHOLE ? 1.0 : 1.0 / place->group->ranks;
    struct custom_layer layer = {.kind = whole->operations->kind,
                                 .input = place->input,
                                 .output = output_of(place),
                                 .input_dtype = whole->input_dtype,
                                 .parameters = whole->parameters,
                                 .forward_flops = share * whole->forward_flops,
                                 .backward_input_flops = share * whole->backward_input_flops,
                                 .backward_weight_flops = share * whole->backward_weight_flops,
                                 .own = keep(place),
                                 .free = free};
    for (int k = 0; k < whole->parameters; k++)
        layer.parameter[k] = whole->parameter[k];
    return layer;
}
