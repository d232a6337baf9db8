/*
 * Which layers are tried, in what sizes and forms (trials.h). Samples, inputs, outputs and ranks are all
 * different numbers, so that none can be taken for another.
 */
#include "assignments/tensor/trials.h"

/* (width), or (tokens, width) */
static struct shape sample_of(struct trial_sizes *sizes, bool tokens, int width)
{
    return tokens ? SHAPE(trial_size(sizes, 2, 3), width) : SHAPE(width);
}

static void make_column(struct trial *trial, int number, struct trial_sizes *sizes)
{
    static const struct {
        enum form form;
        bool tokens, no_bias, even;
    } kinds[] = {
        {.form = FORM_COLUMN}, /* nobody wants dx */
        {.form = FORM_COLUMN, .tokens = true},
        {.form = FORM_COLUMN_GATHERED},
        {.form = FORM_COLUMN_GATHERED, .tokens = true, .no_bias = true},
        {.form = FORM_COLUMN, .even = true},
        {.form = FORM_COLUMN_GATHERED, .even = true},
    };
    trial->form = kinds[number].form;
    trial->samples = trial_size(sizes, 5, 7);
    const int outputs =
        kinds[number].even ? 3 * sizes->ranks : trial_uneven_size(sizes, 4 * sizes->ranks + 1);
    const struct shape input = sample_of(sizes, kinds[number].tokens, trial_size(sizes, 9, 11));
    trial->whole = layer_linear_with(
        input, (struct linear_options){.outputs = outputs, .no_bias = kinds[number].no_bias});
}

static void make_row(struct trial *trial, int number, struct trial_sizes *sizes)
{
    static const struct {
        bool tokens, no_bias, even;
        int together;
    } kinds[] = {
        {.tokens = false}, /* nobody wants dx */
        {.tokens = true},
        {.no_bias = true},
        {.together = 3}, /* as behind a flatten */
        {.tokens = true, .even = true},
    };
    trial->form = FORM_ROW;
    trial->samples = trial_size(sizes, 5, 7);
    trial->together = kinds[number].together;
    int inputs = trial_uneven_size(sizes, 4 * sizes->ranks + 1);
    if (kinds[number].together > 0)
        inputs = kinds[number].together * trial_uneven_size(sizes, sizes->ranks + 1);
    if (kinds[number].even)
        inputs = 4 * sizes->ranks;
    const struct shape input = sample_of(sizes, kinds[number].tokens, inputs);
    trial->whole =
        layer_linear_with(input, (struct linear_options){.outputs = trial_size(sizes, 9, 11),
                                                         .no_bias = kinds[number].no_bias});
}

const struct trial_kind trial_kinds[] = {
    {"column_parallel_linear", "the layer alone, in several sizes", 6, make_column},
    {"row_parallel_linear", "the layer alone, in several sizes", 5, make_row},
    {"parallel_attention", "attention alone, causal and not", TRIALS_OF_ATTENTION,
     trial_make_attention},
    {"vocabulary_parallel", "embedding and head alone, in several sizes", TRIALS_OF_VOCABULARY,
     trial_make_vocabulary},
    {NULL, NULL, 0, NULL},
};
