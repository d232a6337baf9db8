/*
 * The layers of a run's model, those inside of blocks, too, as they are in one process; what they cost; and
 * which forms they have in a way of splitting.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_FACTS_PLACES_H
#define ASSIGNMENTS_TENSOR_JUDGES_FACTS_PLACES_H

#include "assignments/tensor/chains.h"
#include "grader/evidence/evidence.h"

struct tensor_places {
    struct model *model;
    int count;
    struct layer_of_model *at; /* in the order in which they are made; those of a block
                                  that is like another (layer_like) where it stands */
    int by_samples; /* those before this one work on each rank's part of the samples, and are whole */
};

/* NULL after setting the verdict. The caller frees with tensor_places_free. */
struct tensor_places *tensor_places_new(const struct outcome *run, struct verdict *verdict);
void tensor_places_free(struct tensor_places *places); /* NULL is allowed */

/* What becomes of each layer, by the fewest rounds that its way allows: an array of forms to g_free. Of an odd
 * number of layers with weights in a row, any of the first, the third … may be the one that shares its round
 * with nobody: the last by choice 0, the one before these two by choice 1, and so on in all rows. */
enum form *tensor_places_forms(const struct tensor_places *places, const struct options *options,
                               int choice);
/* How many there are. */
int tensor_places_choices(const struct tensor_places *places, const struct options *options);

/* Does nothing with parameters come before it in the model? Then nobody wants the gradient for its input. */
bool tensor_places_is_first(const struct tensor_places *places, int place);

/* Has it a weight of which each rank is to have a slice? */
bool tensor_places_has_weight(const struct tensor_places *places, int place);

/* "linear, place 3 of 8" */
char *tensor_places_name(const struct tensor_places *places, int place);

#endif
