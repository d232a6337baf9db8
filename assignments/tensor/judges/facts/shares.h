/*
 * What a rank's share of a model's work costs; and what is wrong where it computes more or less.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_FACTS_SHARES_H
#define ASSIGNMENTS_TENSOR_JUDGES_FACTS_SHARES_H

#include "assignments/tensor/judges/facts/places.h"

struct tensor_cost {
    double least, most; /* FLOPs that a rank charges */
    double whole;       /* of the whole model */
};

/* Of a forward or a backward of so many samples on one of so many ranks. Of a layer with a weight each rank
 * computes the share of the outputs or inputs that it has; of all others a share, or all. */
struct tensor_cost tensor_cost_of(const struct tensor_places *places, int ranks, double samples,
                                  bool backward);

/* The computations of every rank cost what the whole does; or those of some rank more than its share, or
 * less. */
extern const struct mistake tensor_work_not_split, tensor_work_beyond_share,
    tensor_work_below_share;

#endif
