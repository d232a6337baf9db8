/*
 * The models made of transformer blocks (model.h): vit, whose layers are halves of
 * blocks, and transformer, whose layers are whole blocks.
 */
#include "common/training/model_parts.h"

#include <limits.h>
#include <stdio.h>

struct sizes {
    int depth, width, heads, patch;
};

static bool read_sizes(const struct model *model, const char *text, struct sizes *sizes,
                       char error[MODEL_ERROR_SIZE])
{
    int height = model->input.size[1], across = model->input.size[2];
    struct model_option option[] = {
        WHOLE_OPTION("depth", 4, 4096), WHOLE_OPTION("width", 64, 16384),
        WHOLE_OPTION("heads", 4, 1024), WHOLE_OPTION("patch", height >= 4 ? height / 4 : 1, 1024)};
    if (!model_read_options(text, option, 4, error))
        return false;
    *sizes = (struct sizes){option[0].value, option[1].value, option[2].value, option[3].value};
    if (sizes->width % sizes->heads != 0) {
        snprintf(error, MODEL_ERROR_SIZE, "heads=%d: must divide width=%d", sizes->heads,
                 sizes->width);
        return false;
    }
    if (height % sizes->patch != 0 || across % sizes->patch != 0) {
        snprintf(error, MODEL_ERROR_SIZE, "patch=%d: must divide the image's sides, %d×%d",
                 sizes->patch, height, across);
        return false;
    }
    /* The widest that leaves a layer is the perceptron's middle. */
    double tokens = (double)(height / sizes->patch) * (across / sizes->patch);
    if (tokens * sizes->width * 4 > INT_MAX || tokens * tokens * sizes->heads > INT_MAX) {
        snprintf(error, MODEL_ERROR_SIZE,
                 "%.0f tokens (patch=%d) of width=%d with heads=%d: a sample has more than %d "
                 "numbers; make one of them smaller",
                 tokens, sizes->patch, sizes->width, sizes->heads, INT_MAX);
        return false;
    }
    return true;
}

/* The two halves of a block, each y = x + f(norm(x)). */
static struct layer attention_half(struct shape shape, int heads)
{
    const struct layer inner[] = {layer_norm(shape), layer_attention(shape, heads)};
    return layer_residual(shape, inner, 2);
}

static struct layer perceptron_half(struct shape shape)
{
    int width = shape.size[1];
    struct layer inner[4] = {layer_norm(shape), layer_linear(shape, 4 * width)};
    inner[2] = layer_gelu(inner[1].output);
    inner[3] = layer_linear(inner[2].output, width);
    return layer_residual(shape, inner, 4);
}

bool model_build_vit(struct model *model, const char *options, char error[MODEL_ERROR_SIZE])
{
    struct sizes sizes;
    if (!read_sizes(model, options, &sizes, error))
        return false;
    model_make_room(model, 2 * sizes.depth + 4);
    model_append(model, layer_patch_embedding(model->input, sizes.patch, sizes.width));
    for (int i = 0; i < sizes.depth; i++) {
        model_append(model, attention_half(model_last_output(model), sizes.heads));
        model_append(model, perceptron_half(model_last_output(model)));
    }
    model_append(model, layer_norm(model_last_output(model)));
    model_append(model, layer_mean_tokens(model_last_output(model)));
    model_append(model, layer_linear(model_last_output(model), model->outputs));
    return true;
}

/* One whole block; the first and the last bring what stands before and behind all of them. */
static struct layer block(const struct model *model, struct sizes sizes, bool first, bool last)
{
    struct layer part[6];
    int parts = 0;
    struct shape shape = model_last_output(model);
    if (first) {
        part[parts++] = layer_patch_embedding(model->input, sizes.patch, sizes.width);
        shape = part[0].output;
    }
    part[parts++] = attention_half(shape, sizes.heads);
    part[parts++] = perceptron_half(shape);
    if (last) {
        part[parts++] = layer_norm(shape);
        part[parts++] = layer_mean_tokens(shape);
        part[parts] = layer_linear(part[parts - 1].output, model->outputs);
        parts++;
    }
    return layer_sequence(part, parts);
}

bool model_build_transformer(struct model *model, const char *options, char error[MODEL_ERROR_SIZE])
{
    struct sizes sizes;
    if (!read_sizes(model, options, &sizes, error))
        return false;
    model_make_room(model, sizes.depth);
    for (int i = 0; i < sizes.depth; i++)
        if (i > 1 && i < sizes.depth - 1) /* like layer 1: hundreds of them need little memory */
            model_append(model, layer_like(&model->layer[1]));
        else
            model_append(model, block(model, sizes, i == 0, i == sizes.depth - 1));
    return true;
}
