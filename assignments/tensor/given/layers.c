/*
 * The student's layers in place of the kit's: walks through the model as it is made, asks the student for the
 * form of each layer, and keeps account of which part of a split tensor this rank has.
 */
#include "assignments/tensor/between_chains.h"
#include "assignments/tensor/chains.h"
#include "assignments/tensor/given/outside.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

enum { REASON_SIZE = 256 };

/* There is one model at a time. */
static struct {
    enum way way;
    struct tensor_group group;
    int samples;     /* of a micro-batch */
    enum form *form; /* of each place */
    int places;
    int head;         /* the place of the head whose logits stay split; -1: there is none */
    struct part part; /* of what leaves the layer that was made last, if it is split: so many … */
    int of;           /* … columns or channels of so many; 0: it is whole */
    struct part words;        /* of the embedding */
    bool refused;             /* something can't be split … */
    char reason[REASON_SIZE]; /* … and why */
} model;

const struct tensor_group *tensor_run_group(void)
{
    return &model.group;
}

/* ---- forms ---------------------------------------------------------------------------------------- */

static const char *chooser(void)
{
    return model.way == WAY_GATHERS ? "forms_with_gathers" : "forms_with_one_round";
}

void tensor_choose_forms(enum way way, int links, const enum link *link, enum form *form)
{
    if (way == WAY_GATHERS)
        forms_with_gathers(links, link, form);
    else
        forms_with_one_round(links, link, form);
}

static void choose_forms(const struct layer_of_model *all, struct chain chain)
{
    enum link link[chain.links];
    enum form *form = model.form + chain.first;
    for (int i = 0; i < chain.links; i++) {
        chain_link(&all[chain.first + i].whole, &link[i]);
        form[i] = (enum form) - 1;
    }
    tensor_choose_forms(model.way, chain.links, link, form);
    char fault[CHAIN_ERROR_SIZE];
    if (chain_fault(chain.links, link, form, fault) != NULL)
        fatal_at(chooser(), "%s", fault);
}

static void refuse(const char *reason)
{
    if (!model.refused)
        snprintf(model.reason, sizeof model.reason, "%s", reason);
    model.refused = true;
}

static void find_head(const struct layer_of_model *all, int places)
{
    model.head = tensor_split_head(all, places, model.way);
    if (model.head >= 0)
        model.form[model.head] = FORM_COLUMN;
    else if (model.way == WAY_VOCABULARY)
        refuse("--parallel vocabulary splits the words of a language model: use it with a gpt");
}

/* Each layer between chains by itself; the chains, whose layers the student's functions choose forms for. */
static void look_through(const struct layer_place *place)
{
    free(model.form);
    model.places = place->places;
    model.form = calloc((size_t)place->places, sizeof *model.form);
    if (model.form == NULL)
        fatal("no memory left for the forms of %d layers", place->places);
    model.of = 0;
    model.refused = !tensor_outside_begin(model.way, &model.group, place->all, place->places,
                                          model.samples, model.reason, sizeof model.reason);
    find_head(place->all, place->places);
    for (int i = 0; i < place->places; i++)
        if (i != model.head)
            model.form[i] = tensor_form_between_chains(&place->all[i].whole, model.way);
    struct chain chain = chain_from(place->all, place->places, tensor_outside_first_split());
    while (chain.links > 0) {
        const int end = chain.first + chain.links;
        if (end == model.head + 1 && --chain.links == 0) /* the head is the program's to choose */
            break;
        choose_forms(place->all, chain);
        chain = chain_from(place->all, place->places, end);
    }
}

/* ---- which part comes in, which goes out ------------------------------------------------------------ */

/* The part of `size` columns: where channels were flattened, more than there were channels. */
static struct part scaled(int size)
{
    const int times = size / model.of;
    return (struct part){model.part.begin * times, model.part.end * times};
}

bool tensor_gives_part(const struct tensor_place *place, const struct layer *own, struct part *part,
                       int *of)
{
    if (place->form != FORM_COLUMN)
        return false;
    if (own->parameters == 0) { /* tied to the embedding: the same words */
        *part = model.words;
        *of = shape_last(place->whole->output);
        return true;
    }
    const struct slice slice = layer_parameter_slice(&own->parameter[0]);
    const struct slice_pieces *rows = &slice.along[0];
    const int dimension = chain_split_dimension(own->output);
    const int given = own->output.size[dimension];
    if (rows->count != 1 || rows->piece[0].end - rows->piece[0].begin != given)
        fatal("%s: it gives out %d columns or channels, which are not the rows of its slice of "
              "\"%s\"",
              own->operations->kind, given, own->parameter[0].name);
    *part = (struct part){rows->piece[0].begin, rows->piece[0].end};
    *of = slice.whole.size[0];
    return true;
}

/* The rows that an embedding has on this rank. */
static void remember_words(const struct layer *own)
{
    const struct slice slice = layer_parameter_slice(&own->parameter[0]);
    const struct slice_piece rows = slice.along[0].piece[0];
    model.words = (struct part){rows.begin, rows.end};
}

static void remember_outputs(const struct tensor_place *place, const struct layer *own)
{
    if (tensor_is_embedding(place->whole))
        remember_words(own);
    if (place->form != FORM_SPLIT && !tensor_gives_part(place, own, &model.part, &model.of))
        model.of = 0;
}

/* ---- replacing -------------------------------------------------------------------------------------- */

static struct tensor_place tensor_place_of(const struct layer_place *place)
{
    const struct layer *whole = place->whole;
    struct tensor_place own = {.group = &model.group,
                               .whole = whole,
                               .form = model.form[place->place],
                               .input = place->kit->input,
                               .by_tokens = tensor_outside_by_tokens(),
                               .tokens = tensor_outside_tokens()};
    own.inputs.end = whole->input.size[chain_split_dimension(whole->input)];
    if (model.of > 0)
        own.inputs = scaled(own.inputs.end);
    return own;
}

static bool can_be_split(const struct tensor_place *place)
{
    char reason[REASON_SIZE] = "", text[REASON_SIZE];
    if (tensor_can_cut(place, reason, sizeof reason))
        return true;
    reason[sizeof reason - 1] = '\0';
    snprintf(text, sizeof text, "%s of %.40s: %.180s", place->whole->operations->kind,
             place->whole->parameter[0].name, reason);
    refuse(text);
    return false;
}

static bool replace(const struct layer_place *place, struct layer *own, void *user)
{
    (void)user;
    if (place->place == 0)
        look_through(place);
    const struct tensor_place here = tensor_place_of(place);
    if (model.refused || !can_be_split(&here))
        return false; /* the run will not be: it makes no difference what is made */
    bool made = true;
    if (place->place == model.head)
        *own = vocabulary_parallel_head(&here);
    else
        made = tensor_make_layer(&here, own) || tensor_outside_put(place, here.form, own);
    remember_outputs(&here, made ? own : place->kit);
    tensor_outside_passed(&here);
    return made;
}

void tensor_put_layers_among(const struct tensor_group *group, enum way way, int samples)
{
    model.way = way;
    model.group = *group;
    model.samples = samples;
    layer_replace_with(replace, NULL);
}

struct part tensor_own_words(void)
{
    return model.part;
}

bool tensor_fits(char *reason, size_t reason_size)
{
    if (model.refused)
        snprintf(reason, reason_size, "%s", model.reason);
    return !model.refused;
}
