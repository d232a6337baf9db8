/* The layers of a model; see places.h. */
#include "assignments/tensor/judges/facts/places.h"
#include "assignments/tensor/between_chains.h"
#include "assignments/tensor/way_table.h"

#include <string.h>

/* Replaces nothing; looks at all layers once. */
static bool look(const struct layer_place *place, struct layer *own, void *user)
{
    (void)own;
    struct tensor_places *places = user;
    if (place->place == 0) {
        places->count = place->places;
        g_free(places->at);
        places->at = g_memdup2(place->all, (size_t)place->places * sizeof *place->all);
    }
    return false;
}

/* ---- layers that are made once, and stand in several places ------------------------------------------------- */

static guint layers_of(const struct layer *layer)
{
    guint layers = 1;
    for (int i = 0; i < layer->inner_layers; i++)
        layers += layers_of(&layer->inner[i]);
    return layers;
}

/* The layer of the model that it is like: itself, or the one with the same layers inside. */
static int is_like(const struct model *model, int layer)
{
    int first = 0;
    while (model->layer[layer].inner_is_borrowed && first < layer &&
           model->layer[first].inner != model->layer[layer].inner)
        first++;
    return model->layer[layer].inner_is_borrowed ? first : layer;
}

/* A block like one before it (layer_like) was not made, and so not looked at: its layers are those of the
 * other one. */
static void add_borrowed(struct tensor_places *places)
{
    const struct model *model = places->model;
    GArray *at = g_array_new(FALSE, FALSE, sizeof *places->at);
    g_autofree guint *begin = g_new(guint, model->layers);
    for (int i = 0, made = 0; i < model->layers; i++) {
        const int like = is_like(model, i);
        const guint layers = layers_of(&model->layer[i]);
        begin[i] = at->len;
        if (like == i) {
            g_array_append_vals(at, places->at + made, layers);
            made += (int)layers;
            continue;
        }
        for (guint k = 0; k < layers; k++) {
            const struct layer_of_model one =
                g_array_index(at, struct layer_of_model, begin[like] + k);
            g_array_append_val(at, one);
        }
    }
    g_free(places->at);
    places->count = (int)at->len;
    places->at = g_array_steal(at, NULL);
    g_array_unref(at);
}

/* In the way whose convolutions are data-parallel: all that stands before images become rows. */
static int first_of_all_samples(const struct tensor_places *places, const struct options *options)
{
    int place = 0;
    while (place < places->count &&
           strcmp(places->at[place].whole.operations->kind, "flatten") != 0)
        place++;
    return tensor_way(options) == WAY_ONE_WEIRD_TRICK && place < places->count ? place : 0;
}

struct tensor_places *tensor_places_new(const struct outcome *run, struct verdict *verdict)
{
    struct tensor_places *places = g_new0(struct tensor_places, 1);
    layer_replace_with(look, places);
    places->model = evidence_model(run, verdict);
    layer_replace_with(NULL, NULL);
    if (places->model) {
        add_borrowed(places);
        places->by_samples = first_of_all_samples(places, &run->options);
        return places;
    }
    tensor_places_free(places);
    return NULL;
}

void tensor_places_free(struct tensor_places *places)
{
    if (!places)
        return;
    model_free(places->model);
    g_free(places->at);
    g_free(places);
}

/* ---- forms --------------------------------------------------------------------------------------------- */

bool tensor_places_has_weight(const struct tensor_places *places, int place)
{
    return chain_layer_has_weight(&places->at[place].whole);
}

static int next_weight(const struct tensor_places *places, int from, int end)
{
    while (from < end && !tensor_places_has_weight(places, from))
        from++;
    return from;
}

static int weights_of(const struct tensor_places *places, struct chain chain)
{
    int weights = 0;
    for (int i = 0; i < chain.links; i++)
        weights += tensor_places_has_weight(places, chain.first + i);
    return weights;
}

/* Of an odd number the one behind so many pairs is by itself, or the last. */
static void pair_up(const struct tensor_places *places, struct chain chain, int pairs_before,
                    enum form *form)
{
    const int end = chain.first + chain.links, weights = weights_of(places, chain);
    const int alone = weights % 2 == 1 ? MIN(2 * pairs_before, weights - 1) : -1;
    int i = next_weight(places, chain.first, end);
    for (int k = 0; i < end; k++) {
        int second = next_weight(places, i + 1, end);
        if (k == alone) {
            form[i] = FORM_COLUMN_GATHERED;
            i = second;
            continue;
        }
        form[i] = FORM_COLUMN;
        for (int between = i + 1; between < second; between++)
            form[between] = FORM_SPLIT;
        form[second] = FORM_ROW;
        i = next_weight(places, second + 1, end);
        k++;
    }
}

/* The chains of the way, one behind the other, without a head whose logits stay split. *from: where to
 * look; then the end of it, or where it would begin, behind the last. */
static struct chain next_chain(const struct tensor_places *places, enum way way, int *from)
{
    const int head = tensor_split_head(places->at, places->count, way);
    struct chain chain = {.links = 0};
    if (way != WAY_GATHERS)
        chain = chain_from(places->at, places->count, *from);
    *from = chain.first + chain.links;
    chain.links -= chain.links > 0 && *from == head + 1;
    return chain;
}

int tensor_places_choices(const struct tensor_places *places, const struct options *options)
{
    int from = places->by_samples, choices = 1;
    struct chain chain = next_chain(places, tensor_way(options), &from);
    while (from > chain.first) {
        const int weights = weights_of(places, chain);
        choices = MAX(choices, weights % 2 == 1 ? (weights + 1) / 2 : 1);
        chain = next_chain(places, tensor_way(options), &from);
    }
    return choices;
}

enum form *tensor_places_forms(const struct tensor_places *places, const struct options *options,
                               int choice)
{
    enum form *form = g_new(enum form, places->count + 1);
    const enum way way = tensor_way(options);
    const int head = tensor_split_head(places->at, places->count, way);
    const int pairs_before = tensor_places_choices(places, options) - 1 - choice;
    for (int i = 0; i < places->count; i++)
        form[i] = i < places->by_samples ? FORM_WHOLE
                  : tensor_places_has_weight(places, i)
                      ? FORM_COLUMN_GATHERED
                      : tensor_form_between_chains(&places->at[i].whole, way);
    int from = places->by_samples;
    struct chain chain = next_chain(places, way, &from);
    while (from > chain.first) {
        pair_up(places, chain, pairs_before, form);
        chain = next_chain(places, way, &from);
    }
    if (head >= 0)
        form[head] = FORM_COLUMN;
    return form;
}

/* ---- one place ------------------------------------------------------------------------------------------ */

bool tensor_places_is_first(const struct tensor_places *places, int place)
{
    for (int i = 0; i < place; i++)
        if (places->at[i].whole.parameters > 0)
            return false;
    return true;
}

char *tensor_places_name(const struct tensor_places *places, int place)
{
    return g_strdup_printf("%s, layer %d of %d", places->at[place].whole.operations->kind, place,
                           places->count);
}
