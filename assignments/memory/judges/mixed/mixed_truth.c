/* The judge's own step; see mixed_truth.h. */
#include "assignments/memory/judges/mixed/mixed_truth.h"
#include "assignments/memory/options.h"
#include "common/kernels/kernels.h"

#include <math.h>
#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------ */

static struct batch *batch_of(const struct options *options, const struct model *model)
{
    struct batch *batch =
        batch_new(&(struct batch_options){.dataset = options->dataset,
                                          .batch_size = options->batch_size,
                                          .micro_batches = options_micro_batches(options),
                                          .loss = options->loss,
                                          .seed = options->seed,
                                          .data = model_data(model)});
    batch_open_inputs(batch);
    batch_open_labels(batch);
    return batch;
}

static struct stage *stage_of(const struct options *options, const struct model *model)
{
    const int micro_batches = options_micro_batches(options);
    return stage_new(
        model, &(struct stage_options){.stages = 1,
                                       .layers = model->layers,
                                       .micro_batch_size = options->batch_size / micro_batches,
                                       .micro_batches = micro_batches,
                                       .seed = options->seed,
                                       .device = DEVICE_CPU,
                                       .precision = memory_options(options).precision});
}

struct mixed_truth *mixed_truth_of_run(const struct outcome *run, struct verdict *verdict)
{
    const struct options *options = &run->options;
    const int micro_batches = options_micro_batches(options);
    char error[DATASET_ERROR_SIZE];
    if (micro_batches < 1 || options->batch_size % micro_batches != 0 ||
        !dataset_present(options->dataset, error)) {
        verdict_set(verdict, VERDICT_NOT_JUDGED,
                    "there is no truth for this run: its batch can't be cut, or %s isn't there",
                    options->dataset);
        return NULL;
    }
    struct model *model = evidence_model(run, verdict);
    if (!model)
        return NULL;
    const size_t before = memory_live(MEMORY_WORKSPACE);
    struct mixed_truth *truth = g_new0(struct mixed_truth, 1);
    truth->precision = memory_options(options).precision;
    truth->model = model;
    truth->stage = stage_of(options, model);
    truth->batch = batch_of(options, model);
    truth->micro_batches = micro_batches;
    truth->count = stage_parameter_count(truth->stage);
    truth->part = g_new0(double *, micro_batches);
    for (int m = 0; m < micro_batches; m++)
        truth->part[m] = g_new0(double, truth->count);
    truth->sum = g_new0(double, truth->count);
    truth->amounts = g_new0(double, truth->count);
    g_autofree float *initial = g_new(float, truth->count + 1);
    mixed_truth_initial(truth, initial);
    mixed_truth_compute(truth, 0, 1, initial);
    truth->workspace = (double)(memory_live(MEMORY_WORKSPACE) - before);
    return truth;
}

void mixed_truth_free(struct mixed_truth *truth)
{
    if (!truth)
        return;
    for (int m = 0; m < truth->micro_batches; m++)
        g_free(truth->part[m]);
    g_free(truth->part);
    g_free(truth->sum);
    g_free(truth->amounts);
    batch_free(truth->batch);
    stage_free(truth->stage);
    model_free(truth->model);
    g_free(truth);
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

void mixed_truth_initial(const struct mixed_truth *truth, float *to)
{
    g_autofree char *narrow = g_malloc(truth->count * dtype_bytes(truth->precision) + 1);
    stage_initial_parameters(truth->stage, 0, truth->count, narrow);
    if (truth->precision == DTYPE_FLOAT32)
        memcpy(to, narrow, truth->count * sizeof *to);
    else
        kernels_for(DEVICE_CPU)->widen(truth->precision, truth->count, narrow, to);
}

void mixed_truth_round(const struct mixed_truth *truth, const float *numbers, float *rounded)
{
    g_autofree char *narrow = g_malloc(truth->count * dtype_bytes(truth->precision) + 1);
    kernels_for(DEVICE_CPU)->narrow(truth->precision, truth->count, numbers, narrow);
    kernels_for(DEVICE_CPU)->widen(truth->precision, truth->count, narrow, rounded);
}

static void set_parameters(const struct mixed_truth *truth, const float *parameters)
{
    void *to = stage_parameters(truth->stage)->data;
    if (truth->precision == DTYPE_FLOAT32)
        memcpy(to, parameters, truth->count * sizeof *parameters);
    else
        kernels_for(DEVICE_CPU)->narrow(truth->precision, truth->count, parameters, to);
}

static void add_part(struct mixed_truth *truth, int micro_batch, double scale)
{
    const float *gradients = tensor_floats(stage_gradients(truth->stage));
    for (size_t i = 0; i < truth->count; i++) {
        truth->finite &= isfinite(gradients[i]);
        truth->part[micro_batch][i] = (double)gradients[i] / scale;
        truth->sum[i] += (double)gradients[i] / scale;
        truth->amounts[i] += fabs((double)gradients[i]) / scale;
    }
}

void mixed_truth_compute(struct mixed_truth *truth, int step, double scale, const float *parameters)
{
    const float each = (float)(scale / truth->micro_batches);
    truth->finite = true;
    memset(truth->sum, 0, truth->count * sizeof *truth->sum);
    memset(truth->amounts, 0, truth->count * sizeof *truth->amounts);
    set_parameters(truth, parameters);
    batch_load(truth->batch, step);
    stage_set_step(truth->stage, step);
    for (int m = 0; m < truth->micro_batches; m++) {
        stage_zero_gradients(truth->stage);
        struct tensor *inputs = batch_inputs(truth->batch, m);
        const double before = (double)memory_live(MEMORY_ACTIVATION);
        batch_loss(truth->batch, m, stage_forward(truth->stage, m, inputs));
        struct tensor *dy = batch_loss_backward(truth->batch, m, each);
        truth->kept = (double)memory_live(MEMORY_ACTIVATION) - before;
        tensor_free(stage_backward(truth->stage, m, dy));
        add_part(truth, m, scale);
    }
}
