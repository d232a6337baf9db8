/*
 * Known mistakes of attention by heads: which rows of the fused queries, keys and values a rank has (layers.h).
 */
#include "assignments/tensor/between_chains.h"
#include "assignments/tensor/judges/layers/layer_suspects.h"

static const struct mistake cut_as_one = {
    .name = "q, k and v are cut as one matrix",
    .explanation =
        "The rank has one piece of the rows of \"qkv.weight\". The rows of all queries come first "
        "in it, then those of all keys, then of all values: the first rank has got queries only, "
        "and takes some of them for keys and values.",
    .look = "slice_along for the queries of the rank's heads, slice_add for their keys and for "
            "their values",
};
static const struct mistake of_other_heads = {
    .name = "queries, keys and values of different heads",
    .explanation = "The rows that the rank has of \"qkv.weight\" are not the queries, the keys and "
                   "the values of the same heads.",
    .look = "where the pieces begin: at the rank's first head, one width of the layer behind it, "
            "and two",
};

const struct mistake *trial_mistake_of_heads(const struct judged_trial *judged)
{
    const struct trial *trial = judged->trial;
    if (!tensor_is_attention(&trial->whole) || judged->run->ranks == 1)
        return NULL;
    const int width = shape_last(trial->whole.input);
    g_autofree char *name =
        g_strdup_printf("layers.%d.%s", trial->number, trial->whole.parameter[0].name);
    for (int rank = 0; rank < judged->run->ranks; rank++) {
        const struct slice *slice = trial_slice_of(judged, name, rank);
        const struct slice_pieces *rows = slice ? &slice->along[0] : NULL;
        if (!rows || rows->count == 2)
            return NULL;
        if (rows->count == 1)
            return &cut_as_one;
        for (int i = 1; i < 3; i++)
            if (rows->piece[i].begin != rows->piece[0].begin + i * width ||
                rows->piece[i].end != rows->piece[0].end + i * width)
                return &of_other_heads;
    }
    return NULL;
}
