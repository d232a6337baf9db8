/*
 * Which of the student's functions makes which layer.
 */
#include "assignments/tensor/between_chains.h"
#include "assignments/tensor/given/split_model.h"

#include <string.h>

static bool is_kind(const struct layer *layer, const char *kind)
{
    return strcmp(layer->operations->kind, kind) == 0;
}

bool tensor_can_cut(const struct tensor_place *place, char *reason, size_t reason_size)
{
    const struct layer *whole = place->whole;
    const int ranks = place->group->ranks;
    switch (place->form) {
    case FORM_INSIDE:
        if (tensor_is_attention(whole))
            return can_split_heads(whole->heads, ranks, reason, reason_size);
        return can_split(whole->parameter[0].shape.size[0], ranks, reason, reason_size);
    case FORM_COLUMN:
    case FORM_COLUMN_GATHERED:
        return whole->parameters == 0 ||
               can_split(whole->parameter[0].shape.size[0], ranks, reason, reason_size);
    case FORM_ROW: /* what comes in was cut before */
    case FORM_SPLIT:
    case FORM_WHOLE:
        break;
    }
    return true;
}

/* Of the layers that work on each number by itself, it alone must know which part of a sample comes in. */
static bool is_dropout_of_part(const struct tensor_place *place)
{
    return is_kind(place->whole, "dropout") && (place->form == FORM_SPLIT || place->by_tokens);
}

bool tensor_make_layer(const struct tensor_place *place, struct layer *own)
{
    if (place->form == FORM_WHOLE && !is_dropout_of_part(place))
        return false;
    const bool row = place->form == FORM_ROW;
    if (tensor_is_attention(place->whole))
        *own = parallel_attention(place);
    else if (tensor_is_embedding(place->whole))
        *own = vocabulary_parallel_embedding(place);
    else if (is_kind(place->whole, "linear"))
        *own = row ? row_parallel_linear(place) : column_parallel_linear(place);
    else if (is_kind(place->whole, "convolution"))
        *own = row ? row_parallel_convolution(place) : column_parallel_convolution(place);
    else if (is_kind(place->whole, "layer_norm"))
        *own = split_layer_norm(place);
    else if (is_kind(place->whole, "batch_norm"))
        *own = split_batch_norm(place);
    else if (is_dropout_of_part(place))
        *own = split_dropout(place);
    else
        return false;
    return true;
}
