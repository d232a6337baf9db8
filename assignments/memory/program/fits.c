/*
 * Do a run's options go together?
 */
#include "assignments/memory/program/parts.h"
#include "common/training/model.h"

#include <stdio.h>

static bool stages_fit(const struct run *run, char *reason, size_t size)
{
    const struct memory_options own = memory_options(run->options);
    if (own.zero > 0 || own.clip > 0 || own.offloads || own.offloads_parameters || own.prefetches ||
        own.precision != DTYPE_FLOAT32)
        snprintf(reason, size,
                 "--ranks-are stages: their state is not shared out, clipped or rounded: leave "
                 "--zero, --clip and --precision out, or use --ranks-are replicas");
    else if (run->ranks > run->model->layers)
        snprintf(reason, size,
                 "--ranks-are stages: a pipeline has no more stages than the model has layers, and "
                 "--model %s has %d",
                 run->model->name, run->model->layers);
    else
        return true;
    return false;
}

static bool replicas_fit(const struct run *run, char *reason, size_t size)
{
    const struct memory_options own = memory_options(run->options);
    const int micro_batches = options_micro_batches(run->options);
    if (micro_batches % run->ranks != 0)
        snprintf(reason, size,
                 "%d micro-batches can't be shared out evenly among %d ranks: use --micro-batches "
                 "%d, or another multiple of %d",
                 micro_batches, run->ranks, (micro_batches / run->ranks + 1) * run->ranks,
                 run->ranks);
    else if (own.prefetches && own.zero < 3)
        snprintf(reason, size,
                 "--prefetch fetches parameters, and with --zero %d they are there: use --zero 3",
                 own.zero);
    else if (own.prefetches &&
             (own.recompute == RECOMPUTE_WAY_LAYERS || own.recompute == RECOMPUTE_WAY_SEGMENTS))
        snprintf(reason, size,
                 "--prefetch fetches the layer that comes next, which with --recompute layers or "
                 "segments is another one: leave one of them out");
    else if (own.offloads_parameters && own.zero != 3)
        snprintf(reason, size,
                 "--offload parameters moves each rank's shard of the parameters to the host, and "
                 "with --zero %d there is none: use --zero 3",
                 own.zero);
    else if (own.offloads_parameters && (own.prefetches || own.recompute == RECOMPUTE_WAY_LAYERS ||
                                         own.recompute == RECOMPUTE_WAY_SEGMENTS))
        snprintf(reason, size,
                 "--offload parameters fetches the layer that comes next from the host, and goes "
                 "neither with --prefetch nor with --recompute layers or segments: leave those "
                 "out");
    else if (own.offloads && own.zero != 2)
        snprintf(
            reason, size,
            "--offload optimizer moves each rank's shard of the state, behind its shard of the "
            "gradients: use --zero 2");
    else if (model_is_tied(run->model) && (own.zero >= 2 || own.precision != DTYPE_FLOAT32))
        snprintf(
            reason, size,
            "--model %s works with one weight in two layers, which can't come and go with "
            "either, or be rounded for both: leave tied=1 out, or use --zero 1 and --precision "
            "float32",
            run->model->name);
    else
        return true;
    return false;
}

/* Batches are cut into micro-batches of one size. */
static bool batch_fits(const struct run *run, char *reason, size_t size)
{
    const int micro_batches = options_micro_batches(run->options), batch = run->options->batch_size;
    if (batch % micro_batches == 0)
        return true;
    snprintf(
        reason, size,
        "a batch of %d samples can't be cut into %d micro-batches of the same size: use --batch "
        "%d, or another multiple of %d",
        batch, micro_batches, (batch / micro_batches + 1) * micro_batches, micro_batches);
    return false;
}

bool memory_program_fits(const struct run *run, char *reason, size_t reason_size)
{
    if (run->options->probe[0] != '\0')
        return true;
    if (run->options->against[0] != '\0') {
        snprintf(reason, reason_size,
                 "--against %s: train once with each way, and compare the reports",
                 run->options->against);
        return false;
    }
    if (memory_program_is_grid(run))
        return memory_program_grid_fits(run, reason, reason_size);
    return batch_fits(run, reason, reason_size) &&
           (memory_ranks_are(run->options) == RANKS_ARE_STAGES
                ? stages_fit(run, reason, reason_size)
                : replicas_fit(run, reason, reason_size));
}
