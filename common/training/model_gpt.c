/*
 * The gpt (model.h): a decoder-only language model with norms in front (Radford et al. 2019, GPT-2),
 * in whole blocks, so that stages are cut between them.
 *
 * With tied=1 the head works with the table of the embedding. Dropout comes behind the embedding and at
 * the end of both halves of a block, where GPT-2 has it besides its attention's probabilities.
 * Weights begin as the other models' do, embeddings as GPT-2's.
 */
#include "common/training/model_parts.h"

#include <limits.h>
#include <stdio.h>

struct sizes {
    int depth, width, heads;
    bool tied;
    float dropout;
};

static bool read_sizes(struct model *model, const char *text, struct sizes *sizes,
                       char error[MODEL_ERROR_SIZE])
{
    static const char *const no_or_yes[] = {"0", "1", NULL};
    struct model_option option[] = {WHOLE_OPTION("depth", 4, 4096),
                                    WHOLE_OPTION("width", 64, 65536),
                                    WHOLE_OPTION("heads", 4, 1024), WORD_OPTION("tied", no_or_yes),
                                    REAL_OPTION("dropout", 0, 0, 1)};
    if (!model_read_options(text, option, 5, error))
        return false;
    model_note_options(model, option, 5);
    *sizes = (struct sizes){.depth = option[0].value,
                            .width = option[1].value,
                            .heads = option[2].value,
                            .tied = option[3].value == 1,
                            .dropout = (float)option[4].number};
    if (sizes->width % sizes->heads != 0) {
        snprintf(error, MODEL_ERROR_SIZE, "heads=%d: must divide width=%d", sizes->heads,
                 sizes->width);
        return false;
    }
    /* The widest that leaves a layer: the perceptron's middle, the probabilities, or the outputs. */
    const double tokens = model->input.size[0];
    if (tokens * sizes->width * 4 > INT_MAX || tokens * tokens * sizes->heads > INT_MAX ||
        tokens * model->outputs > INT_MAX || (double)model->outputs * sizes->width > INT_MAX) {
        snprintf(
            error, MODEL_ERROR_SIZE,
            "%.0f tokens of a vocabulary of %d, width=%d, heads=%d: a sample or the head has more "
            "than %d numbers; make one of them smaller",
            tokens, model->outputs, sizes->width, sizes->heads, INT_MAX);
        return false;
    }
    return true;
}

static struct layer block(const struct model *model, const struct sizes *sizes, bool first,
                          bool last)
{
    const int tokens = model->input.size[0], vocabulary = model->outputs;
    const struct model_block halves = {sizes->heads, true, sizes->dropout, 0};
    struct model_inner part = {.shape = model_last_output(model)};
    if (first) {
        model_inner_append(&part, layer_embedding(tokens, vocabulary, sizes->width));
        model_inner_append_dropout(&part, sizes->dropout);
    }
    model_inner_append(&part, model_attention_half(part.shape, &halves));
    model_inner_append(&part, model_perceptron_half(part.shape, &halves));
    if (last) {
        const struct linear_options head = {.outputs = vocabulary, .no_bias = true};
        model_inner_append(&part, layer_norm(part.shape));
        model_inner_append(&part, sizes->tied ? layer_tied_head(part.shape, vocabulary)
                                              : layer_linear_with(part.shape, head));
    }
    return layer_sequence(part.layer, part.layers);
}

bool model_build_gpt(struct model *model, const char *options, char error[MODEL_ERROR_SIZE])
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
