/* Epochs beside each other, and beside the order that the data set has; see partition_epoch.h. */
#include "assignments/data/judges/partition_epoch.h"

#include <string.h>

#define ENOUGH_SAMPLES 16 /* two orders of these are alike once in 16! times */

const struct mistake data_partition_same_epochs = {
    "every epoch has the same order",
    "In each epoch every rank has the samples that it had in the first, in the same order. A "
    "shuffle depends on the number of the epoch, or there is only one.",
    "what the shuffle is given: epoch->number"};
const struct mistake data_partition_same_shards = {
    "each rank keeps its samples from epoch to epoch",
    "The ranks have the same samples in every epoch, each in another order: the data set is cut "
    "into parts first, and the parts are shuffled. No rank's gradient ever tells of the other "
    "samples.",
    "which comes first, the shuffle of all samples or the cut"};
const struct mistake data_partition_not_shuffled = {
    "the samples are not shuffled",
    "The batches have the samples in the order in which the data set has them.",
    "whether sample numbers go through the order that shuffle makes"};
const struct mistake data_partition_seed_ignored = {"the order does not depend on the seed",
                                                    "A run with another seed has the same order.",
                                                    "what the shuffle is given: epoch->seed"};
static bool is_large(const struct partition_epoch *epoch)
{
    return epoch->samples >= ENOUGH_SAMPLES && epoch->steps > 0;
}

bool data_partition_epochs_are_alike(const struct partition_epoch *a,
                                     const struct partition_epoch *b)
{
    bool alike = is_large(a) && a->steps == b->steps;
    for (int at = 0; alike && at < a->steps * a->ranks; at++)
        alike = data_partition_same_share(&a->share[at], &b->share[at]);
    return alike;
}

/* Which samples a rank has, as marks; to g_free. */
static bool *shard_of(const struct partition_epoch *epoch, int rank)
{
    bool *has = g_new0(bool, (gsize)epoch->samples);
    for (int step = 0; step < epoch->steps; step++)
        for (int i = 0; i < data_partition_share_at(epoch, step, rank)->count; i++)
            has[data_partition_share_at(epoch, step, rank)->sample[i]] = true;
    return has;
}

bool data_partition_shards_are_alike(const struct partition_epoch *a,
                                     const struct partition_epoch *b)
{
    bool alike = is_large(a) && a->steps == b->steps && a->ranks > 1;
    for (int rank = 0; alike && rank < a->ranks; rank++) {
        g_autofree bool *one = shard_of(a, rank), *other = shard_of(b, rank);
        alike = memcmp(one, other, (size_t)a->samples * sizeof *one) == 0;
    }
    return alike;
}

bool data_partition_is_not_shuffled(const struct partition_epoch *epoch)
{
    for (int at = 0; at < epoch->steps * epoch->ranks; at++)
        for (int i = 0; i < epoch->share[at].count; i++)
            if (epoch->share[at].sample[i] / epoch->batch_size != at / epoch->ranks)
                return false;
    return is_large(epoch) && epoch->steps > 1;
}
