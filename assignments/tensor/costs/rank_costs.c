/*
 * All layers of a model on one rank; see rank_costs.h. Blocks are gone through layer by layer; a chain
 * begins and ends where a block does, as in chains.h.
 */
#include "assignments/tensor/costs/rank_costs.h"

#include "assignments/tensor/between_chains.h"

#include "common/base/flops.h"
#include "common/training/loss.h"

/* ---- can it be split? ------------------------------------------------------------------------------ */

static char *refusal_of(const struct layer *layer, int layers, int ranks)
{
    for (int i = 0; i < layers; i++) {
        const int cuts = rank_layer_cuts(&layer[i]);
        if (layer[i].inner_layers > 0) {
            char *inside = refusal_of(layer[i].inner, layer[i].inner_layers, ranks);
            if (inside)
                return inside;
        } else if (cuts > 0 && cuts < ranks) {
            return g_strdup_printf("%d %s of a layer can't be split over %d ranks, each with one "
                                   "at least",
                                   cuts,
                                   tensor_is_attention(&layer[i])                ? "heads"
                                   : layer[i].parameter[0].shape.dimensions == 2 ? "outputs"
                                                                                 : "channels",
                                   ranks);
        }
    }
    return NULL;
}

char *rank_costs_refusal(const struct model *model, int ranks)
{
    return refusal_of(model->layer, model->layers, ranks);
}

/* ---- layers in a row -------------------------------------------------------------------------------- */

static void add_row(struct rank_costs *costs, const struct layer *layer, int layers, int without_dx,
                    const struct rank_setting *setting);

/* Of `size` things, the part of rank 0, as a share. */
static double share_of(int size, int ranks)
{
    return (double)((size + ranks - 1) / ranks) / size;
}

/* One that stands in no chain. */
static void add_alone(struct rank_costs *costs, const struct layer *layer, bool wants_dx,
                      const struct rank_setting *setting)
{
    const int through = layer->inner_layers - layer->shortcut_layers;
    if (layer->inner_layers > 0) {
        add_row(costs, layer->inner, through, wants_dx ? 0 : 1, setting);
        add_row(costs, layer->inner + through, layer->shortcut_layers, wants_dx ? 0 : 1, setting);
        return;
    }
    const bool by_heads = tensor_is_attention(layer);
    const double share = by_heads ? share_of(layer->heads, setting->ranks) : 1;
    rank_layer_add(costs, layer, (struct rank_place){FORM_WHOLE, share, wants_dx}, setting);
}

static void add_chain(struct rank_costs *costs, const struct layer *layer, int links,
                      int without_dx, const struct rank_setting *setting)
{
    enum link link[links];
    enum form form[links];
    double share = 1; /* of what comes in, where that is split */
    for (int i = 0; i < links; i++)
        chain_link(&layer[i], &link[i]);
    rank_forms_choose(setting->way, links, link, form);
    for (int i = 0; i < links; i++) {
        struct rank_place place = {form[i], share, i >= without_dx};
        if (form[i] == FORM_COLUMN || form[i] == FORM_COLUMN_GATHERED)
            place.share = share_of(rank_layer_cuts(&layer[i]), setting->ranks);
        rank_layer_add(costs, &layer[i], place, setting);
        share = form[i] == FORM_COLUMN || form[i] == FORM_SPLIT ? place.share : 1;
    }
}

static int links_from(const struct layer *layer, int layers)
{
    enum link link;
    int links = 0;
    while (links < layers && chain_link(&layer[links], &link))
        links++;
    return links;
}

/* The first `without_dx` of them compute no dx. */
static void add_row(struct rank_costs *costs, const struct layer *layer, int layers, int without_dx,
                    const struct rank_setting *setting)
{
    for (int i = 0; i < layers;) {
        const int links = links_from(layer + i, layers - i);
        if (links > 0)
            add_chain(costs, layer + i, links, without_dx - i, setting);
        else
            add_alone(costs, &layer[i], i >= without_dx, setting);
        i += MAX(links, 1);
    }
}

/* ---- a model ------------------------------------------------------------------------------------------ */

/* Every rank computes the loss of what leaves the last layer, which is whole. */
static double loss_flops(const struct model *model, int samples)
{
    const struct layer *last = &model->layer[model->layers - 1];
    const uint64_t before = flops_charged();
    int correct;
    struct tensor *y = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_META,
                                  shape_with_batch(samples, last->output));
    loss_forward(LOSS_CROSS_ENTROPY, y, NULL, &correct);
    tensor_free(loss_backward(LOSS_CROSS_ENTROPY, y, NULL, 1.0f));
    tensor_free(y);
    return (double)(flops_charged() - before);
}

/* Layers up to the first with parameters: nobody needs the gradient of what comes into them. */
static int layers_without_dx(const struct model *model)
{
    int layers = 0;
    while (layers < model->layers && model->layer[layers].parameters == 0)
        layers++;
    return layers + 1;
}

/* Backwards, what a layer kept is there until its gradients have come and gone. */
static void find_peak(struct rank_costs *costs)
{
    double held = 0;
    for (guint i = 0; i < costs->kept->len; i++)
        held += g_array_index(costs->kept, struct rank_kept, i).kept;
    costs->saved_bytes = held;
    for (guint i = costs->kept->len; i-- > 0;) {
        const struct rank_kept *layer = &g_array_index(costs->kept, struct rank_kept, i);
        costs->peak_bytes = MAX(costs->peak_bytes, held + layer->moving);
        held -= layer->kept;
    }
}

struct rank_costs *rank_costs_new(const struct rank_setting *setting)
{
    struct rank_costs *costs = g_new0(struct rank_costs, 1);
    costs->round = g_array_new(FALSE, FALSE, sizeof(struct rank_round));
    costs->kept = g_array_new(FALSE, FALSE, sizeof(struct rank_kept));
    costs->loss = loss_flops(setting->model, setting->samples);
    add_row(costs, setting->model->layer, setting->model->layers, layers_without_dx(setting->model),
            setting);
    find_peak(costs);
    return costs;
}

void rank_costs_free(struct rank_costs *costs)
{
    if (!costs)
        return;
    g_array_unref(costs->round);
    g_array_unref(costs->kept);
    g_free(costs);
}
