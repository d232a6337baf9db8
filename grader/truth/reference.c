/* The judge's own truth; see reference.h. */
#include "grader/truth/reference.h"
#include "common/kernels/kernels.h"

#include <glib.h>
#include <math.h>

static struct batch *open_batch(const struct options *options, int micro_batches, bool shared,
                                const struct model *model)
{
    struct batch *batch = batch_new(&(struct batch_options){.dataset = options->dataset,
                                                            .batch_size = options->batch_size,
                                                            .micro_batches = micro_batches,
                                                            .shared = shared,
                                                            .loss = options->loss,
                                                            .seed = options->seed,
                                                            .data = model_data(model)});
    batch_open_inputs(batch);
    batch_open_labels(batch);
    return batch;
}

static size_t all_parameters(const struct reference *reference)
{
    return stage_parameter_count(reference->stage);
}

/* The optimizer, and with numbers of 16 bits the masters, which begin as the parameters. */
static void make_optimizer(struct reference *reference, enum dtype precision)
{
    const struct optimizer_options *options = &reference->options.optimizer;
    const size_t count = all_parameters(reference);
    if (precision == DTYPE_FLOAT32) {
        reference->optimizer = optimizer_new(options, reference->stage);
        return;
    }
    reference->optimizer = optimizer_new_for(options, DEVICE_CPU, count);
    reference->masters = tensor_new(MEMORY_OPTIMIZER, DTYPE_FLOAT32, DEVICE_CPU, shape_flat(count));
    kernels_for(DEVICE_CPU)
        ->widen(precision, count, stage_parameters(reference->stage)->data,
                tensor_floats(reference->masters));
}

/* together: of so many samples statistics are taken together; 0: of all. */
static struct reference *make(const struct options *options, const struct shares *shares,
                              int together, enum dtype precision, char error[REFERENCE_ERROR_SIZE])
{
    struct data_shape data;
    char cause[DATASET_ERROR_SIZE > MODEL_ERROR_SIZE ? DATASET_ERROR_SIZE : MODEL_ERROR_SIZE];
    if (!dataset_describe(options->dataset, &data, cause) ||
        !dataset_present(options->dataset, cause)) {
        g_snprintf(error, REFERENCE_ERROR_SIZE, "%s", cause);
        return NULL;
    }
    struct model *model = model_new(options->model, data.input, data.classes, cause);
    if (!model) {
        g_snprintf(error, REFERENCE_ERROR_SIZE, "%s", cause);
        return NULL;
    }
    if (options->batch_size < 1) {
        g_snprintf(error, REFERENCE_ERROR_SIZE, "a batch of %d samples", options->batch_size);
        model_free(model);
        return NULL;
    }
    struct reference *reference = g_new0(struct reference, 1);
    reference->options = *options;
    reference->model = model;
    reference->stage =
        stage_new(model, &(struct stage_options){.index = 0,
                                                 .stages = 1,
                                                 .first_layer = 0,
                                                 .layers = model->layers,
                                                 .micro_batch_size = options->batch_size,
                                                 .micro_batches = 1,
                                                 .samples_together = together,
                                                 .seed = options->seed,
                                                 .device = DEVICE_CPU,
                                                 .precision = precision});
    reference->batch = open_batch(options, 1, shares != NULL, model);
    reference->shares = shares;
    make_optimizer(reference, precision);
    return reference;
}

struct reference *reference_new(const struct options *options, char error[REFERENCE_ERROR_SIZE])
{
    const int together = options->batch_size / options_micro_batches(options);
    return make(options, NULL, together, DTYPE_FLOAT32, error);
}

static struct reference *or_say(struct reference *reference, const char *error,
                                struct verdict *verdict)
{
    if (!reference)
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no reference for this run: %s", error);
    return reference;
}

struct reference *reference_of_run(const struct outcome *run, struct verdict *verdict)
{
    char error[REFERENCE_ERROR_SIZE];
    return or_say(reference_new(&run->options, error), error, verdict);
}

struct reference *reference_in_precision(const struct outcome *run, enum dtype precision,
                                         struct verdict *verdict)
{
    char error[REFERENCE_ERROR_SIZE];
    const int together = run->options.batch_size / options_micro_batches(&run->options);
    return or_say(make(&run->options, NULL, together, precision, error), error, verdict);
}

struct reference *reference_of_shares(const struct outcome *run, const struct shares *shares,
                                      int together, struct verdict *verdict)
{
    char error[REFERENCE_ERROR_SIZE];
    return or_say(make(&run->options, shares, together, DTYPE_FLOAT32, error), error, verdict);
}

void reference_free(struct reference *reference)
{
    if (!reference)
        return;
    optimizer_free(reference->optimizer);
    tensor_free(reference->masters);
    batch_free(reference->batch);
    stage_free(reference->stage);
    model_free(reference->model);
    g_free(reference);
}

struct batch *reference_batch_new(const struct reference *reference, int micro_batches)
{
    return open_batch(&reference->options, micro_batches, false, reference->model);
}

/* Of what is loaded. */
static void compute(struct reference *reference, int step)
{
    struct batch *batch = reference->batch;
    stage_set_step(reference->stage, step);
    stage_zero_gradients(reference->stage);
    batch_loss(batch, 0, stage_forward(reference->stage, 0, batch_inputs(batch, 0)));
    tensor_free(stage_backward(reference->stage, 0, batch_loss_backward(batch, 0, 1.0f)));
    reference->loss = batch_mean_loss(batch);
}

void reference_compute_samples(struct reference *reference, int step, const int *sample, int count,
                               int place)
{
    batch_load_samples(reference->batch, step, sample, count, place);
    stage_set_samples(reference->stage, place, count, count > 0 ? 1 : 0);
    if (count > 0) {
        compute(reference, step);
        return;
    }
    stage_zero_gradients(reference->stage);
    reference->loss = NAN;
}

void reference_compute(struct reference *reference, int step)
{
    int count;
    if (reference->shares) {
        const int *sample = shares_batch(reference->shares, step, &count);
        reference_compute_samples(reference, step, sample, count, 0);
        return;
    }
    batch_load(reference->batch, step);
    compute(reference, step);
}

void reference_round(struct reference *reference)
{
    struct tensor *parameters = stage_parameters(reference->stage);
    if (reference->masters)
        kernels_for(DEVICE_CPU)
            ->narrow(parameters->dtype, all_parameters(reference),
                     tensor_floats(reference->masters), parameters->data);
}

void reference_update(struct reference *reference)
{
    if (!reference->masters) {
        optimizer_step(reference->optimizer);
        return;
    }
    optimizer_step_begin(reference->optimizer, stage_index(reference->stage));
    optimizer_step_on(reference->optimizer, 0, all_parameters(reference),
                      tensor_floats(reference->masters), stage_gradients(reference->stage)->data,
                      DTYPE_FLOAT32, 1);
    optimizer_step_end(reference->optimizer);
    reference_round(reference);
}

size_t reference_offset(const struct reference *reference, int layer)
{
    size_t begin, end;
    stage_layer_range(reference->stage, layer, &begin, &end);
    return begin < end ? begin : 0;
}

static struct tensor *view_of(const struct reference *reference, struct tensor *arena, int layer,
                              int parameter)
{
    const struct parameter *p = &reference->model->layer[layer].parameter[parameter];
    return tensor_view(arena, reference_offset(reference, layer) + p->offset, p->shape);
}

struct tensor *reference_parameter(const struct reference *reference, int layer, int parameter)
{
    struct tensor *all =
        reference->masters ? reference->masters : stage_parameters(reference->stage);
    return view_of(reference, all, layer, parameter);
}

struct tensor *reference_gradient(const struct reference *reference, int layer, int parameter)
{
    return view_of(reference, stage_gradients(reference->stage), layer, parameter);
}

struct tensor *reference_state(const struct reference *reference, int i, int layer, int parameter)
{
    return view_of(reference, optimizer_state(reference->optimizer, i), layer, parameter);
}

char *reference_gradient_name(const struct reference *reference, int layer, int parameter)
{
    return g_strdup_printf("layers.%d.%s.gradient", layer,
                           reference->model->layer[layer].parameter[parameter].name);
}

void reference_take_over_gradients(struct reference *reference, const struct wholes *after)
{
    const struct model *model = reference->model;
    for (int layer = 0; layer < model->layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++) {
            g_autofree char *name = reference_gradient_name(reference, layer, p);
            struct tensor *own = reference_gradient(reference, layer, p);
            const struct tensor *found = wholes_tensor(after, name);
            if (found && closeness_of(found, own, tolerance_gradient()).close)
                tensor_copy(own, found);
            tensor_free(own);
        }
}
