/*
 * Who works on which samples.
 */
#include "assignments/data/data.h"

#include "common/base/fatal.h"

#include <stdlib.h>

int epoch_steps(const struct epoch *epoch)
{
    /* TODO: how many batches an epoch of epoch->samples samples has.
     *
     * Given: epoch->keeps_last says whether the samples that are left over are a batch of their own.
     * Check: make grade ASSIGNMENT=data CHECK=partition
     */
    todo("count the steps of an epoch", epoch);
}

void partition(const struct epoch *epoch, int ranks, int rank, int *first, int *sample)
{
    /* TODO: the samples of this rank in each step of the epoch, in an order that all ranks agree on.
     *
     * Given: shuffle(seed, number, samples, order) mixes the numbers 0 … samples - 1, in the same way
     * wherever it is called with the same seed and number. sample has room for all samples of the data set,
     * first for epoch_steps + 1 numbers.
     * Hint: what must be the same on all ranks, and what in all epochs? And who gets what is left where the
     * ranks do not divide the batch?
     * Check: make grade ASSIGNMENT=data CHECK=partition; with train_step_data_parallel.c epochs, too
     */
    todo("share out the samples of an epoch", epoch, ranks, rank, first, sample);
}
