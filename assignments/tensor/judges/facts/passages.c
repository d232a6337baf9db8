/* Passages and their bytes; see passages.h. */
#include "assignments/tensor/judges/facts/passages.h"

#include "grader/evidence/traffic.h"

#include <string.h>

static bool is_kind(const struct layer *layer, const char *kind)
{
    return strcmp(layer->operations->kind, kind) == 0;
}

static double bytes_of(struct shape shape)
{
    return (double)(shape_elements(shape) * sizeof(float));
}

static void look_at(const struct layer *layer, bool in_block, struct passages *to)
{
    bool enters = false;
    for (int i = 0; i < layer->inner_layers; i++) {
        enters = enters || is_kind(&layer->inner[i], "linear");
        look_at(&layer->inner[i], in_block || is_kind(layer, "residual"), to);
    }
    for (int k = 0; layer->inner_layers == 0 && k < layer->parameters; k++)
        if (layer->parameter[k].shape.dimensions == 1)
            *(is_kind(layer, "layer_norm") ? &to->norms : &to->others) +=
                bytes_of(layer->parameter[k].shape);
    to->blocks += is_kind(layer, "attention") || is_kind(layer, "causal_attention") ||
                  (is_kind(layer, "residual") && enters);
    if (is_kind(layer, "patch_embedding") || is_kind(layer, "embedding")) {
        to->splits++;
        to->tokens = layer->output.size[0];
        to->activation_bytes = bytes_of(layer->output);
    }
    to->joins += is_kind(layer, "mean_tokens") || is_kind(layer, "tied_head");
    if (!is_kind(layer, "linear") || in_block)
        return;
    to->gathers += bytes_of(layer->output);
    if (layer->input.dimensions == 2)
        to->heads++;
    else
        to->sums += bytes_of(layer->input);
}

struct passages tensor_passages_of(const struct model *model)
{
    struct passages passages = {0};
    for (int i = 0; i < model->layers; i++)
        look_at(&model->layer[i], false, &passages);
    return passages;
}

double tensor_passages_volume(const struct passages *p, const struct outcome *run,
                              struct passage_liberties liberties)
{
    const double sum = liberties.all_reduce ? 2 : 1, again = liberties.gather_again;
    const double per_block = 2 + 2 * sum + again, per_head = 1 + sum + again;
    const double passages = p->blocks * per_block + p->heads * per_head + p->splits + p->joins;
    const double per_sample = p->activation_bytes * passages + p->gathers + 2 * p->sums;
    const double gradients = liberties.sum_biases
                                 ? options_micro_batches(&run->options) * (p->norms + p->others)
                                 : p->norms;
    return (run->ranks - 1) * (run->options.batch_size * per_sample + 2 * gradients);
}

double tensor_passages_found(const struct outcome *run, int step)
{
    struct traffic *traffic = traffic_new(run->log, run->ranks);
    double volume = 0;
    for (guint i = 0; i < traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        volume += entry->step == step ? entry->volume : 0;
    }
    traffic_free(traffic);
    return volume;
}
