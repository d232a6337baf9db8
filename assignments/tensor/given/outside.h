/*
 * What tensors are outside of split layers: whole, or, in some ways, each rank's part of the tokens or of
 * the samples. The student's functions that lead from one to the other stand around the kit's layers, before
 * which, or behind which, it changes (layer_with_borders).
 */
#ifndef ASSIGNMENTS_TENSOR_GIVEN_OUTSIDE_H
#define ASSIGNMENTS_TENSOR_GIVEN_OUTSIDE_H

#include "assignments/tensor/given/split_model.h"
#include "assignments/tensor/way_table.h"

/* A model is about to be made, of these layers, for micro-batches of so many samples. False, and why not: this
 * way is not for it, or not on so many ranks. */
bool tensor_outside_begin(enum way way, const struct tensor_group *group,
                          const struct layer_of_model *all, int places, int samples, char *reason,
                          size_t reason_size);
/* The first place whose layer may be split: those before it are whole on every rank. */
int tensor_outside_first_split(void);
/* At the place that comes next: are tensors split by tokens? */
bool tensor_outside_by_tokens(void);
struct part tensor_outside_tokens(void); /* this rank's, where they are */
/* The student's functions around the kit's layer, or the kit's with other sizes, where this is a place for
 * that; false: it stays as it is. For each place that the student made no layer for. */
bool tensor_outside_put(const struct layer_place *at, enum form form, struct layer *own);
/* For every place, in their order, when its layer was made. */
void tensor_outside_passed(const struct tensor_place *place);

/* Behind the backwards of a step: lets the student sum the gradients of parameters of which every rank has
 * all, where tensors outside are parts. */
void tensor_sum_gradients(struct run *run);
/* Is what comes into a layer, and goes out of it, a part? It stands in this layer of the model, or is it, and
 * has no layers inside. */
struct tensor_outside {
    bool input_is_part, output_is_part;
};
struct tensor_outside tensor_outside_of(int model_layer, const struct layer *leaf);

#endif
