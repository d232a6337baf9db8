/*
 * A run of the probe of a layer that never was: each rank stored what a linear layer gives, computed here
 * with plain loops in double precision, but for one tensor of one trial, which is made of something else.
 */
#ifndef ASSIGNMENTS_TENSOR_TESTS_SUPPORT_MADE_LAYERS_H
#define ASSIGNMENTS_TENSOR_TESTS_SUPPORT_MADE_LAYERS_H

#include "assignments/tensor/trials.h"
#include "tests/support/logged_run.h"

#define MADE_RANKS 3

enum which { NO_TENSOR, Y, DX, WEIGHT_GRADIENT, BIAS_GRADIENT };
enum misplaced { IN_PLACE, ONE_BEHIND_THE_OTHER, LAST_RANK_FIRST, OTHER_MICRO_BATCH };
enum slices {
    RIGHT_SLICES,
    EVERYTHING,
    FIRST_SLICE,
    LAST_HAS_THE_REST,
    REST_IS_MISSING,
    OTHER_RANKS
};

/* What one tensor of one trial is made of; all others are right. */
struct made {
    const char *kind;
    int trial;
    enum which tensor;
    double share[MADE_RANKS][MADE_RANKS]; /* of rank s's term, or slice, in that of rank r … */
    double times;                         /* … so often; 0: once */
    double bias;                          /* in y so often; with own_bias of rank s likewise */
    bool first_bias, all_biases;
    double product[2]
                  [2]; /* of a gradient: x of micro-batch i with dy of j; all zeros: as is right */
    enum misplaced misplaced;
    enum slices slices;
    double work; /* so many times as much is charged; 0: as is due */
    bool bias_gradient_on_rank_0;
    const char *mistake; /* its name; NULL: it is right; "": it has none */
};

/* To be freed with logged_run_free. */
struct logged_run *made_run_of(const struct made *made);

#endif
