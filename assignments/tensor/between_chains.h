/*
 * Layers that stand between chains: attention, and the two ends of a language model. Shared by the program and the
 * judges.
 */
#ifndef ASSIGNMENTS_TENSOR_BETWEEN_CHAINS_H
#define ASSIGNMENTS_TENSOR_BETWEEN_CHAINS_H

#include "assignments/tensor/tensor.h"
#include "assignments/tensor/way_table.h"

bool tensor_is_attention(const struct layer *layer); /* causal or not */
bool tensor_is_embedding(const struct layer *layer); /* of words */

/* FORM_INSIDE if this way splits it, else FORM_WHOLE. */
enum form tensor_form_between_chains(const struct layer *layer, enum way way);

/* The place of the head of a language model, whose logits stay split in the way that splits its words: FORM_COLUMN.
 * -1: the way does not, or the model is none. */
int tensor_split_head(const struct layer_of_model *all, int places, enum way way);

#endif
