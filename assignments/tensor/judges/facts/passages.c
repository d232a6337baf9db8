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
    /* It keeps x, and of each row mean and deviation. */
    if (is_kind(layer, "layer_norm") && layer->input.dimensions == 2)
        to->norms_keep += bytes_of(layer->input) + 2.0 * sizeof(float) * layer->input.size[0];
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
    to->columns = shape_last(layer->output);
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

static double samples_of(const struct outcome *run)
{
    return run->options.batch_size / (double)options_micro_batches(&run->options);
}

double tensor_passages_forward(const struct passages *p, const struct outcome *run)
{
    const double passages = 2.0 * p->blocks + p->heads + p->joins;
    return (run->ranks - 1) * samples_of(run) * (p->activation_bytes * passages + p->gathers);
}

double tensor_passages_backward(const struct passages *p, const struct outcome *run,
                                struct passage_liberties liberties)
{
    const double sum = liberties.all_reduce ? 2 : 1, again = liberties.gather_again;
    const double passages = p->blocks * (1 + sum + again) + p->heads * (sum + again) + p->splits;
    const double biases = liberties.sum_biases ? p->norms + p->others : 0;
    return (run->ranks - 1) *
           (samples_of(run) * (p->activation_bytes * passages + 2 * p->sums) + 2 * biases);
}

double tensor_passages_volume(const struct passages *p, const struct outcome *run,
                              struct passage_liberties liberties)
{
    const double norms = liberties.sum_biases ? 0 : 2 * (run->ranks - 1) * p->norms;
    const double more = liberties.all_reduce ? p->blocks * p->activation_bytes : 0;
    return norms + (run->ranks - 1) * run->options.batch_size * more +
           options_micro_batches(&run->options) *
               (tensor_passages_forward(p, run) + tensor_passages_backward(p, run, liberties));
}

/* By how much parts of so many things are longer than these, if each is as long as the longest. */
static double longer(int things, int ranks)
{
    const int longest = (things + ranks - 1) / ranks;
    return things > 0 ? (double)(longest * ranks - things) / things : 0;
}

void tensor_passages_add_padding(const struct passages *p, const struct outcome *run,
                                 GArray *padding)
{
    const double to_others = (run->ranks - 1) * samples_of(run);
    const double passage = to_others * p->activation_bytes * longer(p->tokens, run->ranks),
                 outputs = to_others * p->gathers * longer(p->columns, run->ranks);
    for (int i = 0; i < 2 * p->blocks + p->heads + p->joins; i++)
        g_array_append_val(padding, passage);
    g_array_append_val(padding, outputs);
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
