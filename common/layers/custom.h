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
    struct layer_border before, behind; /* of a layer with borders, which has no three functions */
    void (*free)(void *own);
    void *own;
};

/* Fatal, with what is wrong, for a description that is not one. */
void custom_check_description(const struct custom_layer *description);

void custom_free(struct custom *custom); /* NULL is allowed */

/* Some numbers of what a student's function must leave as it is: its parameters, x or dy where others refer to
 * it, too, and its buffers in a forward that only reads them. To look at all of them would cost as much as a small layer does. */
enum { UNCHANGED_NUMBERS = 8 };
struct unchanged {
    int parameters, buffers;
    struct tensor *const *parameter;
    struct tensor *const *buffer;
    const struct tensor *given; /* NULL: the function may write into it */
    uint32_t number[LAYER_MAX_PARAMETERS + 1]
                   [UNCHANGED_NUMBERS]; /* the last are those of `given` */
    uint32_t buffer_number[LAYER_MAX_BUFFERS][UNCHANGED_NUMBERS];
};

/* given: x, dy or NULL. */
void custom_unchanged_note(struct unchanged *unchanged, int parameters,
                           struct tensor *const *parameter, const struct tensor *given);
/* The buffers, too; one that is NULL is not looked at. */
void custom_unchanged_note_buffers(struct unchanged *unchanged, int buffers,
                                   struct tensor *const *buffer);
/* Fatal where one of them is another number now. */
void custom_unchanged_check(const struct unchanged *unchanged, const struct layer *layer,
                            const char *function);

/* A model that is made while layers are replaced is made twice: first of the kit's layers, which
 * are only looked at, so that whole sizes are known, and then with those that replace them. Between
 * begin and end, in one process, all layers that are made belong to that model. */
bool custom_replaces(void); /* is there anything to do? */
void custom_replace_look(void);
void custom_replace_begin(void);
void custom_replace_end(void);
/* The layer as it stands at that place, for those who try one alone; fatal, with what is wrong, for one
 * that can't. Of the place kit, whole and number are looked at. */
struct layer custom_put_in_place(struct layer own, const struct layer_place *place);

#endif
