/*
 * Trials of layers that stand between chains (trials.h): attention, and the ends of a language model.
 */
#include "assignments/tensor/trials.h"

enum { QKV_WEIGHT, QKV_BIAS, PROJECTION_WEIGHT };

void trial_make_attention(struct trial *trial, int number, struct trial_sizes *sizes)
{
    static const struct {
        bool causal, uneven;
        int heads; /* of each rank */
    } kinds[TRIALS_OF_ATTENTION] = {
        {.heads = 2}, /* nobody wants dx */
        {.heads = 1, .causal = true},
        {.heads = 2, .causal = true},
        {.uneven = true},
    };
    const int each = trial_size(sizes, 3, 4); /* the width of a head */
    const int heads = kinds[number].uneven ? trial_uneven_size(sizes, sizes->ranks + 1)
                                           : kinds[number].heads * sizes->ranks;
    const struct shape input = SHAPE(trial_size(sizes, 5, 6), heads * each);
    trial->form = FORM_INSIDE;
    trial->samples = trial_size(sizes, 2, 3);
    trial->whole =
        kinds[number].causal ? layer_causal_attention(input, heads) : layer_attention(input, heads);
    trial->may_be_refused = heads % sizes->ranks != 0;
    /* Rows of queries, keys and values: three times as many for each head. */
    trial->cuts_differ = true;
    trial->cut[QKV_WEIGHT] = trial->cut[QKV_BIAS] =
        (struct trial_cut){.dimension = 0, .together = 3 * each};
    trial->cut[PROJECTION_WEIGHT] = (struct trial_cut){.dimension = 1, .together = each};
}

void trial_make_vocabulary(struct trial *trial, int number, struct trial_sizes *sizes)
{
    static const struct {
        bool head;
        int words; /* of each rank; 0: as many as the ranks do not divide */
    } kinds[TRIALS_OF_VOCABULARY] = {
        {.words = 0}, {.head = true, .words = 0}, {.words = 3}, {.head = true, .words = 1}};
    const int words = kinds[number].words > 0 ? kinds[number].words * sizes->ranks
                                              : trial_uneven_size(sizes, 4 * sizes->ranks + 1);
    const int tokens = trial_size(sizes, 5, 6), width = trial_size(sizes, 7, 9);
    trial->samples = trial_size(sizes, 2, 3);
    trial->head = kinds[number].head;
    trial->form = trial->head ? FORM_COLUMN : FORM_INSIDE;
    trial->whole =
        trial->head ? layer_linear_with(SHAPE(tokens, width),
                                        (struct linear_options){.outputs = words, .no_bias = true})
                    : layer_embedding(tokens, words, width);
    trial->cuts_differ = true;
    trial->cut[0] = (struct trial_cut){.dimension = 0, .together = 1};
}
