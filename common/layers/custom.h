/*
 * What a layer that a student wrote consists of, and how models put such layers
 * in the place of the kit's: for layer.c, the constructors and the models.
 */
#ifndef COMMON_LAYERS_CUSTOM_H
#define COMMON_LAYERS_CUSTOM_H

#include "common/layers/custom_layer.h"

#define CUSTOM_NAME_SIZE 96

struct custom {
    char name[CUSTOM_NAME_SIZE]; /* for messages: "linear", "linear, in place of linear 2" */
    struct layer_operations operations;
    struct tensor *(*forward)(struct layer_call *call, struct tensor *x);
    struct tensor *(*backward_input)(struct layer_call *call, struct tensor *dy, bool want_dx);
    void (*backward_weight)(struct layer_call *call);
    void (*free)(void *own);
    void *own;
};

void custom_free(struct custom *custom); /* NULL is allowed */

/* A model that is made while layers are replaced is made twice: first of the kit's layers, which
 * are only looked at, so that whole sizes are known, and then with those that replace them. Between
 * begin and end, in one process, all layers that are made belong to that model. */
bool custom_replaces(void); /* is there anything to do? */
void custom_replace_look(void);
void custom_replace_begin(void);
void custom_replace_end(void);

#endif
