/*
 * What the model's files share: model.c (the interface, the mlp and the cnn),
 * model_options.c (reading the options of a name) and model_transformer.c.
 */
#ifndef COMMON_TRAINING_MODEL_PARTS_H
#define COMMON_TRAINING_MODEL_PARTS_H

#include "common/training/model.h"

struct size_option {
    const char *name;
    int value; /* the default, then what was given */
    int most;  /* 1 … most */
};

/* Reads "depth=8,width=64" into options; false and an error for anything else. */
bool model_read_options(const char *text, struct size_option *options, int count,
                        char error[MODEL_ERROR_SIZE]);

void model_make_room(struct model *model, int layers);
/* Appends a layer, whose input is what the last one's output was. */
void model_append(struct model *model, struct layer layer);
struct shape model_last_output(const struct model *model);

/* Each lists the layers of one kind of model; false and an error for options that don't fit. */
bool model_build_vit(struct model *model, const char *options, char error[MODEL_ERROR_SIZE]);
bool model_build_transformer(struct model *model, const char *options,
                             char error[MODEL_ERROR_SIZE]);

#endif
