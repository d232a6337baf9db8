/*
 * Passages of a model whose activations are split by tokens between its split layers: how often they go from
 * the own tokens to all of them, or back, and how many bytes that moves.
 *
 * Into a split layer an all-gather, out of it a reduce-scatter, and both mirrored on the way back: each moves
 * (t-1)·n bytes for n bytes of activations on t ranks. (Korthikanti et al. 2022, section 4.2.2.)
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_FACTS_PASSAGES_H
#define ASSIGNMENTS_TENSOR_JUDGES_FACTS_PASSAGES_H

#include "common/training/model.h"
#include "grader/verdict/judge.h"

struct passages {
    int tokens;              /* of a sample */
    double activation_bytes; /* of a sample, all tokens */
    int blocks;              /* halves of them: layers that are entered and left */
    int heads;               /* entered behind the last block, and not left by tokens */
    int splits, joins;       /* where the split by tokens begins, and ends */
    double gathers, sums;    /* bytes put together from slices, and summed, besides; per sample */
    int columns;             /* of what is put together from slices: of a head's outputs */
    double norms_keep; /* bytes that the norms keep of a sample, all tokens, for the backward */
    double norms;      /* bytes of gradients that are summed, once … */
    double others;     /* … and that may be, in each micro-batch */
};

/* Of a model of one process. */
struct passages tensor_passages_of(const struct model *model);

/* What the layers may do, and need not. */
struct passage_liberties {
    bool gather_again; /* in the backward, what was not kept in the forward */
    bool all_reduce;   /* of which each rank keeps its tokens, for a reduce-scatter */
    bool sum_biases;   /* with every micro-batch, as the norms' gradients */
};

/* Bytes between all ranks in a step, as they have to be … */
double tensor_passages_volume(const struct passages *passages, const struct outcome *run,
                              struct passage_liberties liberties);
/* … and as the logs have them. */
double tensor_passages_found(const struct outcome *run, int step);

/* Bytes that have to move in the forward, or the backward, of one micro-batch. */
double tensor_passages_forward(const struct passages *passages, const struct outcome *run);
double tensor_passages_backward(const struct passages *passages, const struct outcome *run,
                                struct passage_liberties liberties);
/* Appends to an array of double the bytes that move besides in a forward, where the ranks' parts, of tokens or of
 * columns, are as long as the longest: for each passage, and for what is put together (tensor_round_is_padding). */
void tensor_passages_add_padding(const struct passages *passages, const struct outcome *run,
                                 GArray *padding);

#endif
