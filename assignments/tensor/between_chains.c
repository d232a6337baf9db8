/* Layers that stand between chains; see between_chains.h. */
#include "assignments/tensor/between_chains.h"

#include <string.h>

static bool is_kind(const struct layer *layer, const char *kind)
{
    return strcmp(layer->operations->kind, kind) == 0;
}

bool tensor_is_attention(const struct layer *layer)
{
    return is_kind(layer, "attention") || is_kind(layer, "causal_attention");
}

bool tensor_is_embedding(const struct layer *layer)
{
    return is_kind(layer, "embedding");
}

enum form tensor_form_between_chains(const struct layer *layer, enum way way)
{
    const bool words = way == WAY_VOCABULARY && tensor_is_embedding(layer);
    return tensor_is_attention(layer) || words ? FORM_INSIDE : FORM_WHOLE;
}

int tensor_split_head(const struct layer_of_model *all, int places, enum way way)
{
    int head = -1;
    if (way != WAY_VOCABULARY || !tensor_is_embedding(&all[0].whole))
        return -1;
    for (int i = 0; i < places; i++)
        if (is_kind(&all[i].whole, "linear") || is_kind(&all[i].whole, "tied_head"))
            head = i;
    return head;
}
