/*
 * Several layers in a row: which of them are split how, and so where messages are.
 *
 * Two linear layers take one round: the first by columns, whose outputs are the part of the inputs that the
 * second, by rows, needs on each rank. What stands between, a ReLU, works on each column by itself.
 */
#include "assignments/tensor/tensor.h"

static bool has_a_weight(enum link link)
{
    return link == LINK_LINEAR || link == LINK_CONVOLUTION;
}

void forms_with_gathers(int links, const enum link *link, enum form *form)
{
    /* TODO: a form for each layer; whatever has a weight is split, and gathers what it gives.
     * Check: make grade ASSIGNMENT=tensor CHECK=sequential
     */
    (void)has_a_weight;
    todo("choose forms with gathers", links, link, form);
}

void forms_with_one_round(int links, const enum link *link, enum form *form)
{
    /* TODO: a form for each layer, so that two layers with weights need one round of messages: what
     * leaves the first stays split until it has gone through the second. What is left over is
     * gathered.
     *
     * Linear, ReLU, linear: which form lets each rank go on from its own part of the first layer's
     * output?
     * Check: make grade ASSIGNMENT=tensor CHECK=one_round
     */
    (void)has_a_weight;
    todo("choose forms with one round", links, link, form);
}
