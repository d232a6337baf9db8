/*
 * The known mistakes of a layer that is split, as tables of what a wrong tensor was made of.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_LAYERS_LAYER_MISTAKES_H
#define ASSIGNMENTS_TENSOR_JUDGES_LAYERS_LAYER_MISTAKES_H

#include "grader/truth/combinations.h"

struct layer_table {
    const struct combination *row;
    int rows;
};

/* Each is for the candidates of the function trial_suspect_… of the same name. */
extern const struct layer_table trial_terms_of_y, trial_slices_of_y, trial_parts_of_y,
    trial_terms_of_dx, trial_slices_of_dx, trial_products, trial_products_of_dy,
    trial_slices_of_gradient;
/* Of a layer with several inside: for trial_suspect_inside_terms_of_y. */
extern const struct layer_table trial_terms_inside_of_y;

/* Names of two that may be something else where the log shows a sum. */
#define OUTPUTS_ARE_PARTIAL "partial outputs are not summed"
#define DX_IS_PARTIAL       "dx is not summed over the ranks"

#endif
