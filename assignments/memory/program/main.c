/*
 * The memory assignment's program: tells the driver how ranks train together, and calls the student's functions in
 * between.
 */
#include "assignments/memory/program/parts.h"
#include "assignments/pipeline/pipelines.h"
#include "common/base/fatal.h"

#include <stdlib.h>

/* What one run has: replicas a `zero`, stages a pipeline. */
struct own {
    struct zero *zero;
    struct pipeline *pipeline;
    struct recomputation *recomputation;
};

static struct pipeline_members all_ranks(const struct run *run)
{
    return (struct pipeline_members){
        .comm = run->comm, .rank = run->rank, .ranks = run->ranks, .chunks = 1};
}

static bool is_pipeline(const struct run *run)
{
    return memory_ranks_are(run->options) == RANKS_ARE_STAGES;
}

static void put_layers(struct run *run)
{
    memory_program_put_layers(run);
    memory_program_put_grid(run);
}

static void build(struct run *run)
{
    const struct pipeline_members members = all_ranks(run);
    if (is_pipeline(run))
        pipelines_add_stages(run, &members, false);
    else if (memory_program_is_grid(run))
        memory_program_build_grid(run);
    else
        memory_program_build_replicas(run);
}

static void begin(struct run *run)
{
    const struct pipeline_members members = all_ranks(run);
    struct own *own = calloc(1, sizeof *own);
    if (own == NULL)
        fatal("no memory left");
    run->own = own;
    if (is_pipeline(run))
        own->pipeline = pipelines_new(run, &members);
    else if (memory_program_is_grid(run))
        own->zero = memory_program_begin_grid(run);
    else
        own->zero = memory_program_begin_replicas(run);
    own->recomputation = memory_program_recompute(run, run->trained[0].stage);
}

static void take(struct run *run)
{
    struct own *own = run->own;
    const struct memory_options options = memory_options(run->options);
    if (is_pipeline(run))
        pipelines_take(schedule_id(schedule_named(options.schedule)), own->pipeline, 1);
    else if (memory_program_is_grid(run))
        zero1_hybrid_train_step(own->zero);
    else
        memory_program_take_replicas(run, own->zero);
}

static void end(struct run *run)
{
    struct own *own = run->own;
    memory_program_recompute_end(own->recomputation);
    memory_program_end_grid(own->zero);
    memory_program_end_replicas(own->zero);
    if (own->pipeline != NULL)
        pipelines_free(own->pipeline, 1);
    free(own);
    run->own = NULL;
}

/* Single functions, tried with many arguments; ends with a NULL name. */
static const struct probe probes[] = {
    {"memory-state", "parameters, gradients and state of a rank, in many ways to train",
     memory_program_probe_state},
    {"memory-activations", "activations of a rank, in many ways to train",
     memory_program_probe_activations},
    {"memory-runs", "what a rank holds of models of the kit", memory_program_probe_runs},
    {"choices", "ways to train for many jobs", memory_program_probe_choices},
    {"segments", "make_segments for 1 to 48 layers", memory_program_probe_segments},
    {"shards", "who has what of a unit, and the messages between wholes and shards",
     memory_program_probe_shards},
    {"clip", "the factor that clips gradients whose norms are known", memory_program_probe_clip},
    {NULL, NULL, NULL},
};

int main(int argc, char **argv)
{
    const struct step steps[] = {
        {memory_ranks_names[RANKS_ARE_REPLICAS].name, memory_ranks_names[RANKS_ARE_REPLICAS].what,
         take},
        {memory_ranks_names[RANKS_ARE_STAGES].name, memory_ranks_names[RANKS_ARE_STAGES].what,
         take},
        {memory_ranks_names[RANKS_ARE_GRID].name, memory_ranks_names[RANKS_ARE_GRID].what, take},
        {NULL, NULL, NULL},
    };
    const struct program memory = {
        .name = "memory",
        .options = &memory_own_options,
        .steps = steps,
        .probes = probes,
        .layers = put_layers,
        .fits = memory_program_fits,
        .sharing = &memory_program_sharing,
        .shares = memory_program_is_grid,
        .build = build,
        .begin = begin,
        .end = end,
    };
    return driver_main(argc, argv, &memory);
}
