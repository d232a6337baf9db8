/*
 * All layers of a model on one rank; see rank_costs.h. Blocks are gone through layer by layer; a chain
 * begins and ends where a block does, as in chains.h.
 */
#include "assignments/tensor/costs/rank_costs.h"

#include "assignments/tensor/between_chains.h"

/* ---- layers in a row -------------------------------------------------------------------------------- */

static void add_row(struct rank_walk *walk, const struct layer *layer, int layers, int without_dx);

static double bytes_outside(const struct rank_walk *walk, struct shape sample)
{
    return sizeof(float) * walk->outside_share * walk->setting->samples * shape_count(sample);
}

/* What goes round a residual, or its gradient, waits for what goes through; then they are added. */
static void add_block(struct rank_walk *walk, const struct layer *layer, bool wants_dx)
{
    const int through = layer->inner_layers - layer->shortcut_layers;
    const int without_dx = wants_dx ? 0 : 1;
    const bool is_residual = rank_layer_is_kind(layer, "residual");
    const guint first = walk->costs->kept->len;
    if (walk->depth++ == 0)
        walk->layer++;
    add_row(walk, layer->inner, through, without_dx);
    if (is_residual)
        rank_memory_add_waiting(walk, first, bytes_outside(walk, layer->output));
    walk->shares_input = true;
    add_row(walk, layer->inner + through, layer->shortcut_layers, without_dx);
    walk->shares_input = false;
    walk->depth--;
    if (!is_residual)
        return;
    const double each = bytes_outside(walk, layer->output) / sizeof(float);
    walk->costs->forward += each;
    walk->costs->backward += wants_dx ? each : 0;
    if (walk->outside == OUTSIDE_WHOLE)
        walk->costs->whole += each + (wants_dx ? each : 0);
}

static void check_cuts(struct rank_walk *walk, const struct layer *layer)
{
    const int cuts = rank_layer_cuts(layer), ranks = walk->setting->ranks;
    const bool convolves = rank_layer_is_kind(layer, "convolution");
    const char *what = tensor_is_attention(layer)   ? "heads"
                       : tensor_is_embedding(layer) ? "words"
                       : convolves                  ? "channels"
                                                    : "outputs";
    if (cuts < ranks)
        rank_refuse(walk, g_strdup_printf("%d %s of a layer can't be split over %d ranks, each "
                                          "with one at least: use %d ranks or fewer",
                                          cuts, what, ranks, cuts));
}

/* One that stands in no chain. */
static void add_between_chains(struct rank_walk *walk, const struct layer *layer, bool wants_dx)
{
    struct rank_place place = {.form = tensor_form_between_chains(layer, walk->setting->way),
                               .share = 1,
                               .wants_dx = wants_dx};
    if (layer->inner_layers > 0) {
        add_block(walk, layer, wants_dx);
        return;
    }
    if (layer == walk->head)
        place.form = FORM_COLUMN;
    if (place.form != FORM_WHOLE) {
        check_cuts(walk, layer);
        place.share = rank_share_of(rank_layer_cuts(layer), walk->setting->ranks);
    }
    rank_layer_add(walk, layer, place);
}

static void add_chain(struct rank_walk *walk, const struct layer *layer, int links, int without_dx)
{
    enum link link[links];
    enum form form[links];
    double share = 1; /* of what comes in, where that is split */
    for (int i = 0; i < links; i++)
        chain_link(&layer[i], &link[i]);
    rank_forms_choose(walk->setting->way, links, link, form);
    for (int i = 0; i < links; i++) {
        struct rank_place place = {form[i], share, i >= without_dx};
        if (form[i] == FORM_COLUMN || form[i] == FORM_COLUMN_GATHERED) {
            check_cuts(walk, &layer[i]);
            place.share = rank_share_of(rank_layer_cuts(&layer[i]), walk->setting->ranks);
        }
        rank_layer_add(walk, &layer[i], place);
        share = form[i] == FORM_COLUMN || form[i] == FORM_SPLIT ? place.share : 1;
    }
}

/* Of so many layers, how many stand in the chain that begins with the first: 0 if none does. */
static int links_from(const struct rank_walk *walk, const struct layer *layer, int layers)
{
    enum link link;
    int links = 0;
    if (walk->outside == OUTSIDE_BY_SAMPLES && !rank_layer_is_kind(layer, "flatten"))
        return 0;
    while (links < layers && &layer[links] != walk->head && chain_link(&layer[links], &link))
        links++;
    return links;
}

/* The first `without_dx` of them compute no dx. */
static void add_row(struct rank_walk *walk, const struct layer *layer, int layers, int without_dx)
{
    for (int i = 0; i < layers;) {
        const int links = links_from(walk, layer + i, layers - i);
        if (links > 0)
            add_chain(walk, layer + i, links, without_dx - i);
        else
            add_between_chains(walk, &layer[i], i >= without_dx);
        i += MAX(links, 1);
    }
}

/* ---- a model ------------------------------------------------------------------------------------------ */

/* Layers up to the first with parameters: nobody needs the gradient of what comes into them. */
static int layers_without_dx(const struct model *model)
{
    int layers = 0;
    while (layers < model->layers && model->layer[layers].parameters == 0)
        layers++;
    return layers + 1;
}

static struct rank_costs *walk_through(const struct rank_setting *setting, char **refusal)
{
    struct rank_costs *costs = g_new0(struct rank_costs, 1);
    struct rank_walk walk = {.setting = setting, .costs = costs};
    costs->round = g_array_new(FALSE, FALSE, sizeof(struct rank_round));
    costs->kept = g_array_new(FALSE, FALSE, sizeof(struct rank_kept));
    rank_outside_begin(&walk);
    add_row(&walk, setting->model->layer, setting->model->layers,
            layers_without_dx(setting->model));
    rank_loss_add(&walk);
    rank_memory_find_peak(costs);
    *refusal = walk.refusal;
    return costs;
}

struct rank_costs *rank_costs_new(const struct rank_setting *setting)
{
    char *refusal;
    struct rank_costs *costs = walk_through(setting, &refusal);
    g_free(refusal);
    return costs;
}

char *rank_costs_refusal(const struct rank_setting *setting)
{
    char *refusal;
    rank_costs_free(walk_through(setting, &refusal));
    return refusal;
}

void rank_costs_free(struct rank_costs *costs)
{
    if (!costs)
        return;
    g_array_unref(costs->round);
    g_array_unref(costs->kept);
    g_free(costs);
}
