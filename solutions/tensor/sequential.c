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
    /* BEGIN SOLUTION */
    for (int i = 0; i < links; i++)
        form[i] = has_a_weight(link[i]) ? FORM_COLUMN_GATHERED : FORM_WHOLE;
    /* END SOLUTION */
    //| /* TODO: a form for each layer; whatever has a weight is split, and gathers what it gives.
    //|  *
    //|  * Given: link[i], what layer i is; tensor.h says which forms each kind can have. Between all layers
    //|  * tensors are whole here.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=sequential, then sequential_gradients, really_split,
    //|  * collectives, combinations, scaling, convergence_fashion_mnist and convergence_cifar10
    //|  */
    //| (void)has_a_weight;
    //| todo("choose forms with gathers", links, link, form);
}

/* BEGIN SOLUTION */
/* The next layer with a weight behind layer i; links: there is none. */
static int next_weight(int i, int links, const enum link *link)
{
    do
        i++;
    while (i < links && !has_a_weight(link[i]));
    return i;
}

/* END SOLUTION */
void forms_with_one_round(int links, const enum link *link, enum form *form)
{
    /* BEGIN SOLUTION */
    int i = 0;
    while (i < links) {
        if (!has_a_weight(link[i])) {
            form[i++] = FORM_WHOLE;
            continue;
        }
        const int second = next_weight(i, links, link);
        if (second == links) { /* it has nobody to share a round with */
            form[i++] = FORM_COLUMN_GATHERED;
            continue;
        }
        form[i] = FORM_COLUMN;
        for (i++; i < second; i++)
            form[i] = FORM_SPLIT;
        form[i++] = FORM_ROW;
    }
    /* END SOLUTION */
    //| /* TODO: a form for each layer, so that two layers with weights need one round of messages: what
    //|  * leaves the first stays split until it has gone through the second. What is left over is
    //|  * gathered.
    //|  *
    //|  * Linear, ReLU, linear: which form lets each rank go on from its own part of the first layer's
    //|  * output?
    //|  * Hint: what stands between the two takes and gives split tensors then, a layer norm, too.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=one_round, then one_round_gradients, one_round_traffic and,
    //|  * with parallel_attention.c or the convolutions and split_batch_norm.c, transformer_or_resnet; with
    //|  * the latter resnet_50_counts, too
    //|  */
    //| (void)has_a_weight;
    //| todo("choose forms with one round", links, link, form);
}
