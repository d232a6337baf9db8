/* What a model's own layers keep; see table.h. Each is run once, alone, without numbers, and the accounting is read. */
#include "assignments/memory/table/table.h"

#include "common/training/stage.h"

#include <string.h>

static double live(void)
{
    return (double)memory_live(MEMORY_ACTIVATION);
}

/* Of one sample: the probabilities of all attentions in a layer, tokens² for each head. */
static double probabilities_of(const struct layer *layer, enum dtype precision)
{
    double bytes = 0;
    if (strstr(layer->operations->kind, "attention") != NULL)
        bytes += (double)layer->heads * layer->input.size[0] * layer->input.size[0] *
                 (double)dtype_bytes(precision);
    for (int i = 0; i < layer->inner_layers; i++)
        bytes += probabilities_of(&layer->inner[i], precision);
    return bytes;
}

static struct stage *stage_of(const struct model *model, enum dtype precision, int layer)
{
    /* The first takes the data as they are, the last gives what a loss wants. */
    return stage_new(model, &(struct stage_options){.index = layer,
                                                    .stages = model->layers,
                                                    .first_layer = layer,
                                                    .layers = 1,
                                                    .micro_batch_size = 1,
                                                    .micro_batches = 1,
                                                    .precision = precision,
                                                    .gradients = precision,
                                                    .device = DEVICE_META});
}

static void measure(const struct model *model, enum dtype precision, int layer,
                    struct layer_numbers *numbers)
{
    struct stage *stage = stage_of(model, precision, layer);
    const double before = live();
    struct tensor *x = tensor_retain(stage_input_new(stage));
    const double input = live() - before;
    struct tensor *y = stage_forward(stage, 0, x);
    /* A view has no bytes of its own. */
    const double output = y->base == NULL ? (double)tensor_bytes(y) : 0, all = live() - before;
    tensor_free(y);
    const double without_output = live() - before;
    tensor_free(x);
    const double kept = live() - before;
    const bool keeps_input = without_output - kept < input;
    const double again = probabilities_of(&model->layer[layer], precision);
    struct tensor *dx = stage_backward(stage, 0, stage_output_new(stage));
    tensor_free(dx);
    stage_free(stage);
    *numbers = (struct layer_numbers){
        .whole_parameters = (double)model_parameter_count(model, layer, 1),
        .whole_input = input / (double)dtype_bytes(precision),
        .keeps_input = keeps_input,
        .keeps_output = output > 0 && all - without_output < output,
        .split_bytes_kept = again,
        .whole_bytes_kept = kept - (keeps_input ? input : 0) - again,
        .attention_bytes_kept = again,
    };
}

void table_layers(const struct model *model, enum dtype precision, struct layer_numbers *layer)
{
    for (int i = 0; i < model->layers; i++)
        measure(model, precision, i, &layer[i]);
}
