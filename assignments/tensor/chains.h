/*
 * The chains of a model: what stands in a row between two places where tensors are whole. Shared by the
 * program and the judges.
 *
 * Layers inside of a block and those on its way round are chains of their own; attention, embeddings and
 * whatever else mixes columns stand between chains.
 */
#ifndef ASSIGNMENTS_TENSOR_CHAINS_H
#define ASSIGNMENTS_TENSOR_CHAINS_H

#include "assignments/tensor/tensor.h"

struct chain {
    int first, links; /* places in the model (struct layer_place), one behind the other */
};

/* Has it a weight, which is to be split? */
bool chain_link_has_weight(enum link link);
/* Is a layer such a link: linear, or a convolution? */
bool chain_layer_has_weight(const struct layer *layer);
/* The link that a layer is in a chain; false: it is in none. */
bool chain_link(const struct layer *layer, enum link *link);
/* The chain that begins at a place or behind it; links is 0 if there is none. */
struct chain chain_from(const struct layer_of_model *all, int places, int place);

/* Where columns or channels stand in the shape of a sample. */
int chain_split_dimension(struct shape sample);

/* NULL, or what is wrong with the forms that were chosen for a chain, in text. */
#define CHAIN_ERROR_SIZE 256
const char *chain_fault(int links, const enum link *link, const enum form *form,
                        char text[CHAIN_ERROR_SIZE]);
const char *chain_form_name(enum form form); /* "FORM_COLUMN" */

#endif
