/*
 * Known mistakes of can_split and split: what they answer to all sizes.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_SPLIT_MISTAKES_H
#define ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_SPLIT_MISTAKES_H

#include "assignments/tensor/tensor.h"
#include "grader/verdict/judge.h"

#define SPLIT_MOST_RANKS 64

/* What the two functions said of one size. */
struct split_case {
    int size, ranks;
    bool accepted, overrun;
    const char *reason;
    int parts; /* ranks, or 0: there are none to look at */
    struct part part[SPLIT_MOST_RANKS];
};

/* The mistake that explains what was said of every size; NULL: there is none, or it is right. */
const struct mistake *split_mistake(const struct split_case *cases, int count);

#endif
