/*
 * What the model's files share: model.c (the interface, the mlp and the cnn),
 * model_options.c (reading the options of a name), model_transformer.c,
 * model_gpt.c and model_resnet.c.
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

void model_make_room(struct model *model, int layers);
/* Appends a layer, whose input is what the last one's output was. */
void model_append(struct model *model, struct layer layer);
struct shape model_last_output(const struct model *model);

/* The option norm=none|layer|batch, and what it asks for behind a linear layer or a convolution. */
enum norm { NORM_NONE, NORM_LAYER, NORM_BATCH };
extern const char *const model_norms[];
void model_append_norm(struct model *model, enum norm norm);

/* Each lists the layers of one kind of model; false and an error for options that don't fit. */
bool model_build_vit(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);
bool model_build_resnet(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);
bool model_build_transformer(struct model *model, const char *options,
                             char error[MODEL_ERROR_SIZE]);
bool model_build_gpt(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);

#endif
