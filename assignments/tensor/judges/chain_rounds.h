/*
 * How many rounds of messages a chain takes with its forms, and how few there can be.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_CHAIN_ROUNDS_H
#define ASSIGNMENTS_TENSOR_JUDGES_CHAIN_ROUNDS_H

#include "assignments/tensor/chains.h"

/* Rounds in the forward, of as many bytes as activations have; in the backward there are as many. The sums of
 * a layer norm that is split are small: each such layer norm counts as `norm` rounds. */
int chain_rounds(int links, const enum link *link, const enum form *form, int norm);
/* The least that any forms take in which every weight is split. */
int chain_least_rounds(int links, const enum link *link, int norm);

#endif
