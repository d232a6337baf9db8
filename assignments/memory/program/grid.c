/*
 * Pipelines side by side, whose stages may be split over ranks, too: rank = tensor + T * (data + D * pipeline). The ranks with
 * the same parameters, one of each pipeline, share the optimizer's state. Places, samples and pipelines are the kit's.
 */
#include "assignments/memory/program/grid_layers.h"
#include "assignments/memory/program/parts.h"
#include "assignments/pipeline/pipelines.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

static struct layout {
    MPI_Comm data, pipeline, tensor;
    int replicas, replica, stage, slice;
    int samples; /* of the data set */
} layout;

bool memory_program_is_grid(const struct run *run)
{
    return memory_ranks_are(run->options) == RANKS_ARE_GRID;
}

/* ---- places ------------------------------------------------------------------------------------------ */

/* 0: the ranks are no multiple. */
static int replicas_of(const struct run *run)
{
    const struct memory_options own = memory_options(run->options);
    const long each = (long)own.pipeline * own.tensor;
    return run->ranks % each == 0 ? (int)(run->ranks / each) : 0;
}

static MPI_Comm make_group(const struct run *run, int colour, int key)
{
    MPI_Comm comm;
    mpi_check(MPI_Comm_split(run->comm, colour, key, &comm));
    return comm;
}

void memory_program_put_grid(struct run *run)
{
    const struct memory_options own = memory_options(run->options);
    if (!memory_program_is_grid(run) || run->options->probe[0] != '\0' || replicas_of(run) == 0)
        return;
    layout.replicas = replicas_of(run);
    layout.slice = run->rank % own.tensor;
    layout.replica = run->rank / own.tensor % layout.replicas;
    layout.stage = run->rank / own.tensor / layout.replicas;
    layout.data = make_group(run, layout.slice + own.tensor * layout.stage, layout.replica);
    layout.pipeline = make_group(run, layout.slice + own.tensor * layout.replica, layout.stage);
    layout.tensor = make_group(run, run->rank / own.tensor, layout.slice);
    if (own.tensor == 1)
        return;
    const int micro_batches = layout.replicas * options_micro_batches(run->options);
    memory_program_split_layers(layout.tensor, layout.slice, own.tensor,
                                run->options->batch_size / micro_batches);
}

bool memory_program_grid_fits(const struct run *run, char *reason, size_t size)
{
    const struct memory_options own = memory_options(run->options);
    const int micro_batches = options_micro_batches(run->options), replicas = replicas_of(run);
    if (replicas == 0)
        snprintf(reason, size,
                 "%d ranks can't be replicas of %d stages of %d ranks each: use a multiple of %ld",
                 run->ranks, own.pipeline, own.tensor, (long)own.pipeline * own.tensor);
    else if (own.zero != 1 || own.clip > 0 || own.offloads || own.offloads_parameters ||
             own.prefetches || own.recompute != RECOMPUTE_WAY_NOTHING ||
             own.precision != DTYPE_FLOAT32)
        snprintf(reason, size,
                 "--ranks-are grid: it is for --zero 1 in float32: give that, and leave --clip, "
                 "--offload, --prefetch, --recompute and --precision out");
    else if (own.pipeline > run->model->layers)
        snprintf(reason, size, "--pipeline %d: --model %s has %d layers", own.pipeline,
                 run->model->name, run->model->layers);
    else if (model_is_tied(run->model))
        snprintf(reason, size, "--model %s works with one weight on two stages: leave tied=1 out",
                 run->model->name);
    else if (run->options->batch_size % (replicas * micro_batches) != 0)
        snprintf(
            reason, size,
            "a batch of %d samples can't be cut into %d micro-batches for each of %d pipelines: "
            "use a multiple of %d samples",
            run->options->batch_size, micro_batches, replicas, replicas * micro_batches);
    else
        return own.tensor == 1 || memory_program_split_fits(reason, size);
    return false;
}

/* ---- samples --------------------------------------------------------------------------------------------- */

static int most_samples(const struct run *run)
{
    return run->options->batch_size / layout.replicas;
}

static int steps_per_epoch(const struct run *run, int samples)
{
    layout.samples = samples;
    return samples / run->options->batch_size;
}

/* In the order of the data set. */
static void load(struct run *run, int step)
{
    const int batch = run->options->batch_size, own = batch / layout.replicas;
    const int steps = steps_per_epoch(run, layout.samples);
    const int first = layout.replica * own;
    int *sample = malloc(((size_t)own + 1) * sizeof *sample);
    if (sample == NULL)
        fatal("no memory left for the numbers of %d samples", own);
    for (int i = 0; i < own; i++)
        sample[i] = step % (steps < 1 ? 1 : steps) * batch + first + i;
    driver_share(run, step, sample, (struct share){first, own, batch});
    free(sample);
}

const struct sharing memory_program_sharing = {most_samples, steps_per_epoch, load};

/* ---- what trains --------------------------------------------------------------------------------------------- */

static struct pipeline_members members(const struct run *run)
{
    return (struct pipeline_members){.comm = layout.pipeline,
                                     .rank = layout.stage,
                                     .ranks = memory_options(run->options).pipeline,
                                     .chunks = 1};
}

void memory_program_build_grid(struct run *run)
{
    const struct pipeline_members own = members(run);
    run->own_optimizers = true;
    pipelines_add_stages(run, &own, false);
}

static void check_begun(const struct zero *zero)
{
    if (zero->optimizer == NULL)
        fatal_at("zero1_begin", "zero->optimizer is NULL: it has to be made here");
}

struct zero *memory_program_begin_grid(struct run *run)
{
    const struct memory_options own = memory_options(run->options);
    const struct pipeline_members all = members(run);
    struct zero *zero = malloc(sizeof *zero);
    if (zero == NULL)
        fatal("no memory left");
    *zero = (struct zero){.comm = layout.data,
                          .rank = layout.replica,
                          .ranks = layout.replicas,
                          .zero_stage = own.zero,
                          .stage = run->trained[0].stage,
                          .device = run->options->device,
                          .batch = run->batch,
                          .micro_batches = run->micro_batches,
                          .all_micro_batches = run->micro_batches * layout.replicas,
                          .precision = own.precision,
                          .gradients = own.precision,
                          .optimizer_options = run->options->optimizer,
                          .loss_scale = 1,
                          .arriving_layer = -1,
                          .request = MPI_REQUEST_NULL,
                          .pipeline = pipelines_new(run, &all),
                          .schedule = schedule_named(own.schedule)};
    memory_program_make_units(zero);
    zero1_begin(zero);
    check_begun(zero);
    memory_program_tell(&run->trained[0], zero);
    /* A schedule ends with the step of an optimizer. It is held, and has no numbers. */
    zero->pipeline->optimizer = optimizer_new_for(&zero->optimizer_options, zero->device, 0);
    optimizer_hold(zero->pipeline->optimizer, true);
    return zero;
}

void memory_program_end_grid(struct zero *zero)
{
    if (zero == NULL || zero->pipeline == NULL)
        return;
    optimizer_free(zero->pipeline->optimizer);
    pipelines_free(zero->pipeline, 1);
}
