/*
 * Where the stages of a run are, and the student's pipelines that go with them.
 */
#include "assignments/pipeline/options.h"
#include "assignments/pipeline/placement.h"
#include "assignments/pipeline/program/parts.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the run's schedule ------------------------------------------------------------------------- */

const struct schedule_facts *pipeline_run_schedule(const struct run *run)
{
    return schedule_named(run->step->name);
}

int pipeline_run_chunks(const struct run *run)
{
    return pipeline_chunks_of(run->options, pipeline_run_schedule(run));
}

/* ---- stages --------------------------------------------------------------------------------------- */

/* "0 2 4 6 8", as far as it fits. */
static const char *numbers_text(const int *number, int count, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used + 1 < size; i++)
        used += (size_t)snprintf(text + used, size - used, i == 0 ? "%d" : " %d", number[i]);
    return text;
}

/* A placement that can't work would show itself much later, and strangely. */
static void check_placement(const int *first_layer, int layers, int stages)
{
    char text[512];
    numbers_text(first_layer, stages + 1, text, sizeof text);
    if (first_layer[0] != 0 || first_layer[stages] != layers)
        fatal_at("distribute_layers",
                 "for %d layers and %d stages it filled first_layer with %s: it must begin with 0 "
                 "and end with %d",
                 layers, stages, text, layers);
    for (int s = 0; s < stages; s++)
        if (first_layer[s + 1] <= first_layer[s])
            fatal_at("distribute_layers",
                     "for %d layers and %d stages it filled first_layer with %s: stage %d has no "
                     "layer",
                     layers, stages, text, s);
}

/* The first layer of each stage, and behind the last the number of layers. */
static void place(const struct run *run, int stages, int *first_layer)
{
    const int layers = run->model->layers;
    double flops[layers];
    for (int s = 0; s <= stages; s++)
        first_layer[s] = -1;
    model_layer_flops(run->model, flops);
    distribute_layers(layers, flops, stages, first_layer);
    check_placement(first_layer, layers, stages);
}

void pipeline_build(struct run *run)
{
    if (pipeline_run_schedule(run)->one_process) {
        driver_add_stage(run, (struct stage_options){.stages = 1, .layers = run->model->layers});
        return;
    }
    const int chunks = pipeline_run_chunks(run), stages = chunks * run->ranks;
    for (int c = 0; c < chunks; c++) {
        const int s = placement_stage(run->rank, c, run->ranks);
        int first_layer[stages + 1];
        place(run, stages, first_layer);
        driver_add_stage(run, (struct stage_options){.index = s,
                                                     .stages = stages,
                                                     .first_layer = first_layer[s],
                                                     .layers = first_layer[s + 1] - first_layer[s],
                                                     .log_parameters =
                                                         pipeline_run_schedule(run)->asynchronous});
    }
}

/* ---- the student's pipelines, one for each chunk --------------------------------------------------- */

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        fatal("no memory left for the pipeline");
    return memory;
}

static struct sent_message *messages_new(int count)
{
    struct sent_message *message = allocate((size_t)count, sizeof *message);
    for (int i = 0; i < count; i++)
        message[i].request = MPI_REQUEST_NULL;
    return message;
}

/* For who takes a stage for a rank, or a neighbour that is not there. */
static struct pipeline own_stages;

static void explain_rank(int rank, char *text, size_t size)
{
    const int stages = own_stages.stages, ranks = own_stages.ranks;
    if (rank >= 0 && rank < stages)
        snprintf(text, size, "; stage %d is on rank %d", rank, placement_rank(rank, ranks));
    else if (rank == -1 || rank == stages)
        snprintf(text, size, "; the %s stage has no %s one", rank < 0 ? "first" : "last",
                 rank < 0 ? "previous" : "next");
}

/* The pipelines of this rank's chunks lie one behind the other. */
void pipeline_begin(struct run *run)
{
    if (pipeline_run_schedule(run)->one_process) {
        batch_open_inputs(run->batch);
        batch_open_labels(run->batch);
        return;
    }
    const int chunks = pipeline_run_chunks(run);
    struct pipeline *pipeline = allocate((size_t)chunks, sizeof *pipeline);
    for (int c = 0; c < chunks; c++)
        pipeline[c] = (struct pipeline){
            .comm = run->comm,
            .rank = run->rank,
            .ranks = run->ranks,
            .stages = chunks * run->ranks,
            .stage_index = placement_stage(run->rank, c, run->ranks),
            .micro_batches = run->micro_batches,
            .stage = run->trained[c].stage,
            .batch = run->batch,
            .optimizer = run->trained[c].optimizer,
            .outputs_sent = messages_new(run->micro_batches),
            .gradients_sent = messages_new(run->micro_batches),
        };
    run->own = pipeline;
    own_stages = pipeline[0];
    mpi_check_set_rank_explanation(explain_rank);
    /* Who needs which data is the same with several chunks: the first stage is on the first
     * rank, the last on the last. */
    struct pipeline whole = pipeline[0];
    whole.stages = run->ranks;
    open_data(&whole);
}

void pipeline_end(struct run *run)
{
    struct pipeline *pipeline = run->own;
    for (int c = 0; pipeline != NULL && c < pipeline_run_chunks(run); c++) {
        free(pipeline[c].outputs_sent);
        free(pipeline[c].gradients_sent);
    }
    free(pipeline);
    run->own = NULL;
}
