/*
 * What the four programs must compute: the same in one process, with plain loops in double precision.
 */
#ifndef TESTS_PARALLEL_TRUTH_H
#define TESTS_PARALLEL_TRUTH_H

#include "common/base/tensor.h"

#include <glib.h>

struct truth {
    char *name; /* of a whole */
    struct tensor *tensor;
};

/* The wholes that a right run of the program on so many ranks stores: array of struct truth to
 * g_array_unref. */
GArray *truth_of(const char *program, int ranks);

/* What the outputs of split_linear are the sum of, (8, 4) each, to g_free: the product that a rank's
 * slice makes, and with rank = ranks the bias. */
float *truth_partial_outputs(int rank, int ranks);
/* Of data_parallel: the gradient of a layer from a rank's own samples, (12, 12), to g_free. */
float *truth_gradient_share(int layer, int rank, int ranks);

#endif
