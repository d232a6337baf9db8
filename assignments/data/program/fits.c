/*
 * Do a run's options go together?
 */
#include "assignments/data/program/parts.h"
#include "assignments/pipeline/pipelines.h"
#include "assignments/tensor/given/split_model.h"
#include "common/training/share.h"

#include <stdio.h>

/* Ranks that can't be put into the grid. */
static bool grid_fits(const struct run *run, char *reason, size_t size)
{
    const struct data_options own = data_options(run->options);
    if (data_replicas(run->options, run->ranks) > 0)
        return true;
    snprintf(
        reason, size,
        "%d ranks can't be replicas of %d stages of %d ranks each: use a multiple of %ld ranks",
        run->ranks, own.pipeline, own.tensor, (long)own.pipeline * own.tensor);
    return false;
}

static bool sums_fit(const struct run *run, char *reason, size_t size)
{
    const struct data_options own = data_options(run->options);
    char why[512] = "";
    if (own.sum != SUM_MPI && data_average(run->options) == AVERAGE_OVERLAP)
        snprintf(reason, size,
                 "--sum %s waits for every message, and --average overlap may not: choose another "
                 "--average",
                 data_sums[own.sum].name);
    else if (own.sum == SUM_HALVING_DOUBLING &&
             !can_halve_and_double(data_layout()->replicas, why, sizeof why)) {
        why[sizeof why - 1] = '\0';
        snprintf(reason, size, "--sum halving-doubling: %s", why);
    } else
        return true;
    return false;
}

/* Stages that pass micro-batches on want them all of one size. */
static bool hybrid_fits(const struct run *run, char *reason, size_t size)
{
    const struct data_options own = data_options(run->options);
    const int replicas = data_layout()->replicas,
              micro_batches = options_micro_batches(run->options);
    const int samples = replicas * micro_batches;
    if (data_average(run->options) == AVERAGE_OVERLAP)
        snprintf(reason, size,
                 "--average overlap is for replicas that are one rank: leave "
                 "--pipeline and --tensor out, or choose another --average");
    else if (own.synchronises)
        snprintf(reason, size,
                 "--synchronise-norm is for replicas that are one rank: leave "
                 "--pipeline and --tensor out");
    else if (own.pipeline > run->model->layers)
        snprintf(reason, size,
                 "--pipeline %d: a pipeline has no more stages than the model has layers, and "
                 "--model %s has %d",
                 own.pipeline, run->model->name, run->model->layers);
    else if (own.keeps_last)
        snprintf(reason, size,
                 "--last-batch keep: a smaller batch can't be cut into the same "
                 "micro-batches: use --last-batch drop");
    else if (own.seeds_differ && own.tensor > 1)
        snprintf(reason, size,
                 "--seeds-differ is for ranks that have whole layers: leave --tensor out");
    else if (run->options->batch_size % samples != 0)
        snprintf(
            reason, size,
            "a batch of %d samples can't be cut into %d micro-batches of the same size for each "
            "of %d replicas: use a multiple of %d samples",
            run->options->batch_size, micro_batches, replicas, samples);
    else if (own.tensor > 1 && !tensor_fits(reason, size))
        return false;
    else
        return true;
    return false;
}

static bool replicas_fit(const struct run *run, char *reason, size_t size)
{
    const int replicas = data_layout()->replicas, batch = run->options->batch_size;
    const int micro_batches = options_micro_batches(run->options);
    if (batch / replicas >= micro_batches)
        return true;
    snprintf(
        reason, size,
        "a batch of %d samples for %d ranks has not %d micro-batches of at least one sample on "
        "each: use --batch %d or more, or fewer --micro-batches",
        batch, replicas, micro_batches, replicas * micro_batches);
    return false;
}

/* How many samples the last batch of an epoch has, if it is a smaller one; else 0. */
static int samples_of_last(const struct run *run)
{
    char error[DATASET_ERROR_SIZE];
    const struct options *options = run->options;
    const bool keeps = data_options(options).keeps_last && options->device != DEVICE_META;
    return keeps ? dataset_count(options->dataset, DATASET_TRAIN, error) % options->batch_size : 0;
}

/* All ranks take part in every sum, with micro-batches that belong together; and what a rank's samples of one count is
 * what those of its share count. */
static bool synchronised_norms_fit(const struct run *run, char *reason, size_t size)
{
    const int replicas = data_layout()->replicas, batch = run->options->batch_size;
    const int parts = replicas * options_micro_batches(run->options), last = samples_of_last(run);
    const int fewest = last > 0 ? last : batch;
    if (!data_options(run->options).synchronises)
        return true;
    if (parts > replicas && batch % parts != 0)
        snprintf(
            reason, size,
            "--synchronise-norm needs micro-batches of one size, and %d samples can't be cut into "
            "%d on each of %d ranks: use --micro-batches 1, or --batch %d",
            batch, parts / replicas, replicas, (batch + parts - 1) / parts * parts);
    else if (parts > replicas && last % parts != 0)
        snprintf(reason, size,
                 "--synchronise-norm needs micro-batches of one size, and the %d samples of an "
                 "epoch's last batch can't be cut into %d on each of %d ranks: use --micro-batches "
                 "1, or --last-batch drop",
                 last, parts / replicas, replicas);
    else if (fewest < replicas)
        snprintf(reason, size,
                 "--synchronise-norm --last-batch keep: the last batch of an epoch has %d samples, "
                 "and %d ranks need one each, as all take part in the sums of a batch norm: use "
                 "--last-batch drop",
                 fewest, replicas);
    else if (fewest / (parts / replicas) < data_norm_samples())
        snprintf(reason, size,
                 "--model %s: a batch norm in it takes the variance over the samples of all ranks, "
                 "of which there is one: use a larger --batch%s",
                 run->model->name, last > 0 ? ", or --last-batch drop" : "");
    else
        return true;
    return false;
}

/* How many samples the smallest micro-batch of a batch has, of the ranks that have any of it. */
static int fewest_samples(const struct run *run, int batch)
{
    const int replicas = data_layout()->replicas, parts = options_micro_batches(run->options);
    int fewest = batch;
    for (int rank = 0; rank < replicas; rank++) {
        const int share = share_size(batch, replicas, rank);
        const int smallest = share > parts ? share / parts : 1;
        fewest = share > 0 && smallest < fewest ? smallest : fewest;
    }
    return fewest;
}

/* A batch norm of one number has no variance. */
static bool norms_fit(const struct run *run, char *reason, size_t size)
{
    const int least = model_least_samples(run->model), replicas = data_layout()->replicas;
    const int samples = fewest_samples(run, run->options->batch_size), last = samples_of_last(run);
    if (data_options(run->options).synchronises)
        return true;
    if (samples < least)
        snprintf(
            reason, size,
            "--model %s: a batch norm in it takes the variance over the samples of a micro-batch, "
            "which must be %d or more, and some have %d: use --batch %d or more",
            run->model->name, least, samples,
            least * replicas * options_micro_batches(run->options));
    else if (last > 0 && fewest_samples(run, last) < least)
        snprintf(
            reason, size,
            "--model %s: a batch norm in it takes the variance over the samples of a micro-batch, "
            "which must be %d or more, and of the %d of an epoch's last batch some have %d: use "
            "--last-batch drop",
            run->model->name, least, last, fewest_samples(run, last));
    else
        return true;
    return false;
}

bool data_fits(const struct run *run, char *reason, size_t reason_size)
{
    if (run->comm == MPI_COMM_NULL)
        data_layout_begin(run);
    if (run->options->probe[0] != '\0')
        return true;
    if (run->options->against[0] != '\0') {
        snprintf(reason, reason_size,
                 "--against %s: train once with each way, and compare the reports",
                 run->options->against);
        return false;
    }
    return grid_fits(run, reason, reason_size) && sums_fit(run, reason, reason_size) &&
           (data_options(run->options).hybrid ? hybrid_fits(run, reason, reason_size)
                                              : replicas_fit(run, reason, reason_size)) &&
           data_scatter_fits(run, reason, reason_size) &&
           synchronised_norms_fit(run, reason, reason_size) && norms_fit(run, reason, reason_size);
}
