/*
 * What the probe of the split cross-entropy is given: logits, targets, and which words each rank has. Shared
 * by the program and the judge; all follows from the seed.
 */
#ifndef ASSIGNMENTS_TENSOR_LOSS_CASES_H
#define ASSIGNMENTS_TENSOR_LOSS_CASES_H

#include "assignments/tensor/tensor.h"

/* In each case two micro-batches are on their way together. */
enum { LOSS_CASES = 4, LOSS_MICRO_BATCHES = 2 };

struct loss_case {
    int number, ranks;
    uint64_t seed;
    const char *what; /* "the last rank's logits are a thousand times as large" */
    int words; /* of all ranks; of two ranks one has more than the other, where it can be so */
    struct shape rows; /* (samples, tokens) */
    float scale;       /* of the gradient */
};

struct loss_case loss_case_of(uint64_t seed, int ranks, int number);
struct part loss_case_words(const struct loss_case *one, int rank);
/* New tensors: logits (samples, tokens, words) of all words, and a target for each row. */
struct tensor *loss_case_logits(const struct loss_case *one, int micro_batch);
struct tensor *loss_case_targets(const struct loss_case *one, int micro_batch);

#endif
