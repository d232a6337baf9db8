/*
 * Models by name (model.h): reads the name's options, checks that the sizes fit
 * the input, and lists the layers.
 */
#include "common/model.h"

#include "common/fatal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options of a name, "mlp:depth=8,width=64" ---- */

struct size_option {
    const char *name;
    int value; /* the default, then what was given */
    int most;  /* 1 … most */
};

static bool read_option(const char *text, size_t length, struct size_option *options, int count,
                        char error[MODEL_ERROR_SIZE])
{
    const char *equals = memchr(text, '=', length);
    for (int i = 0; i < count && equals != NULL; i++) {
        size_t name_length = (size_t)(equals - text);
        if (strlen(options[i].name) != name_length ||
            memcmp(options[i].name, text, name_length) != 0)
            continue;
        char *end;
        long value = strtol(equals + 1, &end, 10);
        if (end != text + length || equals[1] < '0' || equals[1] > '9' || value < 1 ||
            value > options[i].most) {
            snprintf(error, MODEL_ERROR_SIZE, "'%.*s': %s is a whole number from 1 to %d",
                     (int)length, text, options[i].name, options[i].most);
            return false;
        }
        options[i].value = (int)value;
        return true;
    }
    int used =
        snprintf(error, MODEL_ERROR_SIZE, "'%.*s' is no option of this model", (int)length, text);
    for (int i = 0; i < count && used < MODEL_ERROR_SIZE; i++)
        used += snprintf(error + used, MODEL_ERROR_SIZE - (size_t)used, "%s %s=NUMBER",
                         i == 0 ? "; it has" : ",", options[i].name);
    return false;
}

static bool read_options(const char *text, struct size_option *options, int count,
                         char error[MODEL_ERROR_SIZE])
{
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        if (!read_option(text, length, options, count, error))
            return false;
        text += length;
        if (*text == ',')
            text++;
    }
    return true;
}

/* ---- lists of layers ---- */

/* Appends a layer, whose input is what the last one's output was. */
static void append(struct model *model, struct layer layer)
{
    layer.index = model->layers;
    model->layer[model->layers++] = layer;
}

static struct shape last_output(const struct model *model)
{
    return model->layers == 0 ? model->input : model->layer[model->layers - 1].output;
}

static void make_room(struct model *model, int layers)
{
    model->layer = calloc((size_t)layers, sizeof *model->layer);
    if (model->layer == NULL)
        fatal("no memory left for a model of %d layers", layers);
}

static bool build_mlp(struct model *model, const char *text, char error[MODEL_ERROR_SIZE])
{
    struct size_option option[] = {{"depth", 4, 1024}, {"width", 512, 16384}};
    if (!read_options(text, option, 2, error))
        return false;
    int depth = option[0].value, width = option[1].value;
    make_room(model, 2 * depth);
    append(model, layer_flatten(model->input));
    for (int i = 1; i < depth; i++) {
        append(model, layer_linear(last_output(model), width));
        append(model, layer_relu(last_output(model)));
    }
    append(model, layer_linear(last_output(model), model->outputs));
    return true;
}

static bool build_cnn(struct model *model, const char *text, char error[MODEL_ERROR_SIZE])
{
    if (!read_options(text, NULL, 0, error))
        return false;
    if (model->input.size[1] < 16 || model->input.size[2] < 16) {
        snprintf(error, MODEL_ERROR_SIZE, "cnn needs images of at least 16×16, not %d×%d",
                 model->input.size[1], model->input.size[2]);
        return false;
    }
    make_room(model, 12);
    const int channels[] = {6, 16};
    for (int i = 0; i < 2; i++) {
        append(model, layer_convolution(last_output(model), channels[i], 5));
        append(model, layer_relu(last_output(model)));
        append(model, layer_max_pool(last_output(model), 2));
    }
    append(model, layer_flatten(last_output(model)));
    const int widths[] = {120, 84};
    for (int i = 0; i < 2; i++) {
        append(model, layer_linear(last_output(model), widths[i]));
        append(model, layer_relu(last_output(model)));
    }
    append(model, layer_linear(last_output(model), model->outputs));
    return true;
}

static void append_transformer_block(struct model *model, int heads)
{
    struct shape shape = last_output(model);
    int width = shape.size[1];
    struct layer attention[] = {layer_norm(shape), layer_attention(shape, heads)};
    append(model, layer_residual(shape, attention, 2));
    struct layer perceptron[4] = {layer_norm(shape), layer_linear(shape, 4 * width)};
    perceptron[2] = layer_gelu(perceptron[1].output);
    perceptron[3] = layer_linear(perceptron[2].output, width);
    append(model, layer_residual(shape, perceptron, 4));
}

static bool build_vit(struct model *model, const char *text, char error[MODEL_ERROR_SIZE])
{
    int height = model->input.size[1], across = model->input.size[2];
    struct size_option option[] = {{"depth", 4, 1024},
                                   {"width", 64, 8192},
                                   {"heads", 4, 1024},
                                   {"patch", height >= 4 ? height / 4 : 1, 1024}};
    if (!read_options(text, option, 4, error))
        return false;
    int depth = option[0].value, width = option[1].value, heads = option[2].value,
        patch = option[3].value;
    if (width % heads != 0) {
        snprintf(error, MODEL_ERROR_SIZE, "heads=%d: must divide width=%d", heads, width);
        return false;
    }
    if (height % patch != 0 || across % patch != 0) {
        snprintf(error, MODEL_ERROR_SIZE, "patch=%d: must divide the image's sides, %d×%d", patch,
                 height, across);
        return false;
    }
    make_room(model, 2 * depth + 4);
    append(model, layer_patch_embedding(model->input, patch, width));
    for (int i = 0; i < depth; i++)
        append_transformer_block(model, heads);
    append(model, layer_norm(last_output(model)));
    append(model, layer_mean_tokens(last_output(model)));
    append(model, layer_linear(last_output(model), model->outputs));
    return true;
}

/* ---- the interface ---- */

static const struct {
    const char *name;
    bool (*build)(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);
} kinds[] = {{"mlp", build_mlp}, {"cnn", build_cnn}, {"vit", build_vit}};

static bool build(struct model *model, char error[MODEL_ERROR_SIZE])
{
    size_t length = strcspn(model->name, ":");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strlen(kinds[i].name) != length || memcmp(kinds[i].name, model->name, length) != 0)
            continue;
        const char *options = model->name + length;
        if (!kinds[i].build(model, *options == ':' ? options + 1 : options, error))
            return false;
        if (model_parameter_count(model, 0, model->layers) <= INT_MAX)
            return true;
        snprintf(error, MODEL_ERROR_SIZE, "'%s' has more than %d parameters: make it smaller",
                 model->name, INT_MAX);
        return false;
    }
    snprintf(error, MODEL_ERROR_SIZE,
             "there is no model '%.*s'; there are mlp, cnn and vit, with options as in "
             "mlp:depth=8,width=64",
             (int)length, model->name);
    return false;
}

struct model *model_new(const char *name, struct shape input, int classes,
                        char error[MODEL_ERROR_SIZE])
{
    char text[SHAPE_TEXT_SIZE];
    if (strlen(name) >= sizeof((struct model *)NULL)->name) {
        snprintf(error, MODEL_ERROR_SIZE, "the model's name is longer than %zu letters",
                 sizeof((struct model *)NULL)->name - 1);
        return NULL;
    }
    if (input.dimensions != 3 || input.size[0] < 1 || input.size[1] < 1 || input.size[2] < 1 ||
        classes < 1) {
        snprintf(error, MODEL_ERROR_SIZE,
                 "a model needs images (channels, height, width) and at least one class, not %s "
                 "and %d",
                 shape_text(input, text), classes);
        return NULL;
    }
    struct model *model = calloc(1, sizeof *model);
    if (model == NULL)
        fatal("no memory left for a model");
    snprintf(model->name, sizeof model->name, "%s", name);
    model->input = input;
    model->outputs = classes;
    if (!build(model, error)) {
        model_free(model);
        return NULL;
    }
    return model;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    for (int i = 0; i < model->layers; i++)
        layer_destroy(&model->layer[i]);
    free(model->layer);
    free(model);
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
