/* The chains of a model; see chains.h. */
#include "assignments/tensor/chains.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *kind;
    enum link link;
} links_of[] = {{"linear", LINK_LINEAR},
                {"convolution", LINK_CONVOLUTION},
                {"layer_norm", LINK_LAYER_NORM},
                {"batch_norm", LINK_BATCH_NORM},
                {"relu", LINK_EACH},
                {"gelu", LINK_EACH},
                {"flatten", LINK_EACH},
                {"max_pool", LINK_EACH},
                {"average_pool", LINK_EACH},
                {"global_average_pool", LINK_EACH},
                {"mean_tokens", LINK_EACH},
                {"dropout", LINK_EACH}};

bool chain_link(const struct layer *layer, enum link *link)
{
    for (size_t i = 0; i < sizeof links_of / sizeof *links_of; i++)
        if (strcmp(layer->operations->kind, links_of[i].kind) == 0) {
            *link = links_of[i].link;
            return true;
        }
    return false;
}

bool chain_link_has_weight(enum link link)
{
    return link == LINK_LINEAR || link == LINK_CONVOLUTION;
}

bool chain_layer_has_weight(const struct layer *layer)
{
    enum link link;
    return chain_link(layer, &link) && chain_link_has_weight(link);
}

struct chain chain_from(const struct layer_of_model *all, int places, int place)
{
    enum link link;
    while (place < places && !chain_link(&all[place].whole, &link))
        place++;
    struct chain chain = {.first = place};
    while (place < places && chain_link(&all[place].whole, &link)) {
        chain.links++;
        if (all[place].last || (place + 1 < places && all[place + 1].first))
            break;
        place++;
    }
    return chain;
}

/* ---- do the forms fit? --------------------------------------------------------------------------- */

static const char *const form_names[] = {[FORM_WHOLE] = "FORM_WHOLE",
                                         [FORM_COLUMN] = "FORM_COLUMN",
                                         [FORM_COLUMN_GATHERED] = "FORM_COLUMN_GATHERED",
                                         [FORM_ROW] = "FORM_ROW",
                                         [FORM_SPLIT] = "FORM_SPLIT",
                                         [FORM_INSIDE] = "FORM_INSIDE"};
static const char *const link_names[] = {[LINK_LINEAR] = "a linear layer",
                                         [LINK_CONVOLUTION] = "a convolution",
                                         [LINK_LAYER_NORM] = "a layer norm",
                                         [LINK_BATCH_NORM] = "a batch norm",
                                         [LINK_EACH] = "a layer of columns by themselves"};

const char *chain_form_name(enum form form)
{
    return (unsigned)form < sizeof form_names / sizeof *form_names ? form_names[form] : "no form";
}

static bool takes_split(enum form form)
{
    return form == FORM_ROW || form == FORM_SPLIT;
}

static bool gives_split(enum form form)
{
    return form == FORM_COLUMN || form == FORM_SPLIT;
}

static bool is_for(enum link link, enum form form)
{
    const bool of_weights = form == FORM_COLUMN || form == FORM_COLUMN_GATHERED || form == FORM_ROW;
    return form == FORM_WHOLE || chain_link_has_weight(link) == of_weights;
}

const char *chain_fault(int links, const enum link *link, const enum form *form,
                        char text[CHAIN_ERROR_SIZE])
{
    bool split = false;
    for (int i = 0; i < links; i++) {
        const char *name = chain_form_name(form[i]);
        if ((unsigned)form[i] > FORM_SPLIT)
            snprintf(text, CHAIN_ERROR_SIZE, "link %d of %d, %s, was given no form", i, links,
                     link_names[link[i]]);
        else if (!is_for(link[i], form[i]))
            snprintf(text, CHAIN_ERROR_SIZE, "link %d of %d: %s is not for %s", i, links, name,
                     link_names[link[i]]);
        else if (takes_split(form[i]) != split)
            snprintf(text, CHAIN_ERROR_SIZE,
                     "link %d of %d: %s takes a %s tensor, and a %s one comes", i, links, name,
                     split ? "whole" : "split", split ? "split" : "whole");
        else if (i == links - 1 && gives_split(form[i]))
            snprintf(text, CHAIN_ERROR_SIZE,
                     "link %d of %d, the last: %s gives a split tensor, and what leaves a chain is "
                     "whole",
                     i, links, name);
        else {
            split = gives_split(form[i]);
            continue;
        }
        return text;
    }
    return NULL;
}

int chain_split_dimension(struct shape sample)
{
    return sample.dimensions == 3 ? 0 : sample.dimensions - 1;
}
