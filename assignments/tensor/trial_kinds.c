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
        bool tokens, no_bias, even, all_but_one; /* all_but_one: as many are left over as can be */
    } kinds[] = {
        {.form = FORM_COLUMN}, /* nobody wants dx */
        {.form = FORM_COLUMN, .tokens = true, .all_but_one = true},
        {.form = FORM_COLUMN_GATHERED},
        {.form = FORM_COLUMN_GATHERED, .tokens = true, .no_bias = true},
        {.form = FORM_COLUMN, .even = true},
        {.form = FORM_COLUMN_GATHERED, .even = true},
    };
    trial->form = kinds[number].form;
    trial->samples = trial_size(sizes, 5, 7);
    int outputs = trial_uneven_size(sizes, 4 * sizes->ranks + 1);
    if (kinds[number].all_but_one)
        outputs = 7 * sizes->ranks - 1;
    if (kinds[number].even)
        outputs = 3 * sizes->ranks;
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

/* ---- convolutions -------------------------------------------------------------------------------------- */

/* Images are not square, and windows, strides and padding not of one size. */
struct trial_window {
    int kernel, stride, padding;
    bool no_bias;
};

static void make_convolution(struct trial *trial, struct trial_sizes *sizes, int inputs,
                             int outputs, const struct trial_window *window)
{
    const struct shape input = SHAPE(inputs, trial_size(sizes, 5, 6), trial_size(sizes, 7, 8));
    trial->samples = trial_size(sizes, 2, 3);
    trial->whole =
        layer_convolution_with(input, (struct convolution_options){.channels = outputs,
                                                                   .kernel = window->kernel,
                                                                   .stride = window->stride,
                                                                   .padding = window->padding,
                                                                   .no_bias = window->no_bias});
}

static void make_column_convolution(struct trial *trial, int number, struct trial_sizes *sizes)
{
    static const struct {
        enum form form;
        struct trial_window window;
    } kinds[] = {
        {FORM_COLUMN, {.kernel = 3, .stride = 1}}, /* nobody wants dx */
        {FORM_COLUMN, {.kernel = 3, .stride = 2, .padding = 1, .no_bias = true}},
        {FORM_COLUMN_GATHERED, {.kernel = 5, .stride = 1, .padding = 2}},
        {FORM_COLUMN_GATHERED, {.kernel = 1, .stride = 2, .no_bias = true}},
    };
    trial->form = kinds[number].form;
    make_convolution(trial, sizes, trial_size(sizes, 2, 3),
                     trial_uneven_size(sizes, sizes->ranks + 1), &kinds[number].window);
}

static void make_row_convolution(struct trial *trial, int number, struct trial_sizes *sizes)
{
    static const struct trial_window windows[] = {
        {.kernel = 3, .stride = 1}, /* nobody wants dx */
        {.kernel = 3, .stride = 2, .padding = 1, .no_bias = true},
        {.kernel = 5, .stride = 1, .padding = 2},
        {.kernel = 1, .stride = 2},
    };
    trial->form = FORM_ROW;
    make_convolution(trial, sizes, trial_uneven_size(sizes, sizes->ranks + 1),
                     trial_size(sizes, 2, 3), &windows[number]);
}

/* ---- norms --------------------------------------------------------------------------------------------- */

static void make_layer_norm(struct trial *trial, int number, struct trial_sizes *sizes)
{
    trial->form = FORM_SPLIT;
    trial->samples = trial_size(sizes, 5, 7);
    const int least = 2 * sizes->ranks + 1;
    const int uneven =
        trial_uneven_size(sizes, least > TRIAL_LEAST_COLUMNS ? least : TRIAL_LEAST_COLUMNS);
    switch (number) {
    case 0: /* nobody wants dx */
        trial->whole = layer_norm(SHAPE(uneven));
        break;
    case 1:
        trial->whole = layer_norm(SHAPE(trial_size(sizes, 2, 3), uneven));
        break;
    case 2:
        trial->whole =
            layer_norm_of(SHAPE(uneven, trial_size(sizes, 2, 3), trial_size(sizes, 4, 5)), 3);
        break;
    default:
        trial->whole = layer_norm(SHAPE(TRIAL_LEAST_COLUMNS * sizes->ranks));
        break;
    }
}

static void make_batch_norm(struct trial *trial, int number, struct trial_sizes *sizes)
{
    trial->form = FORM_SPLIT;
    trial->samples = trial_size(sizes, 5, 7);
    const int uneven = trial_uneven_size(sizes, 2 * sizes->ranks + 1);
    if (number == 0) /* nobody wants dx */
        trial->whole = layer_batch_norm(SHAPE(uneven));
    else if (number == 1)
        trial->whole =
            layer_batch_norm(SHAPE(uneven, trial_size(sizes, 2, 3), trial_size(sizes, 4, 5)));
    else
        trial->whole = layer_batch_norm(SHAPE(4 * sizes->ranks));
}

const struct trial_kind trial_kinds[] = {
    {"column_parallel_linear", "the layer alone, in several sizes", 6, make_column},
    {"row_parallel_linear", "the layer alone, in several sizes", 5, make_row},
    {"parallel_attention", "attention alone, causal and not", TRIALS_OF_ATTENTION,
     trial_make_attention},
    {"vocabulary_parallel", "embedding and head alone, in several sizes", TRIALS_OF_VOCABULARY,
     trial_make_vocabulary},
    {"column_parallel_convolution", "the layer alone, in several sizes", 4,
     make_column_convolution},
    {"row_parallel_convolution", "the layer alone, in several sizes", 4, make_row_convolution},
    {"split_layer_norm", "the layer alone, in several sizes", 4, make_layer_norm},
    {"split_batch_norm", "the layer alone, in several sizes", 3, make_batch_norm},
    {NULL, NULL, 0, NULL},
};
