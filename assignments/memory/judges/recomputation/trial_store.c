/* What a trial keeps of what ranks store: as the driver stores it (common/driver/driver.h). */
#include "assignments/memory/judges/recomputation/trial_parts.h"

static struct tensor *copy_of(const struct tensor *tensor)
{
    struct tensor *copy = tensor_new(MEMORY_WORKSPACE, tensor->dtype, DEVICE_CPU, tensor->shape);
    tensor_copy(copy, tensor);
    return copy;
}

static void store(struct training *training, int lane, int step, bool after, char *name,
                  struct tensor *tensor)
{
    const struct trial_tensor one = {lane, step, after, name, tensor};
    g_array_append_val(training->trial->stored, one);
}

static void store_parameters(struct training *training, int lane, int step, bool gradients)
{
    const struct stage *stage = training->lane[lane].stage;
    struct tensor *arena = gradients ? stage_gradients((struct stage *)(uintptr_t)stage)
                                     : stage_parameters((struct stage *)(uintptr_t)stage);
    const int first = stage_first_layer(stage);
    for (int l = first; l < first + stage_layers(stage); l++) {
        const struct layer *layer = stage_layer(stage, l);
        size_t begin, end;
        stage_layer_range(stage, l, &begin, &end);
        for (int p = 0; p < layer->parameters; p++) {
            const struct parameter *of = &layer->parameter[p];
            struct tensor *view = tensor_view(arena, begin + of->offset, of->shape);
            store(training, lane, step, gradients,
                  g_strdup_printf("layers.%d.%s%s", l, of->name, gradients ? ".gradient" : ""),
                  copy_of(view));
            tensor_free(view);
        }
    }
}

static void store_averages(struct training *training, int lane, int step)
{
    struct stage *stage = training->lane[lane].stage;
    const int first = stage_first_layer(stage);
    for (int l = first; l < first + stage_layers(stage); l++) {
        const struct layer *layer = stage_layer(stage, l);
        struct tensor *buffers = stage_layer_buffers(stage, l);
        for (int b = 0; b < layer->buffers; b++) {
            const struct buffer *of = &layer->buffer[b];
            struct tensor *view = tensor_view(buffers, of->offset, of->shape);
            store(training, lane, step, false, g_strdup_printf("layers.%d.%s", l, of->name),
                  copy_of(view));
            tensor_free(view);
        }
        tensor_free(buffers);
    }
}

/* Of the micro-batches that the rank took, which are one run. */
static void store_outputs(struct training *training, int lane, int step)
{
    int first = training->micro_batches, end = 0;
    const struct computations *order = training->lane[lane].order;
    for (guint i = 0; i < order->of->len; i++) {
        const struct computation *one = computation_at(order, i);
        if (one->step == step && !one->back) {
            first = MIN(first, one->micro_batch);
            end = MAX(end, one->micro_batch + 1);
        }
    }
    if (first >= end || !recomputation_trial_is_last(training, lane))
        return;
    struct tensor *all = batch_outputs(training->batch);
    const int size = all->shape.size[0] / training->micro_batches;
    const size_t each = all->elements / (size_t)all->shape.size[0];
    struct shape shape = all->shape;
    shape.size[0] = (end - first) * size;
    struct tensor *view = tensor_view(all, (size_t)(first * size) * each, shape);
    store(training, lane, step, true, g_strdup("outputs"), copy_of(view));
    tensor_free(view);
}

static bool is_listed(int step, int count, const int *list)
{
    for (int i = 0; i < count; i++)
        if (list[i] == step)
            return true;
    return false;
}

void recomputation_trial_store_before(struct training *training, int step)
{
    if (!is_listed(step, training->options->snapshots, training->options->snapshot))
        return;
    for (int lane = 0; lane < training->lanes; lane++) {
        store_averages(training, lane, step);
        store_parameters(training, lane, step, false);
    }
}

void recomputation_trial_store_after(struct training *training, int step)
{
    if (!is_listed(step, training->options->gradient_dumps, training->options->gradient_dump))
        return;
    for (int lane = 0; lane < training->lanes; lane++)
        store_outputs(training, lane, step);
    for (int lane = 0; lane < training->lanes; lane++)
        store_parameters(training, lane, step, true);
}
