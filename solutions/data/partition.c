/*
 * Who works on which samples.
 */
#include "assignments/data/data.h"

#include "common/base/fatal.h"

#include <stdlib.h>

int epoch_steps(const struct epoch *epoch)
{
    /* BEGIN SOLUTION */
    const int whole = epoch->samples / epoch->batch_size;
    const bool left = epoch->samples % epoch->batch_size > 0;
    return whole + (left && epoch->keeps_last ? 1 : 0);
    /* END SOLUTION */
    //| /* TODO: how many batches an epoch of epoch->samples samples has.
    //|  *
    //|  * Given: epoch->keeps_last says whether the samples that are left over are a batch of their own.
    //|  * Check: make grade ASSIGNMENT=data CHECK=partition
    //|  */
    //| todo("count the steps of an epoch", epoch);
}

/* BEGIN SOLUTION */
/* Where rank `rank`'s samples begin among the `samples` of a batch; the remainder is on the first ranks. */
static int share_of(int samples, int ranks, int rank)
{
    const int remainder = samples % ranks;
    return samples / ranks * rank + (rank < remainder ? rank : remainder);
}

/* END SOLUTION */
void partition(const struct epoch *epoch, int ranks, int rank, int *first, int *sample)
{
    /* BEGIN SOLUTION */
    const int steps = epoch_steps(epoch);
    int *order = malloc(((size_t)epoch->samples + 1) * sizeof *order), count = 0;
    if (order == NULL)
        fatal("no memory left for the order of an epoch");
    shuffle(epoch->seed, epoch->number, epoch->samples, order);
    for (int step = 0; step < steps; step++) {
        const int begin = step * epoch->batch_size, left = epoch->samples - begin;
        const int samples = left < epoch->batch_size ? left : epoch->batch_size;
        first[step] = count;
        for (int i = share_of(samples, ranks, rank); i < share_of(samples, ranks, rank + 1); i++)
            sample[count++] = order[begin + i];
    }
    first[steps] = count;
    free(order);
    /* END SOLUTION */
    //| /* TODO: the samples of this rank in each step of the epoch, in an order that all ranks agree on.
    //|  *
    //|  * Given: shuffle(seed, number, samples, order) mixes the numbers 0 … samples - 1, in the same way
    //|  * wherever it is called with the same seed and number. sample has room for all samples of the data set,
    //|  * first for epoch_steps + 1 numbers.
    //|  * Hint: what must be the same on all ranks, and what in all epochs? And who gets what is left where the
    //|  * ranks do not divide the batch?
    //|  * Check: make grade ASSIGNMENT=data CHECK=partition; with train_step_data_parallel.c epochs, too
    //|  */
    //| todo("share out the samples of an epoch", epoch, ranks, rank, first, sample);
}
