/*
 * Candidates (layer_suspects.h) for gradients of parameters: what x of one micro-batch and dy of one, the same or
 * another, give. Their sum over the micro-batches is right, and whatever is missing, or in it twice, shows.
 */
#include "assignments/tensor/judges/layers/layer_suspects.h"

#include "common/training/assert_close.h"

/* The part of parameter k's gradient that x of micro-batch i and dy of j give. New. */
static struct tensor *gradient_of(const struct judged_trial *judged, int k, int i, int j,
                                  const struct slice *slice)
{
    struct layer_results results;
    trial_pass(judged->trial, judged->truth->parameters, judged->truth->x[i], judged->truth->dy[j],
               &results);
    struct tensor *whole = trial_truth_parameter(judged->trial, results.gradients, k);
    struct tensor *part = slice_part_new(slice, whole);
    tensor_free(whole);
    trial_results_clear(&results);
    return part;
}

static bool depends_on_x(const struct judged_trial *judged, int k, const struct slice *slice)
{
    struct tensor *one = gradient_of(judged, k, 0, 0, slice),
                  *other = gradient_of(judged, k, 1, 0, slice);
    const bool depends = !closeness_of(one, other, tolerance_gradient()).close;
    tensor_free(one);
    tensor_free(other);
    return depends;
}

static void add_products(const struct judged_trial *judged, const struct layer_tensor *tensor,
                         int rows, const struct slice *slice, struct suspects *suspects)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TRIAL_MICRO_BATCHES; j++)
            trial_suspects_add(suspects, SUSPECT_PRODUCT, i, j,
                               gradient_of(judged, tensor->index, i, j, slice));
}

bool trial_suspect_products(const struct judged_trial *judged, const struct layer_tensor *tensor,
                            int rank, const struct slice *slice, struct suspects *suspects)
{
    (void)rank;
    if (!depends_on_x(judged, tensor->index, slice))
        return false;
    add_products(judged, tensor, TRIAL_MICRO_BATCHES, slice, suspects);
    return true;
}

bool trial_suspect_products_of_dy(const struct judged_trial *judged,
                                  const struct layer_tensor *tensor, int rank,
                                  const struct slice *slice, struct suspects *suspects)
{
    (void)rank;
    if (depends_on_x(judged, tensor->index, slice))
        return false;
    add_products(judged, tensor, 1, slice, suspects);
    return true;
}
