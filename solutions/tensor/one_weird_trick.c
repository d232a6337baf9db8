/*
 * One weird trick (Krizhevsky 2014, arXiv:1404.5997): convolutions have few weights and large activations, so
 * each rank takes some of the samples; linear layers have many weights and small activations, so each rank
 * takes a slice of the weights, and all samples.
 *
 * In between, every rank gathers what the convolutions of all ranks made of their samples: scheme (a) of the
 * paper's section 4. Behind it all ranks compute the same, but for their slices.
 */
#include "assignments/tensor/tensor.h"

enum { SAMPLES }; /* the dimension that is split */

struct tensor *own_samples(const struct tensor_group *group, struct tensor *x)
{
    /* BEGIN SOLUTION */
    return scatter_forward(group, x, SAMPLES);
    /* END SOLUTION */
    //| /* TODO: every rank has read all samples. Return those that this one's convolutions work on.
    //|  * Hint: operators.c.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=one_weird_trick
    //|  */
    //| todo("take the own samples", group, x, SAMPLES);
}

struct tensor *gather_samples_forward(const struct tensor_group *group, struct tensor *x,
                                      int samples)
{
    /* BEGIN SOLUTION */
    return gather_forward(group, x, SAMPLES, samples);
    /* END SOLUTION */
    //| /* TODO: x is what the convolutions made of this rank's samples. Return that of all samples, of which
    //|  * there are `samples`, in the order of the ranks.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=one_weird_trick
    //|  */
    //| todo("gather the samples, forward", group, x, samples);
}

struct tensor *gather_samples_backward(const struct tensor_group *group, struct tensor *dy)
{
    /* BEGIN SOLUTION */
    return gather_backward(group, dy, SAMPLES);
    /* END SOLUTION */
    //| /* TODO: dy is the gradient of all samples, of the mean loss of them all, and the same on every rank:
    //|  * the first linear layer has summed it. What is the gradient of this rank's samples?
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=one_weird_trick
    //|  */
    //| todo("gather the samples, backward", group, dy);
}

void sum_gradients_by_samples(const struct tensor_group *group, int count,
                              const struct replicated_gradient *of)
{
    /* BEGIN SOLUTION */
    /* The loss is the mean over all samples already: the sum is not divided. */
    for (int i = 0; i < count; i++)
        if (of[i].input_is_part)
            mpi_check(MPI_Allreduce(MPI_IN_PLACE, of[i].gradient->data, of[i].gradient->count,
                                    MPI_FLOAT, MPI_SUM, group->comm));
    /* END SOLUTION */
    //| /* TODO: which of these gradients are of this rank's samples only? Put those of all ranks together, and
    //|  * leave the others as they are.
    //|  *
    //|  * Given: of[0], …, of[count - 1], the same on all ranks (struct replicated_gradient in tensor.h); here
    //|  * input_is_part says whether samples of its own came into the layer on each rank. of[i].gradient is
    //|  * changed where it is: mpi_check(…) around a call of MPI, in place.
    //|  * Sum or mean? The loss is the mean over the samples of all ranks.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=one_weird_trick
    //|  */
    //| todo("sum the gradients of what saw a part of the samples", group, count, of);
}
