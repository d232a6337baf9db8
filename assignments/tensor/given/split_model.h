/*
 * A model whose layers are the student's, split over the ranks of a group: for programs that train one. This
 * assignment's has one group, of all its ranks; others may have several.
 */
#ifndef ASSIGNMENTS_TENSOR_GIVEN_SPLIT_MODEL_H
#define ASSIGNMENTS_TENSOR_GIVEN_SPLIT_MODEL_H

#include "assignments/tensor/tensor.h"
#include "assignments/tensor/way_table.h"
#include "common/driver/driver.h"

/* ---- layers.c ----------------------------------------------------------------------------------- */

/* Before the model is made (struct program.layers): from now on its layers are the student's, split over
 * the group, for micro-batches of so many samples. */
void tensor_put_layers_among(const struct tensor_group *group, enum way way, int samples);
/* Can the model that was made be split over the ranks? If not, false, and why not. */
bool tensor_fits(char *reason, size_t reason_size);
const struct tensor_group *tensor_run_group(void);
/* Lets the student's function for that way choose. */
void tensor_choose_forms(enum way way, int links, const enum link *link, enum form *form);
/* Does a layer split what came whole? Then *part of so many (*of) columns or channels leaves it on this
 * rank: those of its slice. */
bool tensor_gives_part(const struct tensor_place *place, const struct layer *own, struct part *part,
                       int *of);
/* The words whose logits leave the model on this rank, in the way that splits them. */
struct part tensor_own_words(void);

/* ---- constructors.c ------------------------------------------------------------------------------ */

/* The layer that the student's constructor for it makes; false: the kit's is right. */
bool tensor_make_layer(const struct tensor_place *place, struct layer *own);
/* Can the student's constructor cut what it cuts over the ranks: columns, channels, words, heads? False, and
 * why not. */
bool tensor_can_cut(const struct tensor_place *place, char *reason, size_t reason_size);

/* ---- vocabulary_loss.c --------------------------------------------------------------------------- */

/* Puts the student's cross-entropy in the place of the kit's. */
void tensor_put_loss(struct run *run);

#endif
