/*
 * The models made of transformer blocks (model.h): vit, whose layers are halves of
 * blocks, and transformer, whose layers are whole blocks.
 *
 * Dropout is where the paper has it (Dosovitskiy et al. 2021, B.1): behind the embedding with its positions, and
 * behind every linear layer of a block but those of queries, keys and values.
 */
#include "common/training/model_parts.h"

#include <limits.h>
#include <stdio.h>

struct sizes {
    int depth, width, heads, patch;
    float dropout;
};

static bool read_sizes(struct model *model, const char *text, struct sizes *sizes,
                       char error[MODEL_ERROR_SIZE])
{
    int height = model->input.size[1], across = model->input.size[2];
    struct model_option option[] = {
        WHOLE_OPTION("depth", 4, 4096), WHOLE_OPTION("width", 64, 16384),
        WHOLE_OPTION("heads", 4, 1024), WHOLE_OPTION("patch", height >= 4 ? height / 4 : 1, 1024),
        REAL_OPTION("dropout", 0, 0, 1)};
    if (!model_read_options(text, option, 5, error))
        return false;
    model_note_options(model, option, 5);
    *sizes = (struct sizes){.depth = option[0].value,
                            .width = option[1].value,
                            .heads = option[2].value,
                            .patch = option[3].value,
                            .dropout = (float)option[4].number};
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

/* What the blocks of a model have in common. */
static struct model_block block_of(const struct sizes *sizes)
{
    return (struct model_block){sizes->heads, false, sizes->dropout, sizes->dropout};
}

bool model_build_vit(struct model *model, const char *options, char error[MODEL_ERROR_SIZE])
{
    struct sizes sizes;
    if (!read_sizes(model, options, &sizes, error))
        return false;
    const struct model_block halves = block_of(&sizes);
    model_make_room(model, 2 * sizes.depth + 5);
    model_append(model, layer_patch_embedding(model->input, sizes.patch, sizes.width));
    model_append_dropout(model, sizes.dropout);
    for (int i = 0; i < sizes.depth; i++) {
        model_append(model, model_attention_half(model_last_output(model), &halves));
        model_append(model, model_perceptron_half(model_last_output(model), &halves));
    }
    model_append(model, layer_norm(model_last_output(model)));
    model_append(model, layer_mean_tokens(model_last_output(model)));
    model_append(model, layer_linear(model_last_output(model), model->outputs));
    return true;
}

/* One whole block; the first and the last bring what stands before and behind all of them. */
static struct layer block(const struct model *model, const struct sizes *sizes, bool first,
                          bool last)
{
    const struct model_block halves = block_of(sizes);
    struct model_inner part = {.shape = model_last_output(model)};
    if (first) {
        model_inner_append(&part, layer_patch_embedding(model->input, sizes->patch, sizes->width));
        model_inner_append_dropout(&part, sizes->dropout);
    }
    model_inner_append(&part, model_attention_half(part.shape, &halves));
    model_inner_append(&part, model_perceptron_half(part.shape, &halves));
    if (last) {
        model_inner_append(&part, layer_norm(part.shape));
        model_inner_append(&part, layer_mean_tokens(part.shape));
        model_inner_append(&part, layer_linear(part.shape, model->outputs));
    }
    return layer_sequence(part.layer, part.layers);
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
            model_append(model, block(model, &sizes, i == 0, i == sizes.depth - 1));
    return true;
}
