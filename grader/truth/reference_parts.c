/* A batch in parts, and what passes between two layers; see reference.h. */
#include "grader/truth/reference.h"

#include <glib.h>
#include <string.h>

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
