/*
 * --compare: builds the baseline that compare_with_baseline() is given, and
 * --corrupt: spoils one number first, which the comparison must notice.
 *
 * Every rank runs the whole model itself, from the same seed and so with the
 * parameters that the pipeline had before its first step. The pipeline's own
 * have changed since, but its gradients are still those of that step. All of
 * this happens after LOG_STEP_END of step 0.
 */
#include "assignments/pipeline/options.h"
#include "assignments/pipeline/program/parts.h"

#include <math.h>
#include <stdio.h>

bool pipeline_corruption_is_possible(const struct run *run, char *reason, size_t reason_size)
{
    const struct pipeline_options own = pipeline_options(run->options);
    const int layer = own.corrupt_layer;
    if (layer < 0)
        return true;
    if (layer < run->model->layers && run->model->layer[layer].parameter_count > 0)
        return true;
    snprintf(reason, reason_size, "--corrupt %s: %s has no layer %d with parameters", own.corrupt,
             run->model->name, layer);
    return false;
}

/* Moves the middle element by 1% of the tensor's norm plus 1e-3: small, but far above rounding. */
static void spoil(struct tensor *tensor)
{
    float *value = tensor_floats(tensor);
    double squares = 0.0;
    for (int i = 0; i < tensor->count; i++)
        squares += (double)value[i] * value[i];
    value[tensor->count / 2] += (float)(0.01 * sqrt(squares) + 1e-3);
}

static void corrupt(const struct run *run)
{
    const struct pipeline_options own = pipeline_options(run->options);
    if (own.corrupt[0] == '\0')
        return;
    if (own.corrupt_layer < 0) {
        if (run->rank == run->ranks - 1)
            spoil(batch_outputs(run->batch));
        return;
    }
    struct stage *stage = run->trained[0].stage;
    const int layer = own.corrupt_layer - stage_first_layer(stage);
    if (layer >= 0 && layer < stage_layers(stage)) {
        struct tensor *gradients = stage_layer_gradients(stage, own.corrupt_layer);
        spoil(gradients);
        tensor_free(gradients);
    }
}

static struct stage *make_baseline(const struct run *run)
{
    return stage_new(run->model,
                     &(struct stage_options){.index = 0,
                                             .stages = 1,
                                             .first_layer = 0,
                                             .layers = run->model->layers,
                                             .micro_batch_size = run->options->batch_size,
                                             .micro_batches = 1,
                                             .seed = run->options->seed,
                                             .device = DEVICE_CPU});
}

static struct batch *make_batch(const struct run *run)
{
    struct batch *batch = batch_new(&(struct batch_options){.dataset = run->options->dataset,
                                                            .batch_size = run->options->batch_size,
                                                            .micro_batches = 1,
                                                            .loss = run->options->loss,
                                                            .seed = run->options->seed,
                                                            .sample = run->model->input,
                                                            .classes = run->model->outputs});
    batch_open_inputs(batch);
    batch_open_labels(batch);
    batch_load(batch, 0);
    return batch;
}

bool pipeline_compare(struct run *run)
{
    struct stage *baseline = make_baseline(run);
    struct batch *batch = make_batch(run);
    baseline_forward_backward(baseline, batch);
    corrupt(run);
    const bool agreed = compare_with_baseline(run->own, baseline, batch);
    batch_free(batch);
    stage_free(baseline);
    return agreed;
}
