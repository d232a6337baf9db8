/*
 * Models by name (model.h): checks that the sizes fit the input, and lists the
 * layers. The vit and the transformer are in model_transformer.c, the gpt in model_gpt.c.
 */
#include "common/training/model_parts.h"

#include "common/base/fatal.h"
#include "common/layers/custom.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists of layers ---- */

/* Appends a layer, whose input is what the last one's output was. */
void model_append(struct model *model, struct layer layer)
{
    layer.index = model->layers;
    model->layer[model->layers++] = layer;
}

struct shape model_last_output(const struct model *model)
{
    return model->layers == 0 ? model->input : model->layer[model->layers - 1].output;
}

void model_make_room(struct model *model, int layers)
{
    model->layer = calloc((size_t)layers, sizeof *model->layer);
    if (model->layer == NULL)
        fatal("no memory left for a model of %d layers", layers);
}

const char *const model_norms[] = {
    [NORM_NONE] = "none", [NORM_LAYER] = "layer", [NORM_BATCH] = "batch", NULL};

/* A layer norm is over all numbers of a sample, a batch norm over those of each channel. */
void model_append_norm(struct model *model, enum norm norm)
{
    const struct shape shape = model_last_output(model);
    if (norm == NORM_LAYER)
        model_append(model, layer_norm_of(shape, shape.dimensions));
    else if (norm == NORM_BATCH)
        model_append(model, layer_batch_norm(shape));
}

void model_append_dropout(struct model *model, float rate)
{
    if (rate > 0)
        model_append(model, layer_dropout(model_last_output(model), rate));
}

/* A linear layer or a convolution before a batch norm has no bias: the mean would take it away
 * again, and its gradient is 0 but for rounding. */
static void append_linear(struct model *model, int outputs, enum norm norm)
{
    const struct linear_options options = {.outputs = outputs, .no_bias = norm == NORM_BATCH};
    model_append(model, layer_linear_with(model_last_output(model), options));
    model_append_norm(model, norm);
    model_append(model, layer_relu(model_last_output(model)));
}

static void append_convolution(struct model *model, int channels, enum norm norm)
{
    model_append(model, layer_convolution_with(
                            model_last_output(model),
                            (struct convolution_options){
                                .channels = channels, .kernel = 5, .no_bias = norm == NORM_BATCH}));
    model_append_norm(model, norm);
    model_append(model, layer_relu(model_last_output(model)));
}

static bool build_mlp(struct model *model, const char *text, char error[MODEL_ERROR_SIZE])
{
    struct model_option option[] = {
        WHOLE_OPTION("depth", 4, 1024), WHOLE_OPTION("width", 512, 16384),
        WORD_OPTION("norm", model_norms), REAL_OPTION("dropout", 0, 0, 1)};
    if (!model_read_options(text, option, 4, error))
        return false;
    model_note_options(model, option, 4);
    const int depth = option[0].value, width = option[1].value;
    const enum norm norm = (enum norm)option[2].value;
    model_make_room(model, 4 * depth);
    model_append(model, layer_flatten(model->input));
    for (int i = 1; i < depth; i++) {
        append_linear(model, width, norm);
        model_append_dropout(model, (float)option[3].number);
    }
    model_append(model, layer_linear(model_last_output(model), model->outputs));
    return true;
}

static bool build_cnn(struct model *model, const char *text, char error[MODEL_ERROR_SIZE])
{
    struct model_option option[] = {WORD_OPTION("norm", model_norms)};
    if (!model_read_options(text, option, 1, error))
        return false;
    model_note_options(model, option, 1);
    if (model->input.size[1] < 16 || model->input.size[2] < 16) {
        snprintf(error, MODEL_ERROR_SIZE, "cnn needs images of at least 16×16, not %d×%d",
                 model->input.size[1], model->input.size[2]);
        return false;
    }
    const enum norm norm = (enum norm)option[0].value;
    model_make_room(model, 16);
    const int channels[] = {6, 16};
    for (int i = 0; i < 2; i++) {
        append_convolution(model, channels[i], norm);
        model_append(model, layer_max_pool(model_last_output(model), 2));
    }
    model_append(model, layer_flatten(model_last_output(model)));
    const int widths[] = {120, 84};
    for (int i = 0; i < 2; i++)
        append_linear(model, widths[i], norm);
    model_append(model, layer_linear(model_last_output(model), model->outputs));
    return true;
}

/* ---- the interface ---- */

static const struct {
    const char *name;
    bool (*build)(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);
    bool any_size; /* may be too large for any cpu: its stages are, on their own, if at all */
    bool of_text;
} kinds[] = {
    {"mlp", build_mlp, false, false},       {"cnn", build_cnn, false, false},
    {"vit", model_build_vit, false, false}, {"transformer", model_build_transformer, true, false},
    {"gpt", model_build_gpt, true, true},   {"resnet", model_build_resnet, false, false}};

bool model_reads_text(const char *name)
{
    const size_t length = strcspn(name, ":");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
            return kinds[i].of_text;
    return false;
}

const char *model_default_data(const char *name)
{
    return model_reads_text(name) ? "text" : "fashion-mnist";
}

static bool data_fits(const struct model *model, char error[MODEL_ERROR_SIZE])
{
    char text[SHAPE_TEXT_SIZE];
    const bool reads_text = model_reads_text(model->name);
    bool fits = model->outputs >= 1 && model->input.dimensions == (reads_text ? 1 : 3);
    for (int i = 0; i < model->input.dimensions; i++)
        fits = fits && model->input.size[i] >= 1;
    if (fits)
        return true;
    shape_text(model->input, text);
    if (reads_text)
        snprintf(error, MODEL_ERROR_SIZE,
                 "it needs text (tokens) and at least one class, not %s and %d: use --data text or "
                 "--data synthetic-text",
                 text, model->outputs);
    else
        snprintf(
            error, MODEL_ERROR_SIZE,
            "it needs images (channels, height, width) and at least one class, not %s and %d: "
            "use --data fashion-mnist, cifar10 or synthetic, or --model gpt, which is for text",
            text, model->outputs);
    return false;
}

static bool build(struct model *model, char error[MODEL_ERROR_SIZE])
{
    size_t length = strcspn(model->name, ":");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strlen(kinds[i].name) != length || memcmp(kinds[i].name, model->name, length) != 0)
            continue;
        const char *options = model->name + length;
        if (!data_fits(model, error))
            return false;
        if (!kinds[i].build(model, *options == ':' ? options + 1 : options, error))
            return false;
        if (kinds[i].any_size || model_parameter_count(model, 0, model->layers) <= INT_MAX)
            return true;
        snprintf(error, MODEL_ERROR_SIZE, "'%s' has more than %d parameters: make it smaller",
                 model->name, INT_MAX);
        return false;
    }
    snprintf(error, MODEL_ERROR_SIZE,
             "there is no model '%.*s'; there are mlp, cnn, vit, transformer, gpt and resnet, with "
             "options as in mlp:depth=8,width=64",
             (int)length, model->name);
    return false;
}

static void clear(struct model *model)
{
    for (int i = 0; i < model->layers; i++)
        layer_destroy(&model->layer[i]);
    free(model->layer);
    model->layer = NULL;
    model->layers = 0;
}

/* Twice, where layers are replaced by others (custom.h). */
static bool build_with_replaced(struct model *model, char error[MODEL_ERROR_SIZE])
{
    if (!custom_replaces())
        return build(model, error);
    custom_replace_look();
    bool built = build(model, error);
    clear(model);
    custom_replace_begin();
    built = built && build(model, error);
    custom_replace_end();
    return built;
}

struct model *model_new(const char *name, struct shape input, int classes,
                        char error[MODEL_ERROR_SIZE])
{
    if (strlen(name) >= sizeof((struct model *)NULL)->name) {
        snprintf(error, MODEL_ERROR_SIZE, "the model's name is longer than %zu letters",
                 sizeof((struct model *)NULL)->name - 1);
        return NULL;
    }
    struct model *model = calloc(1, sizeof *model);
    if (model == NULL)
        fatal("no memory left for a model");
    snprintf(model->name, sizeof model->name, "%s", name);
    model->input = input;
    model->outputs = classes;
    if (!build_with_replaced(model, error)) {
        model_free(model);
        return NULL;
    }
    return model;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    clear(model);
    free(model);
}

struct data_shape model_data(const struct model *model)
{
    const struct shape output = model_last_output(model);
    return (struct data_shape){.input = model->input,
                               .dtype = model->layer[0].input_dtype,
                               .labels = output.dimensions > 1 ? output.size[0] : 1,
                               .classes = model->outputs};
}

int model_least_samples(const struct model *model)
{
    int least = 1;
    for (int i = 0; i < model->layers; i++)
        if (model->layer[i].least_samples > least)
            least = model->layer[i].least_samples;
    return least;
}

bool model_is_tied(const struct model *model)
{
    bool tied = false;
    for (int i = 0; i < model->layers; i++)
        tied = tied || model->layer[i].tied;
    return tied;
}

size_t model_parameter_count(const struct model *model, int first_layer, int layers)
{
    size_t count = 0;
    for (int i = first_layer; i < first_layer + layers; i++)
        count += model->layer[i].parameter_count;
    return count;
}

void model_layer_flops(const struct model *model, double *flops)
{
    for (int i = 0; i < model->layers; i++)
        flops[i] = model->layer[i].forward_flops;
}
