/* One process that has all of a layer; see layer_truth.h. */
#include "assignments/tensor/judges/layers/layer_truth.h"

#include <glib.h>
#include <string.h>

struct tensor *trial_copy(const struct tensor *tensor)
{
    struct tensor *copy = tensor_new(MEMORY_WORKSPACE, tensor->dtype, DEVICE_CPU, tensor->shape);
    tensor_copy(copy, tensor);
    return copy;
}

struct tensor *trial_masked(const struct tensor *tensor, const struct slice *slice)
{
    struct tensor *masked = tensor_new(MEMORY_WORKSPACE, tensor->dtype, DEVICE_CPU, tensor->shape);
    struct tensor *part = slice_part_new(slice, tensor);
    tensor_zero(masked);
    slice_copy_in(slice, part, masked);
    tensor_free(part);
    return masked;
}

struct tensor *trial_truth_parameter(const struct trial *trial, struct tensor *flat, int k)
{
    return tensor_view(flat, trial->whole.parameter[k].offset, trial->whole.parameter[k].shape);
}

/* ---- one pass --------------------------------------------------------------------------------------- */

static struct tensor *flat_new(size_t elements)
{
    struct tensor *flat =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape_flat(MAX(elements, 1)));
    tensor_zero(flat);
    return flat;
}

void trial_pass(const struct trial *trial, struct tensor *parameters, const struct tensor *x,
                const struct tensor *dy, struct layer_results *results)
{
    const struct layer *whole = &trial->whole;
    struct tensor *buffers = flat_new(whole->buffer_count);
    struct saved *saved = saved_new(whole);
    results->gradients = flat_new(whole->parameter_count);
    layer_initialise_buffers(whole, tensor_floats(buffers));
    const struct layer_memory memory = {.parameters = tensor_floats(parameters),
                                        .gradients = tensor_floats(results->gradients),
                                        .buffers = tensor_floats(buffers),
                                        .layer = trial->number};
    results->y = layer_forward(whole, memory, saved, trial_copy(x));
    results->dx =
        layer_backward_input(whole, memory, saved, trial_copy(dy), x->dtype == DTYPE_FLOAT32);
    layer_backward_weight(whole, memory, saved);
    saved_free(saved);
    tensor_free(buffers);
}

void trial_results_clear(struct layer_results *results)
{
    tensor_free(results->y);
    tensor_free(results->dx);
    tensor_free(results->gradients);
}

/* ---- the truth --------------------------------------------------------------------------------------- */

static struct tensor *draw_parameters(const struct trial *trial, int round)
{
    struct tensor *flat = flat_new(trial->whole.parameter_count);
    for (int k = 0; k < trial->whole.parameters; k++) {
        struct tensor *drawn = trial_parameter(trial, round, k);
        struct tensor *place = trial_truth_parameter(trial, flat, k);
        tensor_copy(place, drawn);
        tensor_free(place);
        tensor_free(drawn);
    }
    return flat;
}

struct layer_truth *trial_truth_new(const struct trial *trial, int round)
{
    struct layer_truth *truth = g_new0(struct layer_truth, 1);
    truth->trial = trial;
    truth->round = round;
    truth->parameters = draw_parameters(trial, round);
    truth->gradients = flat_new(trial->whole.parameter_count);
    for (int i = 0; i < TRIAL_MICRO_BATCHES; i++) {
        struct layer_results results;
        truth->x[i] = trial_x(trial, round, i);
        truth->dy[i] = trial_dy(trial, round, i);
        trial_pass(trial, truth->parameters, truth->x[i], truth->dy[i], &results);
        truth->y[i] = results.y;
        truth->dx[i] = results.dx;
        for (size_t e = 0; e < truth->gradients->elements; e++)
            tensor_floats(truth->gradients)[e] += tensor_floats(results.gradients)[e];
        tensor_free(results.gradients);
    }
    return truth;
}

void trial_truth_free(struct layer_truth *truth)
{
    if (!truth)
        return;
    for (int i = 0; i < TRIAL_MICRO_BATCHES; i++) {
        tensor_free(truth->x[i]);
        tensor_free(truth->dy[i]);
        tensor_free(truth->y[i]);
        tensor_free(truth->dx[i]);
    }
    tensor_free(truth->parameters);
    tensor_free(truth->gradients);
    g_free(truth);
}
