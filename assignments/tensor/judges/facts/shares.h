/*
 * What a rank's share of a model's work costs.
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

#endif
