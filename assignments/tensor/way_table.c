/* The ways to split a model; see way_table.h. */
#include "assignments/tensor/way_table.h"

#include <stdio.h>
#include <string.h>

const struct way_facts way_table[WAYS] = {
    [WAY_ONE_ROUND] = {"one-round",
                       "column- and row-parallel: one round of messages for two layers"},
    [WAY_GATHERS] = {"gathers", "every layer gathers what it gives"},
    [WAY_SEQUENCE] = {"sequence",
                      "one-round; between split layers activations are split by tokens"},
    [WAY_VOCABULARY] = {"vocabulary",
                        "as one-round, and the words of a gpt: embedding, head, loss"},
    [WAY_ONE_WEIRD_TRICK] = {"one-weird-trick",
                             "convolutions on some of the samples each, linear layers one-round"},
};

const struct way_facts *way_named(const char *name)
{
    for (int way = 0; way < WAYS; way++)
        if (strcmp(way_table[way].name, name) == 0)
            return &way_table[way];
    return NULL;
}

enum way tensor_way(const struct options *options)
{
    const struct way_facts *facts = way_named(options->step);
    return facts == NULL ? WAY_ONE_ROUND : (enum way)(facts - way_table);
}

static void set_defaults(struct options *options)
{
    snprintf(options->step, sizeof options->step, "%s", way_table[0].name);
}

const struct own_options tensor_own_options = {.step_word = "parallel", .defaults = set_defaults};
