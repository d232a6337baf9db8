/*
 * Rounds: which tensors the ranks have to put together in a forward and a backward of a model that is split,
 * and how many bytes that takes.
 *
 * A round is counted by what has to move, whatever calls move it: the sum of n bytes is 2(t-1)n between t
 * ranks, as an all-reduce, a reduce and a broadcast, a ring, or a reduce-scatter and an all-gather; putting n
 * bytes together from slices is (t-1)n. (Chan et al. 2007, as in grader/evidence/traffic.h.)
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_FACTS_ROUNDS_H
#define ASSIGNMENTS_TENSOR_JUDGES_FACTS_ROUNDS_H

#include "assignments/tensor/judges/facts/places.h"

enum round_kind { ROUND_SUM, ROUND_GATHER };

struct round {
    int place; /* of the layer that needs it */
    enum round_kind kind;
    bool backward;
    double bytes; /* of the whole tensor, of one sample */
    bool needed;  /* false: it may be there, and nobody uses what comes of it */
};

/* Array of struct round, in the order in which they come, forward and then backward; to g_array_unref. Of the
 * layers in chains, of attention, and of an embedding whose words are split (nobody wants the gradient of
 * tokens); norms over what is split, and losses, are others' to add. form: of each place, as
 * tensor_places_forms says. */
GArray *tensor_rounds_of(const struct tensor_places *places, const enum form *form);

/* Bytes that have to move between so many ranks in a round of so many samples. */
double tensor_round_volume(const struct round *round, int ranks, double samples);

/* Bytes that move besides where all parts are made as long as the longest: of a sum, which is added up in parts
 * that are put together, numbers; of a gather columns or channels. */
double tensor_round_padding(const struct tensor_places *places, const struct round *round,
                            int ranks, double samples);

/* Appends that, to an array of double: of a sum in two halves, since adding up and putting together may each be
 * padded or not. */
void tensor_round_add_padding(const struct tensor_places *places, const struct round *round,
                              int ranks, double samples, GArray *padding);
/* Can that many bytes, besides those that have to move, be some of that padding, and up to so many bytes of
 * counts? Nothing but all of a round's parts is made longer, and each by as much: so it can't be any number. */
bool tensor_round_is_padding(const GArray *padding, double bytes, double counts);

/* "an all-reduce of 888 bytes (linear, layer 3 of 8)" */
char *tensor_round_name(const struct tensor_places *places, const struct round *round,
                        double samples);

#endif
