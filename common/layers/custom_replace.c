/*
 * Layers of students in place of the kit's (custom_layer.h): every constructor
 * ends with layer_made(), which puts another layer in the place of its own.
 */
#include "common/base/fatal.h"
#include "common/layers/custom.h"
#include "common/layers/layers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static layer_replacement *replacement;
static void *replacement_user;

/* The model that is made now. */
static enum { NOTHING, LOOKING, REPLACING } doing;
static struct layer *whole; /* its layers if all were the kit's, in the order of their making */
static int wholes, made;    /* there are so many; so many were made again */

void layer_replace_with(layer_replacement *function, void *user)
{
    replacement = function;
    replacement_user = user;
}

bool custom_replaces(void)
{
    return replacement != NULL;
}

void custom_replace_look(void)
{
    doing = LOOKING;
    wholes = 0;
}

void custom_replace_begin(void)
{
    doing = REPLACING;
    made = 0;
}

void custom_replace_end(void)
{
    doing = NOTHING;
    free(whole);
    whole = NULL;
    wholes = 0;
}

static void look_at(const struct layer *layer)
{
    struct layer *more = realloc(whole, ((size_t)wholes + 1) * sizeof *whole);
    if (more == NULL)
        fatal("no memory left for the sizes of %d layers", wholes + 1);
    whole = more;
    whole[wholes] = *layer;
    whole[wholes].inner = NULL; /* the layers inside are listed by themselves */
    whole[wholes].inner_layers = 0;
    wholes++;
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
        number += strcmp(kind_of(&whole[i]), kind_of(&whole[place])) == 0;
    return number;
}

static void check_parameter(const struct layer *own, const struct layer *kit, int k)
{
    const struct parameter *mine = &own->parameter[k], *theirs = &kit->parameter[k];
    const struct shape shape = layer_parameter_slice(mine).whole;
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (strcmp(mine->name, theirs->name) != 0 || !shape_equal(shape, theirs->shape))
        fatal_at(own->custom->name,
                 "its parameter %d is \"%s\", as a whole %s; in the kit's layer it is \"%s\" %s", k,
                 mine->name, shape_text(shape, found), theirs->name,
                 shape_text(theirs->shape, expected));
}

/* Files and comparisons know a model's numbers by the names of the kit's layers. */
static void check(const struct layer *own, const struct layer *kit, const struct layer *as_whole)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    const char *name = own->custom->name;
    if (!shape_equal(own->input, kit->input) || own->input_dtype != kit->input_dtype)
        fatal_at(name, "it takes %s %s, but what comes to its place is %s %s",
                 dtype_name(own->input_dtype), shape_text(own->input, found),
                 dtype_name(kit->input_dtype), shape_text(kit->input, expected));
    if (own->parameters != as_whole->parameters)
        fatal_at(name, "it has %d parameter tensor(s), and the kit's layer has %d", own->parameters,
                 as_whole->parameters);
    for (int k = 0; k < own->parameters; k++)
        check_parameter(own, as_whole, k);
}

/* ---- replacing ----------------------------------------------------------------------------------- */

static struct layer replaced(struct layer kit, int place)
{
    const struct layer_place told = {
        .kit = &kit, .whole = &whole[place], .number = number_of(place)};
    struct layer own = {0};
    doing = NOTHING; /* what the function makes is its own affair */
    const bool wanted = replacement(&told, &own, replacement_user);
    doing = REPLACING;
    if (!wanted)
        return kit;
    if (own.custom == NULL)
        fatal_at("layer_replace_with",
                 "the function that replaces layers said true for %s %d and made no layer with "
                 "layer_custom",
                 kind_of(&kit), told.number);
    const size_t used = strlen(own.custom->name);
    snprintf(own.custom->name + used, CUSTOM_NAME_SIZE - used, ", in place of %s %d", kind_of(&kit),
             told.number);
    check(&own, &kit, &whole[place]);
    layer_destroy(&kit);
    return own;
}

struct layer layer_made(struct layer layer)
{
    if (doing == LOOKING)
        look_at(&layer);
    if (doing != REPLACING)
        return layer;
    const int place = made++;
    if (place >= wholes || strcmp(kind_of(&whole[place]), kind_of(&layer)) != 0)
        fatal("layer %d of a model is a %s now, and was another one before layers were replaced",
              place, kind_of(&layer));
    return replaced(layer, place);
}
