/*
 * Candidates (layer_suspects.h) of layers that take and give whole tensors and are split inside: attention, whose
 * heads come together in the projection, and an embedding, of which each rank has some words. A rank's term of y
 * is what the layer gives with that rank's slice of one parameter and zeros elsewhere.
 */
#include "assignments/tensor/between_chains.h"
#include "assignments/tensor/judges/layers/layer_suspects.h"

/* The parameter whose slices make the terms of y, and the one that is added once. */
struct ends {
    int terms, once;
};

static struct ends ends_of(const struct trial *trial)
{
    return tensor_is_attention(&trial->whole) ? (struct ends){.terms = 2, .once = 3}
                                              : (struct ends){.terms = 0, .once = 1};
}

static void clear(const struct trial *trial, struct tensor *parameters, int k)
{
    struct tensor *place = trial_truth_parameter(trial, parameters, k);
    tensor_zero(place);
    tensor_free(place);
}

/* All parameters, but of the one whose slices make terms only rank s's. New. False: it has no slice. */
static bool parameters_of(const struct judged_trial *judged, int s, struct tensor **parameters)
{
    const struct trial *trial = judged->trial;
    const int k = ends_of(trial).terms;
    g_autofree char *name =
        g_strdup_printf("layers.%d.%s", trial->number, trial->whole.parameter[k].name);
    const struct slice *slice = trial_slice_of(judged, name, s);
    if (!slice)
        return false;
    *parameters = trial_copy(judged->truth->parameters);
    struct tensor *place = trial_truth_parameter(trial, *parameters, k);
    struct tensor *masked = trial_masked(place, slice);
    tensor_copy(place, masked);
    tensor_free(masked);
    tensor_free(place);
    return true;
}

static struct layer_results pass_of(const struct judged_trial *judged, const struct trial *trial,
                                    struct tensor *parameters, int micro_batch)
{
    struct layer_results results;
    trial_pass(trial, parameters, judged->truth->x[micro_batch], judged->truth->dy[micro_batch],
               &results);
    return results;
}

/* Attention that takes its columns for those of more and narrower heads. */
static void add_finer(const struct judged_trial *judged, const struct layer_tensor *tensor,
                      const struct slice *slice, struct suspects *suspects)
{
    struct trial finer = *judged->trial;
    finer.whole.heads *= judged->run->ranks;
    if (!tensor_is_attention(&finer.whole) ||
        shape_last(finer.whole.input) % finer.whole.heads != 0)
        return;
    struct layer_results results =
        pass_of(judged, &finer, judged->truth->parameters, tensor->index);
    trial_suspects_add(suspects, SUSPECT_FINER, 0, 0, slice_part_new(slice, results.y));
    trial_results_clear(&results);
}

bool trial_suspect_inside_terms_of_y(const struct judged_trial *judged,
                                     const struct layer_tensor *tensor, int rank,
                                     const struct slice *slice, struct suspects *suspects)
{
    const struct trial *trial = judged->trial;
    const struct ends ends = ends_of(trial);
    suspects->own = rank;
    for (int s = 0; s < judged->run->ranks; s++) {
        struct tensor *parameters;
        if (!parameters_of(judged, s, &parameters))
            return false;
        clear(trial, parameters, ends.once);
        struct layer_results results = pass_of(judged, trial, parameters, tensor->index);
        trial_suspects_add(suspects, SUSPECT_TERM, 0, s, slice_part_new(slice, results.y));
        trial_results_clear(&results);
        tensor_free(parameters);
    }
    struct tensor *parameters = trial_copy(judged->truth->parameters);
    clear(trial, parameters, ends.terms);
    struct layer_results results = pass_of(judged, trial, parameters, tensor->index);
    trial_suspects_add(suspects, SUSPECT_BIAS, 0, 0, slice_part_new(slice, results.y));
    trial_results_clear(&results);
    tensor_free(parameters);
    add_finer(judged, tensor, slice, suspects);
    return true;
}

bool trial_suspect_inside_terms_of_dx(const struct judged_trial *judged,
                                      const struct layer_tensor *tensor, int rank,
                                      const struct slice *slice, struct suspects *suspects)
{
    suspects->own = rank;
    for (int s = 0; s < judged->run->ranks; s++) {
        struct tensor *parameters;
        if (!parameters_of(judged, s, &parameters))
            return false;
        struct layer_results results = pass_of(judged, judged->trial, parameters, tensor->index);
        trial_suspects_add(suspects, SUSPECT_TERM, 0, s, slice_part_new(slice, results.dx));
        trial_results_clear(&results);
        tensor_free(parameters);
    }
    return true;
}
