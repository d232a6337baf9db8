/* The judge's own truth; see reference.h. */
#include "grader/truth/reference.h"

#include <glib.h>
#include <math.h>
#include <string.h>

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

/* together: of so many samples statistics are taken together; 0: of all. */
static struct reference *make(const struct options *options, const struct shares *shares,
                              int together, char error[REFERENCE_ERROR_SIZE])
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
                                                 .device = DEVICE_CPU});
    reference->batch = open_batch(options, 1, shares != NULL, model);
    reference->shares = shares;
    reference->optimizer = optimizer_new(&options->optimizer, reference->stage);
    return reference;
}

struct reference *reference_new(const struct options *options, char error[REFERENCE_ERROR_SIZE])
{
    return make(options, NULL, options->batch_size / options_micro_batches(options), error);
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

struct reference *reference_of_shares(const struct outcome *run, const struct shares *shares,
                                      int together, struct verdict *verdict)
{
    char error[REFERENCE_ERROR_SIZE];
    return or_say(make(&run->options, shares, together, error), error, verdict);
}

void reference_free(struct reference *reference)
{
    if (!reference)
        return;
    optimizer_free(reference->optimizer);
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

void reference_update(struct reference *reference)
{
    optimizer_step(reference->optimizer);
}

size_t reference_offset(const struct reference *reference, int layer)
{
    struct tensor *view = stage_layer_parameters(reference->stage, layer);
    if (!view)
        return 0;
    const float *arena = tensor_floats(stage_parameters(reference->stage));
    size_t offset = (size_t)(tensor_floats(view) - arena);
    tensor_free(view);
    return offset;
}

static struct tensor *view_of(const struct reference *reference, struct tensor *arena, int layer,
                              int parameter)
{
    const struct parameter *p = &reference->model->layer[layer].parameter[parameter];
    return tensor_view(arena, reference_offset(reference, layer) + p->offset, p->shape);
}

struct tensor *reference_parameter(const struct reference *reference, int layer, int parameter)
{
    return view_of(reference, stage_parameters(reference->stage), layer, parameter);
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

/* ---- the batch in parts ----------------------------------------------------------------------- */

static bool is_linear(const struct layer *layer)
{
    return !strcmp(layer->operations->kind, "linear");
}

/* For the functions of a layer, called on one of the batch's micro-batches. */
static struct layer_memory memory_of(const struct reference *reference, int layer)
{
    return stage_layer_memory(reference->stage, layer, &reference->pass);
}

static void set_pass(struct reference *reference, int step, int micro_batches, int part)
{
    const int samples = reference->options.batch_size / micro_batches;
    reference->pass = (struct pass){
        .seed = reference->options.seed, .step = step, .first_sample = part * samples};
}

/* One micro-batch, layer by layer. References are kept to what enters and comes back, so no
 * layer works in place on it. */
static void run_part(struct reference *reference, struct batch *batch,
                     struct reference_parts *parts, int part)
{
    int layers = parts->layers;
    struct tensor **x = &parts->x[part * layers], **dy = &parts->dy[part * layers];
    g_autofree struct saved **saved = g_new0(struct saved *, layers);
    struct tensor *value = batch_inputs(batch, part);
    for (int i = 0; i < layers; i++) {
        const struct layer *layer = &reference->model->layer[i];
        saved[i] = saved_new(layer);
        if (is_linear(layer))
            x[i] = tensor_retain(value);
        value = layer_forward(layer, memory_of(reference, i), saved[i], value);
    }
    parts->outputs[part] = tensor_retain(value);
    batch_loss(batch, part, value);
    value = batch_loss_backward(batch, part, 1.0f / (float)parts->micro_batches);
    stage_zero_gradients(reference->stage);
    for (int i = layers - 1; i >= 0; i--) {
        const struct layer *layer = &reference->model->layer[i];
        if (is_linear(layer))
            dy[i] = tensor_retain(value);
        value = layer_backward_input(layer, memory_of(reference, i), saved[i], value, i > 0);
        layer_backward_weight(layer, memory_of(reference, i), saved[i]);
        saved_free(saved[i]);
    }
    tensor_free(value);
    const struct tensor *gradients = stage_gradients(reference->stage);
    parts->gradients[part] =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, gradients->shape);
    tensor_copy(parts->gradients[part], gradients);
}

struct reference_parts *reference_parts_new(struct reference *reference, int step,
                                            int micro_batches)
{
    if (micro_batches < 1 || reference->options.batch_size % micro_batches != 0)
        return NULL;
    struct reference_parts *parts = g_new0(struct reference_parts, 1);
    parts->micro_batches = micro_batches;
    parts->layers = reference->model->layers;
    parts->gradients = g_new0(struct tensor *, micro_batches);
    parts->outputs = g_new0(struct tensor *, micro_batches);
    parts->x = g_new0(struct tensor *, micro_batches * parts->layers);
    parts->dy = g_new0(struct tensor *, micro_batches * parts->layers);
    struct batch *batch = reference_batch_new(reference, micro_batches);
    batch_load(batch, step);
    for (int part = 0; part < micro_batches; part++) {
        set_pass(reference, step, micro_batches, part);
        run_part(reference, batch, parts, part);
    }
    batch_free(batch);
    return parts;
}

void reference_parts_free(struct reference_parts *parts)
{
    if (!parts)
        return;
    for (int i = 0; i < parts->micro_batches; i++) {
        tensor_free(parts->gradients[i]);
        tensor_free(parts->outputs[i]);
    }
    for (int i = 0; i < parts->micro_batches * parts->layers; i++) {
        tensor_free(parts->x[i]);
        tensor_free(parts->dy[i]);
    }
    g_free(parts->gradients);
    g_free(parts->outputs);
    g_free(parts->x);
    g_free(parts->dy);
    g_free(parts);
}

/* ---- between two layers ------------------------------------------------------------------------ */

struct tensor *reference_passage(struct reference *reference, int step, int micro_batches, int part,
                                 int layer, bool back)
{
    if (micro_batches < 1 || reference->options.batch_size % micro_batches != 0)
        return NULL;
    const int layers = reference->model->layers, last = back ? layers : layer;
    struct batch *batch = reference_batch_new(reference, micro_batches);
    g_autofree struct saved **saved = g_new0(struct saved *, layers);
    batch_load(batch, step);
    set_pass(reference, step, micro_batches, part);
    struct tensor *value = batch_inputs(batch, part);
    for (int i = 0; i < last; i++) {
        saved[i] = saved_new(&reference->model->layer[i]);
        value =
            layer_forward(&reference->model->layer[i], memory_of(reference, i), saved[i], value);
    }
    if (back) {
        batch_loss(batch, part, value);
        value = batch_loss_backward(batch, part, 1.0f / (float)micro_batches);
    }
    for (int i = layers - 1; back && i >= layer; i--)
        value = layer_backward_input(&reference->model->layer[i], memory_of(reference, i), saved[i],
                                     value, true);
    for (int i = 0; i < last; i++)
        saved_free(saved[i]);
    batch_free(batch);
    return value;
}
