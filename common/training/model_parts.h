/*
 * What the model's files share: model.c (the interface, the mlp and the cnn),
 * model_options.c (reading the options of a name), model_blocks.c (transformer
 * blocks), model_transformer.c, model_gpt.c and model_resnet.c.
 */
#ifndef COMMON_TRAINING_MODEL_PARTS_H
#define COMMON_TRAINING_MODEL_PARTS_H

#include "common/training/model.h"

/* A whole number from 1 to `most`; or one of `words`; or a real number, `least` ≤ number < `below`. */
struct model_option {
    const char *name;
    int value; /* the default, then what was given; of words: which of them, from 0 */
    int most;
    const char *const *words; /* ends with NULL */
    bool is_real;
    double number; /* the default, then what was given */
    double least, below;
};

#define WHOLE_OPTION(option, preset, at_most)                                                      \
    {                                                                                              \
        .name = (option), .value = (preset), .most = (at_most)                                     \
    }
/* The first of the words is the default. */
#define WORD_OPTION(option, of_words)                                                              \
    {                                                                                              \
        .name = (option), .words = (of_words)                                                      \
    }
#define REAL_OPTION(option, preset, from, less_than)                                               \
    {                                                                                              \
        .name = (option), .is_real = true, .number = (preset), .least = (from),                    \
        .below = (less_than)                                                                       \
    }

/* Reads "depth=8,norm=batch,dropout=0.1" into options; false and an error for anything else. */
bool model_read_options(const char *text, struct model_option *options, int count,
                        char error[MODEL_ERROR_SIZE]);
/* Notes them as model->options. */
void model_note_options(struct model *model, const struct model_option *options, int count);

void model_make_room(struct model *model, int layers);
/* Appends a layer, whose input is what the last one's output was. */
void model_append(struct model *model, struct layer layer);
struct shape model_last_output(const struct model *model);

/* The option norm=none|layer|batch, and what it asks for behind a linear layer or a convolution. */
enum norm { NORM_NONE, NORM_LAYER, NORM_BATCH };
extern const char *const model_norms[];
void model_append_norm(struct model *model, enum norm norm);
void model_append_dropout(struct model *model, float rate); /* none where the rate is 0 */

/* Layers inside another one, one behind the other. */
struct model_inner {
    struct layer layer[8];
    int layers;
    struct shape shape; /* that the last one gives */
};
void model_inner_append(struct model_inner *to, struct layer layer);
void model_inner_append_dropout(struct model_inner *to, float rate); /* none where the rate is 0 */

/* A transformer block. Dropout is where ViT and GPT-2 both have it, at the end of each half, and where ViT has
 * it besides, between the two linear layers. */
struct model_block {
    int heads;
    bool causal;
    float dropout, dropout_between;
};
/* Its two halves, each y = x + f(norm(x)), with a perceptron four times as wide as the block. */
struct layer model_attention_half(struct shape shape, const struct model_block *block);
struct layer model_perceptron_half(struct shape shape, const struct model_block *block);

/* Each lists the layers of one kind of model; false and an error for options that don't fit. */
bool model_build_vit(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);
bool model_build_resnet(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);
bool model_build_transformer(struct model *model, const char *options,
                             char error[MODEL_ERROR_SIZE]);
bool model_build_gpt(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);

#endif
