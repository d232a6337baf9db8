/*
 * --compare: builds the baseline that compare_with_baseline() is given, and
 * --corrupt: spoils a number first, which the comparison must notice.
 *
 * Every rank runs the whole model itself, from the same seed and so with the
 * parameters that the pipeline had before its first step. The pipeline's own
 * have changed since, but its gradients are still those of that step. All of
 * this happens after LOG_STEP_END of step 0.
 */
#include "assignments/pipeline/corruption.h"
#include "assignments/pipeline/options.h"
#include "assignments/pipeline/program/parts.h"
#include "common/log/log_fields.h"

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

/* ---- one number ------------------------------------------------------------------------------- */

/* The tensor that a corruption is about, if this rank has it, as a view to be freed; else NULL. */
static struct tensor *find_tensor(const struct run *run, int layer)
{
    struct stage *stage = run->trained[0].stage;
    if (layer < 0 && run->rank == run->ranks - 1) {
        struct tensor *outputs = batch_outputs(run->batch);
        return tensor_view(outputs, 0, outputs->shape);
    }
    const bool own =
        layer >= stage_first_layer(stage) && layer < stage_first_layer(stage) + stage_layers(stage);
    return own ? stage_layer_gradients(stage, layer) : NULL;
}

/* Compares with these numbers moved, and moves them back. */
static bool compare_corrupted(const struct run *run, struct corruption corruption,
                              struct stage *baseline, struct batch *batch)
{
    struct tensor *tensor = find_tensor(run, corruption.layer);
    struct tensor *right = NULL;
    if (tensor != NULL) {
        right = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, tensor->shape);
        tensor_copy(right, tensor);
        struct tensor *moved = tensor_on_host(tensor, "be moved");
        float *value = tensor_floats(moved) + corruption_index(corruption, moved->count);
        const float more = corruption_of(corruption, right);
        for (int i = 0; i < corruption_length(corruption, moved->count); i++)
            value[i] += more;
        tensor_bring(tensor, moved);
    }
    const bool agreed = compare_with_baseline(run->own, baseline, batch);
    if (tensor != NULL)
        tensor_copy(tensor, right);
    tensor_free(right);
    tensor_free(tensor);
    return agreed;
}

/* One result for each number, and the last for the step as it is. */
static bool compare_everywhere(const struct run *run, struct stage *baseline, struct batch *batch)
{
    for (int k = 0; k < corruption_count(run->model); k++)
        log_append(log_record_of_agreement(
            LOG_PROBE, compare_corrupted(run, corruption_number(run->model, k), baseline, batch)));
    return compare_with_baseline(run->own, baseline, batch);
}

/* ---- the baseline ----------------------------------------------------------------------------- */

static struct stage *make_baseline(const struct run *run)
{
    return stage_new(
        run->model,
        &(struct stage_options){.index = 0,
                                .stages = 1,
                                .first_layer = 0,
                                .layers = run->model->layers,
                                .micro_batch_size = run->options->batch_size,
                                .micro_batches = 1,
                                .samples_together = run->options->batch_size / run->micro_batches,
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
                                                            .data = model_data(run->model)});
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
    const struct pipeline_options own = pipeline_options(run->options);
    const struct corruption one = {own.corrupt_layer, CORRUPT_MIDDLE, CORRUPT_CLEARLY};
    const bool agreed = own.corrupt_everywhere   ? compare_everywhere(run, baseline, batch)
                        : own.corrupt[0] != '\0' ? compare_corrupted(run, one, baseline, batch)
                                                 : compare_with_baseline(run->own, baseline, batch);
    batch_free(batch);
    stage_free(baseline);
    return agreed;
}
