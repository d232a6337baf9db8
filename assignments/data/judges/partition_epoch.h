/*
 * One epoch as ranks shared it out, and what is wrong with it (partition_epoch.c); and two of them beside each other
 * (partition_epochs.c). For partition.c alone.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_PARTITION_EPOCH_H
#define ASSIGNMENTS_DATA_JUDGES_PARTITION_EPOCH_H

#include "grader/verdict/judge.h"

struct partition_share {
    const int *sample;
    int count;
};

struct partition_epoch {
    int samples, batch_size, ranks; /* what was to be shared out … */
    bool keeps_last;
    int steps;                     /* … and how: so many batches; … */
    struct partition_share *share; /* … [step · ranks + rank] */
};

const struct partition_share *data_partition_share_at(const struct partition_epoch *epoch, int step,
                                                      int rank);
/* The same samples in the same order? */
bool data_partition_same_share(const struct partition_share *a, const struct partition_share *b);

/* Is every sample that should be there on one rank, once, and no rank has two more than another? If not, what is wrong
 * (appended), and the known mistake, if it shows one. */
bool data_partition_epoch_is_right(const struct partition_epoch *epoch, GString *what,
                                   const struct mistake **mistake);

/* Of epochs that are right by themselves, of the same samples, batches and ranks: is it the same order in both,
 * or by chance at most? False, too, where there are too few samples to tell. */
bool data_partition_epochs_are_alike(const struct partition_epoch *a,
                                     const struct partition_epoch *b);
/* Have the ranks the same samples in both, in whatever order? False where that is no wonder. */
bool data_partition_shards_are_alike(const struct partition_epoch *a,
                                     const struct partition_epoch *b);
/* Has each batch the samples whose turn it is when nobody shuffles? False where that is no wonder. */
bool data_partition_is_not_shuffled(const struct partition_epoch *epoch);

extern const struct mistake data_partition_same_epochs, data_partition_same_shards,
    data_partition_not_shuffled, data_partition_seed_ignored, data_partition_seed_of_rank;

#endif
