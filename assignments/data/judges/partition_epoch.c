/* What is wrong with an epoch; see partition_epoch.h. */
#include "assignments/data/judges/partition_epoch.h"

#include "assignments/data/partition_cases.h"

#include <string.h>

/* ---- known mistakes --------------------------------------------------------------------------------- */

const struct mistake data_partition_seed_of_rank = {
    "each rank shuffles in another way",
    "Samples are on two ranks, in different steps, and others on none: each rank takes its part of "
    "an order of its own. The parts make up a whole only if all cut the same order.",
    "what the shuffle depends on: the rank may not be in it"};

static const struct mistake
    same_samples = {"every rank works on the same samples",
                    "All ranks have the same samples in each step: the mean over the ranks is the "
                    "gradient of one of them, and the others worked for nothing.",
                    "where the rank decides which samples are taken"},
    whole_batches =
        {"each rank takes a whole batch",
         "Each rank has as many samples as the batch of all ranks together should have.",
         "what batch_size counts: the samples of all ranks"},
    tail_dropped = {"the last, smaller batch is left out",
                    "The epoch has a step too few: the samples that do not fill a batch are left "
                    "out, and keeps_last says that they are a batch.",
                    "epoch_steps: what it does where keeps_last is true"},
    tail_kept = {"the last, smaller batch is not left out",
                 "The epoch has a step too many: the samples that do not fill a batch are made "
                 "one, and keeps_last says that they are left out.",
                 "epoch_steps: what it does where keeps_last is false"},
    tail_padded = {"the last batch is filled up with samples that were there before",
                   "In the last, smaller batch of the epoch are samples that the epoch had "
                   "already: they count twice in the mean.",
                   "what happens where the samples run out"},
    remainder_forgotten = {"the remainder of a batch is on no rank",
                           "Each rank has batch / ranks samples, rounded down: where the ranks do "
                           "not divide the batch, the samples that are left are on nobody.",
                           "who takes the remainder"},
    remainder_together = {"one rank takes all of the remainder",
                          "Where the ranks do not divide the batch, one rank has all samples that "
                          "are left, and the others wait for it.",
                          "how the remainder is spread: one sample more for some ranks"},
    tail_uneven = {"the last batch is cut as if it were whole",
                   "In the last, smaller batch the first ranks have as many samples as in a whole "
                   "one, and the others what is left, or nothing.",
                   "what is shared out in a step: the samples that its batch has"},
    overlap = {"shares overlap",
               "In one step a sample is on two ranks: it counts twice in the mean.",
               "where a rank's share begins, and where the one before ends"};

/* ---- what is where ------------------------------------------------------------------------------------ */

const struct partition_share *data_partition_share_at(const struct partition_epoch *epoch, int step,
                                                      int rank)
{
    return &epoch->share[step * epoch->ranks + rank];
}

static int in_step(const struct partition_epoch *epoch, int step)
{
    int count = 0;
    for (int rank = 0; rank < epoch->ranks; rank++)
        count += data_partition_share_at(epoch, step, rank)->count;
    return count;
}

static int right_in_step(const struct partition_epoch *epoch, int step)
{
    return data_step_samples(epoch->samples, epoch->batch_size, step);
}

bool data_partition_same_share(const struct partition_share *a, const struct partition_share *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->sample, b->sample, (size_t)a->count * sizeof(int)) == 0);
}

static bool all_ranks_alike(const struct partition_epoch *epoch)
{
    for (int step = 0; step < epoch->steps; step++)
        for (int rank = 1; rank < epoch->ranks; rank++)
            if (!data_partition_same_share(data_partition_share_at(epoch, step, 0),
                                           data_partition_share_at(epoch, step, rank)))
                return false;
    return epoch->ranks > 1 && epoch->steps > 0 && in_step(epoch, 0) > 0;
}

/* ---- one thing after the other ------------------------------------------------------------------------- */

static bool steps_are_right(const struct partition_epoch *epoch, GString *what,
                            const struct mistake **mistake)
{
    const int right = data_epoch_steps(epoch->samples, epoch->batch_size, epoch->keeps_last);
    const int other = data_epoch_steps(epoch->samples, epoch->batch_size, !epoch->keeps_last);
    if (epoch->steps == right)
        return true;
    g_string_append_printf(what, "it has %d steps, and should have %d", epoch->steps, right);
    if (epoch->steps == other)
        *mistake = epoch->keeps_last ? &tail_dropped : &tail_kept;
    return false;
}

static bool samples_are_there(const struct partition_epoch *epoch, GString *what)
{
    for (int step = 0; step < epoch->steps; step++)
        for (int rank = 0; rank < epoch->ranks; rank++) {
            const struct partition_share *share = data_partition_share_at(epoch, step, rank);
            for (int i = 0; i < share->count; i++) {
                if (share->sample[i] >= 0 && share->sample[i] < epoch->samples)
                    continue;
                g_string_append_printf(
                    what, "in step %d rank %d has sample %d: they are numbered from 0 to %d", step,
                    rank, share->sample[i], epoch->samples - 1);
                return false;
            }
        }
    return true;
}

static bool each_has(const struct partition_epoch *epoch, int step, int samples)
{
    for (int rank = 0; rank < epoch->ranks; rank++)
        if (data_partition_share_at(epoch, step, rank)->count != samples)
            return false;
    return true;
}

/* A sample that is there twice: where. */
struct twice {
    int sample;
    int step[2], rank[2];
};

/* The first one; if there are such on two ranks in two steps, the first of these. */
static bool find_twice(const struct partition_epoch *epoch, struct twice *twice)
{
    g_autofree int *seen = g_new(int, (gsize)epoch->samples); /* step · ranks + rank */
    bool found = false;
    for (int i = 0; i < epoch->samples; i++)
        seen[i] = -1;
    for (int at = 0; at < epoch->steps * epoch->ranks; at++)
        for (int i = 0; i < epoch->share[at].count; i++) {
            const int sample = epoch->share[at].sample[i], before = seen[sample];
            const struct twice this = {sample,
                                       {before / epoch->ranks, at / epoch->ranks},
                                       {before % epoch->ranks, at % epoch->ranks}};
            const bool apart = this.step[0] != this.step[1] && this.rank[0] != this.rank[1];
            seen[sample] = at;
            if (before < 0 || (found && !apart))
                continue;
            *twice = this;
            found = true;
            if (apart)
                return true;
        }
    return found;
}

/* Is a sample on two ranks in one step? */
static bool is_overlap(const struct partition_epoch *epoch)
{
    struct twice twice;
    return find_twice(epoch, &twice) && twice.step[0] == twice.step[1] &&
           twice.rank[0] != twice.rank[1];
}

static bool batches_are_right(const struct partition_epoch *epoch, GString *what,
                              const struct mistake **mistake)
{
    for (int step = 0; step < epoch->steps; step++) {
        const int count = in_step(epoch, step), right = right_in_step(epoch, step);
        if (count == right)
            continue;
        g_string_append_printf(
            what, "in step %d the ranks have %d samples together, and the batch has %d", step,
            count, right);
        if (count < right && each_has(epoch, step, right / epoch->ranks))
            *mistake = &remainder_forgotten;
        else if (all_ranks_alike(epoch))
            *mistake = &same_samples;
        else if (epoch->ranks > 1 && each_has(epoch, step, epoch->batch_size))
            *mistake = &whole_batches;
        else if (count > right && step == epoch->steps - 1 && right < epoch->batch_size)
            *mistake = &tail_padded;
        else if (count > right && is_overlap(epoch))
            *mistake = &overlap;
        return false;
    }
    return true;
}

static const struct mistake *mistake_of_twice(const struct partition_epoch *epoch,
                                              const struct twice *twice)
{
    if (all_ranks_alike(epoch))
        return &same_samples;
    if (twice->rank[0] != twice->rank[1])
        return twice->step[0] == twice->step[1] ? &overlap : &data_partition_seed_of_rank;
    return NULL;
}

static bool none_is_twice(const struct partition_epoch *epoch, GString *what,
                          const struct mistake **mistake)
{
    struct twice twice;
    if (!find_twice(epoch, &twice))
        return true;
    g_string_append_printf(
        what, "sample %d is there twice: on rank %d in step %d, and on rank %d in step %d",
        twice.sample, twice.rank[0], twice.step[0], twice.rank[1], twice.step[1]);
    *mistake = mistake_of_twice(epoch, &twice);
    return false;
}

static int rank_with(const struct partition_epoch *epoch, int step, bool most)
{
    int found = 0;
    for (int rank = 1; rank < epoch->ranks; rank++) {
        const int than = data_partition_share_at(epoch, step, found)->count;
        const int count = data_partition_share_at(epoch, step, rank)->count;
        if (most ? count > than : count < than)
            found = rank;
    }
    return found;
}

static bool is_together(const struct partition_epoch *epoch, int step)
{
    const int samples = right_in_step(epoch, step), least = samples / epoch->ranks;
    int even = 0;
    for (int rank = 0; rank < epoch->ranks; rank++)
        even += data_partition_share_at(epoch, step, rank)->count == least;
    return even == epoch->ranks - 1;
}

static bool shares_are_even(const struct partition_epoch *epoch, GString *what,
                            const struct mistake **mistake)
{
    for (int step = 0; step < epoch->steps; step++) {
        const int most = rank_with(epoch, step, true), least = rank_with(epoch, step, false);
        const int more = data_partition_share_at(epoch, step, most)->count,
                  less = data_partition_share_at(epoch, step, least)->count;
        if (more - less < 2)
            continue;
        g_string_append_printf(what,
                               "in step %d rank %d has %d samples and rank %d has %d: no rank may "
                               "have two more than another",
                               step, most, more, least, less);
        const bool is_tail = right_in_step(epoch, step) < epoch->batch_size;
        if (is_tail && step > 0 && more == data_partition_share_at(epoch, 0, most)->count)
            *mistake = &tail_uneven;
        else if (is_together(epoch, step))
            *mistake = &remainder_together;
        else if (is_tail)
            *mistake = &tail_uneven;
        return false;
    }
    return true;
}

bool data_partition_epoch_is_right(const struct partition_epoch *epoch, GString *what,
                                   const struct mistake **mistake)
{
    return steps_are_right(epoch, what, mistake) && samples_are_there(epoch, what) &&
           batches_are_right(epoch, what, mistake) && none_is_twice(epoch, what, mistake) &&
           shares_are_even(epoch, what, mistake);
}
