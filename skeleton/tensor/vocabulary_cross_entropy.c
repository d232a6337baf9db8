/*
 * The cross-entropy of logits of which every rank has those of some words. They are not gathered: a row of
 * them is as long as the vocabulary, and what a loss needs of it are three numbers,
 *
 *     m   the largest logit              so that no exponential overflows
 *     z   the target's logit, less m     one rank has it
 *     s   Σ exp(logit - m)               of all words of all ranks
 *
 *     loss = log s - z                   gradient: exp(logit - m) / s, less 1 at the target
 *
 * three small messages forward, and none backward. (Shoeybi et al. 2019.)
 */
#include "assignments/tensor/tensor.h"

double vocabulary_cross_entropy(const struct tensor_group *group, struct part words,
                                const struct tensor *logits, const struct tensor *targets,
                                struct tensor **probabilities)
{
    /* TODO: the loss, whole on each rank; and the probabilities of this rank's words, for the backward.
     *
     * Given: logits (…, this rank's words: words.begin, …, words.end - 1), which you must not write
     * into; targets, int32, one word of the whole vocabulary for each row.
     * exp(1000) is not a float: what is subtracted from all logits of a row, on all ranks, changes
     * neither loss nor probabilities. A target may be a word of another rank.
     * Hint: compute_row_maxima, compute_add_to_rows, compute_exponential, compute_row_sums,
     * compute_pick, compute_logarithm, compute_sum, compute_multiply_rows (common/layers/operations.h).
     * compute_new_like and compute_copy_part copy a tensor; compute_new(…, SHAPE(tensor_rows(logits))) has a
     * number for each row; compute_scale changes signs. There is no division, but x / s = x · e^(-ln s), and
     * ln s you have. mpi_check(…) around a call of MPI; free what is yours (tensor_free).
     * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
     */
    todo("vocabulary-parallel cross-entropy", group, &words, logits, targets, probabilities);
}

struct tensor *vocabulary_cross_entropy_backward(struct part words, struct tensor *probabilities,
                                                 const struct tensor *targets, float scale)
{
    /* TODO: the gradient of scale · loss for this rank's logits. The loss is a mean over the rows.
     *
     * Hint: compute_add_to_picked changes nothing in rows whose target is another rank's. compute_scale;
     * tensor_rows.
     * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
     */
    todo("vocabulary-parallel cross-entropy, backward", &words, probabilities, targets, &scale);
}
