/*
 * Layers of students in place of the kit's (custom_layer.h): every constructor
 * ends with layer_made(), which puts another layer in the place of its own.
 */
#include "common/base/fatal.h"
#include "common/layers/custom.h"
#include "common/layers/layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static layer_replacement *replacement;
static void *replacement_user;

/* The model that is made now. */
static enum { NOTHING, LOOKING, REPLACING } doing;
static struct layer_of_model
    *all;                /* its layers if all were the kit's, in the order of their making */
static bool *is_inside;  /* of each: a block has been made around it */
static int places, made; /* there are so many; so many were made again */

void layer_replace_with(layer_replacement *function, void *user)
{
    replacement = function;
    replacement_user = user;
}

bool custom_replaces(void)
{
    return replacement != NULL;
}

/* The newest `count` layers that are in no block yet are what a block, or the model, consists of; the last
 * `round` of them are its way round. */
static void mark_ends(int count, int round)
{
    int from_end = 0;
    for (int i = places - 1; i >= 0 && from_end < count; i--) {
        if (is_inside[i])
            continue;
        is_inside[i] = true;
        all[i].last |= from_end == 0 || from_end == round;
        all[i].first |= from_end == count - 1 || from_end == round - 1;
        from_end++;
    }
}

static void look_at(const struct layer *layer)
{
    const size_t count = (size_t)places + 1;
    struct layer_of_model *more = realloc(all, count * sizeof *all);
    bool *more_inside = realloc(is_inside, count * sizeof *is_inside);
    if (more == NULL || more_inside == NULL)
        fatal("no memory left for the sizes of %d layers", places + 1);
    all = more;
    is_inside = more_inside;
    mark_ends(layer->inner_layers, layer->shortcut_layers);
    all[places] = (struct layer_of_model){.whole = *layer};
    all[places].whole.inner = NULL;
    all[places].whole.inner_layers = 0;
    is_inside[places] = false;
    places++;
}

void custom_replace_look(void)
{
    doing = LOOKING;
    places = 0;
}

void custom_replace_begin(void)
{
    int outer = 0;
    for (int i = 0; i < places; i++)
        outer += !is_inside[i];
    mark_ends(outer, 0);
    doing = REPLACING;
    made = 0;
}

void custom_replace_end(void)
{
    doing = NOTHING;
    free(all);
    free(is_inside);
    all = NULL;
    is_inside = NULL;
    places = 0;
}

/* ---- does it fit? -------------------------------------------------------------------------------- */

static const char *kind_of(const struct layer *layer)
{
    return layer->operations->kind;
}

static int number_of(int place)
{
    int number = 0;
    for (int i = 0; i < place; i++)
        number += strcmp(kind_of(&all[i].whole), kind_of(&all[place].whole)) == 0;
    return number;
}

/* What a message about a model's layers begins with. */
#define REPLACING_FUNCTION "layer_replace_with"

static bool begins_alike(const struct parameter *mine, const struct parameter *theirs)
{
    const bool drawn = mine->initial == INITIAL_UNIFORM || mine->initial == INITIAL_NORMAL;
    return mine->initial == theirs->initial &&
           (!drawn || fabsf(mine->scale - theirs->scale) <= 1e-5f * fabsf(theirs->scale));
}

/* Files and comparisons know a model's numbers by the names and the whole shapes of the kit's.
 * kits: what it would be if nothing were replaced. */
static void check_parameters(const char *name, const struct layer *own, const struct layer *kits)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE], input[SHAPE_TEXT_SIZE],
        behind[160] = "";
    if (own->parameters != kits->parameters)
        fatal_at(REPLACING_FUNCTION,
                 "%s: it has %d parameter tensor(s), and the kit's layer has %d", name,
                 own->parameters, kits->parameters);
    if (!shape_equal(own->input, kits->input))
        snprintf(behind, sizeof behind, "; there, %s comes to its place, and here %s",
                 shape_text(kits->input, expected), shape_text(own->input, input));
    for (int k = 0; k < own->parameters; k++) {
        const struct parameter *mine = &own->parameter[k], *theirs = &kits->parameter[k];
        const struct shape shape = layer_parameter_slice(mine).whole;
        if (strcmp(mine->name, theirs->name) != 0 || !shape_equal(shape, theirs->shape))
            fatal_at(
                REPLACING_FUNCTION,
                "%s: its parameter %d is \"%s\", as a whole %s; in a model of the kit's layers it "
                "is \"%s\" %s%s",
                name, k, mine->name, shape_text(shape, found), theirs->name,
                shape_text(theirs->shape, expected), behind);
        if (!begins_alike(mine, theirs))
            fatal_at(REPLACING_FUNCTION,
                     "%s: its parameter %d (\"%s\") begins with other values than that of the "
                     "kit's layer: take `initial` and `scale` from place->whole->parameter[%d]",
                     name, k, mine->name, k);
    }
}

/* Running averages that nobody would see need not be there. */
static void check_buffers(const char *name, const struct layer *own, const struct layer *kits)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (own->buffers != 0 && own->buffers != kits->buffers)
        fatal_at(REPLACING_FUNCTION, "%s: it has %d buffer(s), and the kit's layer has %d", name,
                 own->buffers, kits->buffers);
    for (int k = 0; k < own->buffers; k++) {
        const struct buffer *mine = &own->buffer[k], *theirs = &kits->buffer[k];
        const struct shape shape = layer_buffer_slice(mine).whole;
        if (strcmp(mine->name, theirs->name) != 0 || !shape_equal(shape, theirs->shape))
            fatal_at(
                REPLACING_FUNCTION,
                "%s: its buffer %d is \"%s\", as a whole %s; in a model of the kit's layers it "
                "is \"%s\" %s (layer_buffer_part says which slice of it a rank has)",
                name, k, mine->name, shape_text(shape, found), theirs->name,
                shape_text(theirs->shape, expected));
        if (mine->initial != theirs->initial)
            fatal_at(REPLACING_FUNCTION,
                     "%s: its buffer %d (\"%s\") begins with other values than that of the kit's "
                     "layer",
                     name, k, mine->name);
    }
}

static void check_input(const char *name, const struct layer *own, const struct layer *kit)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (!shape_equal(own->input, kit->input) || own->input_dtype != kit->input_dtype)
        fatal_at(REPLACING_FUNCTION, "%s: it takes %s %s, but what comes to its place is %s %s",
                 name, dtype_name(own->input_dtype), shape_text(own->input, found),
                 dtype_name(kit->input_dtype), shape_text(kit->input, expected));
}

/* Stages place the first parameter by the kit's layers that are tied to it. */
static void check_tied(const char *name, const struct layer *own, const struct layer *kit)
{
    if (own->tied != kit->tied)
        fatal_at(REPLACING_FUNCTION,
                 "%s: it is%s tied to the model's first parameter, and the kit's layer is%s: its "
                 "description says so by `tied`",
                 name, own->tied ? "" : " not", kit->tied ? "" : " not");
}

/* ---- replacing ----------------------------------------------------------------------------------- */

/* "linear 2" */
static void name_place(char name[CUSTOM_NAME_SIZE], const struct layer_place *place)
{
    snprintf(name, CUSTOM_NAME_SIZE, "%s %d", kind_of(place->kit), place->number);
}

static void check_count(const char *name, const char *what, size_t found, size_t expected)
{
    if (found != expected)
        fatal_at(REPLACING_FUNCTION,
                 "%s: the slices of its %s have %zu numbers, and the layer was made with %zu", name,
                 what, found, expected);
}

/* One of the kit's, whose parameters and buffers were given slices: each begins where the one before it
 * ends. */
static void set_offsets(const char *name, struct layer *own)
{
    size_t offset = 0, buffers = 0;
    for (int k = 0; k < own->parameters; k++) {
        own->parameter[k].offset = offset;
        offset += shape_elements(own->parameter[k].shape);
    }
    for (int k = 0; k < own->buffers; k++) {
        own->buffer[k].offset = buffers;
        buffers += shape_elements(own->buffer[k].shape);
    }
    check_count(name, "parameters", offset, own->parameter_count);
    check_count(name, "buffers", buffers, own->buffer_count);
}

struct layer custom_put_in_place(struct layer own, const struct layer_place *place)
{
    char name[CUSTOM_NAME_SIZE];
    name_place(name, place);
    if (own.operations == NULL)
        fatal_at(REPLACING_FUNCTION,
                 "the function that replaces layers said true for %s, and made no layer", name);
    if (own.custom != NULL) {
        const size_t used = strlen(own.custom->name);
        snprintf(own.custom->name + used, CUSTOM_NAME_SIZE - used, ", in place of %s", name);
    }
    const char *whose = own.custom != NULL ? own.custom->name : name;
    check_input(whose, &own, place->kit);
    check_tied(whose, &own, place->kit);
    check_parameters(whose, &own, place->whole);
    check_buffers(whose, &own, place->whole);
    set_offsets(whose, &own);
    return own;
}

static struct layer replaced(struct layer kit, int made_before)
{
    const struct layer_place place = {.kit = &kit,
                                      .whole = &all[made_before].whole,
                                      .number = number_of(made_before),
                                      .place = made_before,
                                      .places = places,
                                      .all = all};
    struct layer own = {0};
    doing = NOTHING; /* what the function makes is its own affair */
    const bool wanted = replacement(&place, &own, replacement_user);
    doing = REPLACING;
    if (wanted) {
        own = custom_put_in_place(own, &place);
        layer_destroy(&kit);
        return own;
    }
    /* Behind a layer that gives out less than the whole, the kit's may have become a part of itself
     * without saying so. */
    char name[CUSTOM_NAME_SIZE];
    name_place(name, &place);
    check_parameters(name, &kit, place.whole);
    return kit;
}

struct layer layer_made(struct layer layer)
{
    if (doing == LOOKING)
        look_at(&layer);
    if (doing != REPLACING)
        return layer;
    const int place = made++;
    if (place >= places || strcmp(kind_of(&all[place].whole), kind_of(&layer)) != 0)
        fatal("layer %d of a model is a %s now, and was another one before layers were replaced",
              place, kind_of(&layer));
    return replaced(layer, place);
}
