/*
 * Candidates; see layer_suspects.h. A rank's part of the work is what the whole layer does with what only
 * that rank has, and zero elsewhere.
 */
#include "assignments/tensor/judges/layers/layer_suspects.h"
#include "assignments/tensor/chains.h"

#include <string.h>

struct suspects *trial_suspects_new(void)
{
    struct suspects *suspects = g_new0(struct suspects, 1);
    suspects->candidate = g_array_new(FALSE, TRUE, sizeof(struct fit_candidate));
    suspects->tensor = g_ptr_array_new_with_free_func((GDestroyNotify)tensor_free);
    return suspects;
}

void trial_suspects_free(struct suspects *suspects)
{
    g_array_unref(suspects->candidate);
    g_ptr_array_unref(suspects->tensor);
    g_free(suspects);
}

void trial_suspects_add(struct suspects *suspects, enum suspect_family family, int row, int column,
                        struct tensor *tensor)
{
    const struct fit_candidate candidate = {
        .name = "a part",
        .family = (int)family,
        .row = row,
        .column = column,
        .numbers = fit_view_flat(tensor_floats(tensor), tensor->count)};
    g_array_append_val(suspects->candidate, candidate);
    g_ptr_array_add(suspects->tensor, tensor);
}

/* ---- who has what ------------------------------------------------------------------------------------ */

const struct slice *trial_slice_of(const struct judged_trial *judged, const char *name, int rank)
{
    const struct whole *whole = wholes_find(judged->wholes, name);
    for (guint i = 0; whole && i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (part->from->rank == rank)
            return &part->is.slice;
    }
    return NULL;
}

/* Of the samples of a micro-batch, these columns or channels. */
static struct slice columns_of(const struct trial *trial, struct shape sample, struct part part)
{
    return slice_along(shape_with_batch(trial->samples, sample), 1 + chain_split_dimension(sample),
                       part.begin, part.end);
}

/* Which part of y comes from a rank's rows of the first parameter. False: not from rows in one piece. */
static bool outputs_of(const struct judged_trial *judged, int rank, struct slice *slice)
{
    const struct trial *trial = judged->trial;
    g_autofree char *name =
        g_strdup_printf("layers.%d.%s", trial->number, trial->whole.parameter[0].name);
    const struct slice *rows = trial_slice_of(judged, name, rank);
    if (!rows || rows->along[0].count != 1)
        return false;
    const struct slice_piece piece = rows->along[0].piece[0];
    if (rows->whole.size[0] != trial->whole.output.size[chain_split_dimension(trial->whole.output)])
        return false;
    *slice = columns_of(trial, trial->whole.output, (struct part){piece.begin, piece.end});
    return true;
}

static struct slice inputs_of(const struct judged_trial *judged, int rank)
{
    return columns_of(judged->trial, judged->trial->whole.input, trial_inputs(judged->trial, rank));
}

/* The slices of all ranks of a stored tensor that is split: are they of one shape? */
static bool are_alike(const struct judged_trial *judged, const char *name)
{
    const struct slice *first = trial_slice_of(judged, name, 0);
    for (int rank = 0; rank < judged->run->ranks; rank++) {
        const struct slice *slice = trial_slice_of(judged, name, rank);
        if (!first || !slice || !shape_equal(slice_shape(slice), slice_shape(first)))
            return false;
    }
    return true;
}

/* The slices that the ranks have of `whole`: all, where they are of one size, else the rank's own. */
static void add_slices(const struct judged_trial *judged, const char *name, int rank,
                       enum suspect_family family, const struct tensor *whole,
                       struct suspects *suspects)
{
    if (!are_alike(judged, name)) {
        trial_suspects_add(suspects, family, 0, 0,
                           slice_part_new(trial_slice_of(judged, name, rank), whole));
        return;
    }
    suspects->own = rank;
    for (int s = 0; s < judged->run->ranks; s++)
        trial_suspects_add(suspects, family, 0, s,
                           slice_part_new(trial_slice_of(judged, name, s), whole));
}

/* ---- passes through a part of the layer --------------------------------------------------------------- */

/* The parameters, with zeros for all but the first. New. */
static struct tensor *without_biases(const struct judged_trial *judged)
{
    struct tensor *parameters = trial_copy(judged->truth->parameters);
    for (int k = 1; k < judged->trial->whole.parameters; k++) {
        struct tensor *place = trial_truth_parameter(judged->trial, parameters, k);
        tensor_zero(place);
        tensor_free(place);
    }
    return parameters;
}

/* y of an x, without the biases. New. */
static struct tensor *products_of(const struct judged_trial *judged, const struct tensor *x)
{
    struct tensor *weights = without_biases(judged);
    struct layer_results results;
    trial_pass(judged->trial, weights, x, judged->truth->dy[0], &results);
    struct tensor *y = results.y;
    results.y = NULL;
    trial_results_clear(&results);
    tensor_free(weights);
    return y;
}

/* What the biases add to y. New. */
static struct tensor *bias_in_y(const struct judged_trial *judged)
{
    struct tensor *zero = trial_copy(judged->truth->x[0]);
    struct layer_results results;
    tensor_zero(zero);
    trial_pass(judged->trial, judged->truth->parameters, zero, judged->truth->dy[0], &results);
    struct tensor *y = results.y;
    results.y = NULL;
    trial_results_clear(&results);
    tensor_free(zero);
    return y;
}

static bool has_bias(const struct judged_trial *judged)
{
    return judged->trial->whole.parameters > 1;
}

static int other_micro_batch(const struct layer_tensor *tensor)
{
    return (tensor->index + 1) % TRIAL_MICRO_BATCHES;
}

/* ---- y ------------------------------------------------------------------------------------------------ */

bool trial_suspect_terms_of_y(const struct judged_trial *judged, const struct layer_tensor *tensor,
                              int rank, const struct slice *slice, struct suspects *suspects)
{
    suspects->own = rank;
    for (int s = 0; s < judged->run->ranks; s++) {
        const struct slice inputs = inputs_of(judged, s);
        struct tensor *x = trial_masked(judged->truth->x[tensor->index], &inputs);
        struct tensor *y = products_of(judged, x);
        trial_suspects_add(suspects, SUSPECT_TERM, 0, s, slice_part_new(slice, y));
        tensor_free(y);
        tensor_free(x);
    }
    if (has_bias(judged))
        trial_suspects_add(suspects, SUSPECT_BIAS, 0, 0, bias_in_y(judged));
    trial_suspects_add(suspects, SUSPECT_OTHER, 0, 0,
                       slice_part_new(slice, judged->truth->y[other_micro_batch(tensor)]));
    return true;
}

bool trial_suspect_slices_of_y(const struct judged_trial *judged, const struct layer_tensor *tensor,
                               int rank, const struct slice *slice, struct suspects *suspects)
{
    (void)slice;
    struct tensor *y = products_of(judged, judged->truth->x[tensor->index]);
    add_slices(judged, tensor->name, rank, SUSPECT_SLICE, y, suspects);
    tensor_free(y);
    if (has_bias(judged)) {
        struct tensor *bias = bias_in_y(judged);
        add_slices(judged, tensor->name, rank, SUSPECT_BIASES, bias, suspects);
        tensor_free(bias);
    }
    return true;
}

/* The ranks' parts of y, one behind the other in memory, or in places of which the last rank has the first. */
static struct tensor *misplaced(const struct judged_trial *judged, const struct tensor *y,
                                bool in_places)
{
    const int ranks = judged->run->ranks;
    struct tensor *wrong = trial_copy(y);
    size_t at = 0;
    for (int s = 0; s < ranks; s++) {
        struct slice slice, other;
        if (!outputs_of(judged, s, &slice) || !outputs_of(judged, ranks - 1 - s, &other))
            continue;
        struct tensor *part = slice_part_new(&slice, y);
        if (in_places && shape_equal(slice_shape(&slice), slice_shape(&other)))
            slice_copy_in(&other, part, wrong);
        else if (!in_places)
            memcpy(tensor_floats(wrong) + at, part->data, tensor_bytes(part));
        at += part->elements;
        tensor_free(part);
    }
    return wrong;
}

/* Of a y that was gathered. */
bool trial_suspect_parts_of_y(const struct judged_trial *judged, const struct layer_tensor *tensor,
                              int rank, const struct slice *slice, struct suspects *suspects)
{
    struct slice first, last;
    (void)slice;
    suspects->own = rank;
    struct tensor *y = products_of(judged, judged->truth->x[tensor->index]);
    for (int s = 0; s < judged->run->ranks; s++) {
        struct slice outputs;
        if (outputs_of(judged, s, &outputs))
            trial_suspects_add(suspects, SUSPECT_TERM, 0, s, trial_masked(y, &outputs));
    }
    tensor_free(y);
    if (has_bias(judged))
        trial_suspects_add(suspects, SUSPECT_BIAS, 0, 0, bias_in_y(judged));
    trial_suspects_add(suspects, SUSPECT_RECEIVED, 0, 0,
                       misplaced(judged, tensor->true_whole, false));
    /* Of parts of other sizes that is nothing new. */
    if (outputs_of(judged, 0, &first) && outputs_of(judged, judged->run->ranks - 1, &last) &&
        shape_equal(slice_shape(&first), slice_shape(&last)))
        trial_suspects_add(suspects, SUSPECT_REVERSED, 0, 0,
                           misplaced(judged, tensor->true_whole, true));
    return judged->run->ranks > 1;
}

/* ---- dx ----------------------------------------------------------------------------------------------- */

bool trial_suspect_terms_of_dx(const struct judged_trial *judged, const struct layer_tensor *tensor,
                               int rank, const struct slice *slice, struct suspects *suspects)
{
    suspects->own = rank;
    for (int s = 0; s < judged->run->ranks; s++) {
        struct slice outputs;
        if (!outputs_of(judged, s, &outputs))
            return false;
        struct tensor *dy = trial_masked(judged->truth->dy[tensor->index], &outputs);
        struct layer_results results;
        trial_pass(judged->trial, judged->truth->parameters, judged->truth->x[tensor->index], dy,
                   &results);
        trial_suspects_add(suspects, SUSPECT_TERM, 0, s, slice_part_new(slice, results.dx));
        trial_results_clear(&results);
        tensor_free(dy);
    }
    trial_suspects_add(suspects, SUSPECT_OTHER, 0, 0,
                       slice_part_new(slice, judged->truth->dx[other_micro_batch(tensor)]));
    return true;
}

bool trial_suspect_slices_of_dx(const struct judged_trial *judged,
                                const struct layer_tensor *tensor, int rank,
                                const struct slice *slice, struct suspects *suspects)
{
    add_slices(judged, tensor->name, rank, SUSPECT_SLICE, tensor->true_whole, suspects);
    trial_suspects_add(suspects, SUSPECT_OTHER, 0, 0,
                       slice_part_new(slice, judged->truth->dx[other_micro_batch(tensor)]));
    return true;
}

/* ---- gradients ---------------------------------------------------------------------------------------- */

bool trial_suspect_slices_of_gradient(const struct judged_trial *judged,
                                      const struct layer_tensor *tensor, int rank,
                                      const struct slice *slice, struct suspects *suspects)
{
    (void)slice;
    if (!tensor->split || judged->run->ranks == 1)
        return false;
    add_slices(judged, tensor->name, rank, SUSPECT_SLICE, tensor->true_whole, suspects);
    return true;
}
