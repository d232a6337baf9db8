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

/* BEGIN SOLUTION */
/* A tensor with one number for each row of x. */
static struct tensor *one_per_row(const struct tensor *x)
{
    return compute_new(x->device, SHAPE(tensor_rows(x)));
}

static void over_ranks(const struct tensor_group *group, struct tensor *x, MPI_Op operation)
{
    mpi_check(MPI_Allreduce(MPI_IN_PLACE, x->data, x->count, MPI_FLOAT, operation, group->comm));
}

/* A new tensor: the logits, less the largest of their row on any rank. */
static struct tensor *less_the_largest(const struct tensor_group *group,
                                       const struct tensor *logits)
{
    struct tensor *largest = one_per_row(logits), *shifted = compute_new_like(logits);
    compute_row_maxima(logits, largest);
    over_ranks(group, largest, MPI_MAX);
    compute_scale(-1.0f, largest);
    compute_copy_part(logits, 0, 0, shifted, 0, logits->shape.size[0]);
    compute_add_to_rows(largest, shifted);
    tensor_free(largest);
    return shifted;
}

/* The target's logit, which one rank has; each other adds 0. */
static struct tensor *of_target(const struct tensor_group *group, struct part words,
                                const struct tensor *shifted, const struct tensor *targets)
{
    struct tensor *target = one_per_row(shifted);
    compute_pick(targets, words.begin, shifted, target);
    over_ranks(group, target, MPI_SUM);
    return target;
}

/* log s; each number of `shifted` becomes its exponential. */
static struct tensor *log_of_sum(const struct tensor_group *group, struct tensor *shifted)
{
    struct tensor *sum = one_per_row(shifted);
    compute_exponential(shifted, shifted);
    compute_row_sums(shifted, sum);
    over_ranks(group, sum, MPI_SUM);
    compute_logarithm(sum, sum);
    return sum;
}

/* END SOLUTION */
double vocabulary_cross_entropy(const struct tensor_group *group, struct part words,
                                const struct tensor *logits, const struct tensor *targets,
                                struct tensor **probabilities)
{
    /* BEGIN SOLUTION */
    struct tensor *shifted = less_the_largest(group, logits);
    struct tensor *target = of_target(group, words, shifted, targets);
    struct tensor *sum = log_of_sum(group, shifted);
    const double loss = (compute_sum(sum) - compute_sum(target)) / tensor_rows(logits);
    compute_scale(-1.0f, sum);
    compute_exponential(sum, sum); /* 1 / s */
    compute_multiply_rows(sum, shifted);
    *probabilities = shifted;
    tensor_free(target);
    tensor_free(sum);
    return loss;
    /* END SOLUTION */
    //| /* TODO: the loss, whole on each rank; and the probabilities of this rank's words, for the backward.
    //|  *
    //|  * Given: logits (…, this rank's words: words.begin, …, words.end - 1), which you must not write
    //|  * into; targets, int32, one word of the whole vocabulary for each row.
    //|  * exp(1000) is not a float: what is subtracted from all logits of a row, on all ranks, changes
    //|  * neither loss nor probabilities. A target may be a word of another rank.
    //|  * Hint: compute_row_maxima, compute_add_to_rows, compute_exponential, compute_row_sums,
    //|  * compute_pick, compute_logarithm, compute_sum, compute_multiply_rows (common/layers/operations.h).
    //|  * compute_new_like and compute_copy_part copy a tensor; compute_new(…, SHAPE(tensor_rows(logits))) has a
    //|  * number for each row; compute_scale changes signs. There is no division, but x / s = x · e^(-ln s), and
    //|  * ln s you have. mpi_check(…) around a call of MPI; free what is yours (tensor_free).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("vocabulary-parallel cross-entropy", group, &words, logits, targets, probabilities);
}

struct tensor *vocabulary_cross_entropy_backward(struct part words, struct tensor *probabilities,
                                                 const struct tensor *targets, float scale)
{
    /* BEGIN SOLUTION */
    compute_add_to_picked(targets, words.begin, -1.0f, probabilities);
    compute_scale(scale / (float)tensor_rows(probabilities), probabilities);
    return probabilities;
    /* END SOLUTION */
    //| /* TODO: the gradient of scale · loss for this rank's logits. The loss is a mean over the rows.
    //|  *
    //|  * Hint: compute_add_to_picked changes nothing in rows whose target is another rank's. compute_scale;
    //|  * tensor_rows.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=vocabulary_parallel
    //|  */
    //| todo("vocabulary-parallel cross-entropy, backward", &words, probabilities, targets, &scale);
}
