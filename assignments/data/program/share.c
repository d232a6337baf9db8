/*
 * Which samples of a step's batch this rank has: what the student's partition says of the epoch.
 */
#include "common/training/share.h"
#include "assignments/data/program/parts.h"
#include "common/base/fatal.h"

#include <stdlib.h>
#include <string.h>

/* The epoch that the last step was in. */
static struct {
    struct epoch is; /* number -1: there was none */
    int steps;
    int *first, *sample; /* as partition fills them in */
    int *before;         /* samples of the replicas before this rank's, in each step */
} epoch = {.is.number = -1};

static int samples_of_data; /* as the driver said when it asked how many steps an epoch has */

static struct epoch epoch_of(const struct run *run, int number)
{
    const struct options *options = run->options;
    return (struct epoch){.number = number,
                          .samples = samples_of_data,
                          .batch_size = options->batch_size,
                          .keeps_last = data_options(options).keeps_last,
                          .seed = options->seed};
}

/* Of the shares of all ranks none is larger by more than one. */
static int most_samples(const struct run *run)
{
    return share_size(run->options->batch_size, data_layout()->replicas, 0);
}

static int steps_per_epoch(const struct run *run, int samples)
{
    samples_of_data = samples;
    const struct epoch of = epoch_of(run, 0);
    const int steps = epoch_steps(&of);
    if (steps < 0 || steps > samples)
        fatal_at("epoch_steps", "for %d samples in batches of %d it returned %d", samples,
                 of.batch_size, steps);
    return steps;
}

static void *allocate(size_t count)
{
    void *numbers = malloc((count + 1) * sizeof(int));
    if (numbers == NULL)
        fatal("no memory left for the order of %zu samples", count);
    return numbers;
}

void data_share_end(void)
{
    free(epoch.first);
    free(epoch.sample);
    free(epoch.before);
    epoch.first = epoch.sample = epoch.before = NULL;
    epoch.is.number = -1;
}

/* What was written beyond the room that there is would show itself much later, and strangely. */
static void check(int most)
{
    if (epoch.first[0] < 0 || epoch.first[epoch.steps] > epoch.is.samples)
        fatal_at("partition",
                 "epoch %d: first[0] is %d, and first[%d] %d: this rank's samples must be "
                 "numbered from 0 on, and there are %d in all",
                 epoch.is.number, epoch.first[0], epoch.steps, epoch.first[epoch.steps],
                 epoch.is.samples);
    for (int k = 0; k < epoch.steps; k++) {
        const int samples = epoch.first[k + 1] - epoch.first[k];
        if (samples < 0 || samples > most)
            fatal_at("partition",
                     "epoch %d: in step %d this rank has %d samples (first[%d] is %d, first[%d] is "
                     "%d): its share of a batch of %d has %d at the most",
                     epoch.is.number, k, samples, k, epoch.first[k], k + 1, epoch.first[k + 1],
                     epoch.is.batch_size, most);
    }
}

static void begin_epoch(const struct run *run, int number)
{
    const struct layout *layout = data_layout();
    data_share_end();
    epoch.is = epoch_of(run, number);
    const int steps = epoch_steps(&epoch.is);
    if (steps != epoch.steps)
        fatal_at("epoch_steps",
                 "it returned %d for epoch %d, and %d for another of as many samples", steps,
                 number, epoch.steps);
    epoch.first = allocate((size_t)epoch.steps + 1);
    epoch.sample = allocate((size_t)epoch.is.samples);
    epoch.before = allocate((size_t)epoch.steps);
    for (int k = 0; k <= epoch.steps; k++)
        epoch.first[k] = -1;
    for (int i = 0; i < epoch.is.samples; i++)
        epoch.sample[i] = -1;
    partition(&epoch.is, layout->replicas, layout->replica, epoch.first, epoch.sample);
    check(most_samples(run));
}

/* Samples in the batch of a step of the epoch. */
static int samples_of_step(int step)
{
    const int before = step * epoch.is.batch_size, left = epoch.is.samples - before;
    return left < epoch.is.batch_size ? left : epoch.is.batch_size;
}

/* Where this rank's samples stand in each step's batch: behind those of the replicas before. That matters to
 * dropout, and to the evidence. */
static void find_places(const struct run *run)
{
    const struct layout *layout = data_layout();
    const MPI_Comm replicas =
        layout->groups.data == MPI_COMM_NULL ? run->comm : layout->groups.data;
    int *samples = allocate((size_t)epoch.steps);
    for (int k = 0; k < epoch.steps; k++) {
        samples[k] = epoch.first[k + 1] - epoch.first[k];
        epoch.before[k] = 0;
    }
    mpi_check(PMPI_Exscan(samples, epoch.before, epoch.steps, MPI_INT, MPI_SUM, replicas));
    if (layout->replica == 0)
        memset(epoch.before, 0, (size_t)epoch.steps * sizeof *epoch.before);
    free(samples);
}

static void load(struct run *run, int step)
{
    /* Every epoch has as many steps; a run that goes on begins in a later one. */
    if (epoch.is.number < 0)
        epoch.steps = steps_per_epoch(run, samples_of_data);
    if (step / epoch.steps != epoch.is.number) {
        begin_epoch(run, step / epoch.steps);
        find_places(run);
    }
    const int k = step % epoch.steps;
    const struct share share = {.first = epoch.before[k],
                                .samples = epoch.first[k + 1] - epoch.first[k],
                                .whole = samples_of_step(k)};
    driver_share(run, step, epoch.sample + epoch.first[k], share);
}

const struct sharing data_sharing = {most_samples, steps_per_epoch, load};
