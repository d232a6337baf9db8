/*
 * A pipeline among the ranks of a communicator; see pipelines.h.
 */
#include "assignments/pipeline/pipelines.h"
#include "assignments/pipeline/placement.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

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
static void place(const struct model *model, int stages, int *first_layer)
{
    const int layers = model->layers;
    double flops[layers];
    for (int s = 0; s <= stages; s++)
        first_layer[s] = -1;
    model_layer_flops(model, flops);
    distribute_layers(layers, flops, stages, first_layer);
    check_placement(first_layer, layers, stages);
}

void pipelines_add_stages(struct run *run, const struct pipeline_members *members,
                          bool log_parameters)
{
    const int stages = members->chunks * members->ranks;
    for (int c = 0; c < members->chunks; c++) {
        const int s = placement_stage(members->rank, c, members->ranks);
        int first_layer[stages + 1];
        place(run->model, stages, first_layer);
        struct stage_options stage = {.index = s,
                                      .stages = stages,
                                      .first_layer = first_layer[s],
                                      .layers = first_layer[s + 1] - first_layer[s],
                                      .log_parameters = log_parameters};
        if (members->put_borders != NULL)
            members->put_borders(run, &stage);
        driver_add_stage(run, stage);
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

struct pipeline *pipelines_new(struct run *run, const struct pipeline_members *members)
{
    struct pipeline *pipeline = allocate((size_t)members->chunks, sizeof *pipeline);
    for (int c = 0; c < members->chunks; c++)
        pipeline[c] = (struct pipeline){
            .comm = members->comm,
            .rank = members->rank,
            .ranks = members->ranks,
            .stages = members->chunks * members->ranks,
            .stage_index = placement_stage(members->rank, c, members->ranks),
            .micro_batches = run->micro_batches,
            .stage = run->trained[c].stage,
            .batch = run->batch,
            .optimizer = run->trained[c].optimizer,
            .outputs_sent = messages_new(run->micro_batches),
            .gradients_sent = messages_new(run->micro_batches),
        };
    own_stages = pipeline[0];
    mpi_check_set_rank_explanation(explain_rank);
    /* Who needs which data is the same with several chunks: the first stage is on the first
     * rank, the last on the last. */
    struct pipeline whole = pipeline[0];
    whole.stages = members->ranks;
    open_data(&whole);
    return pipeline;
}

void pipelines_free(struct pipeline *first, int chunks)
{
    for (int c = 0; first != NULL && c < chunks; c++) {
        free(first[c].outputs_sent);
        free(first[c].gradients_sent);
    }
    free(first);
}

void pipelines_take(enum schedule_id schedule, struct pipeline *first, int chunks)
{
    switch (schedule) {
    case SCHEDULE_AFAB:
        train_step_afab(first);
        return;
    case SCHEDULE_NAIVE:
        train_step_naive(first);
        return;
    case SCHEDULE_1F1B:
        train_step_1f1b(first);
        return;
    case SCHEDULE_BOUNDED:
        train_step_bounded(first);
        return;
    case SCHEDULE_INTERLEAVED:
        train_step_interleaved(first, chunks);
        return;
    case SCHEDULE_ZERO_BUBBLE:
        train_step_zero_bubble(first);
        return;
    case SCHEDULE_PIPEDREAM:
        train_step_pipedream(first);
        return;
    case SCHEDULE_BASELINE:
    case SCHEDULES:
        break;
    }
    fatal("schedule %d is none of a pipeline", (int)schedule);
}
