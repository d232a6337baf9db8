/*
 * What this rank trains: a replica of the model, or its part of one, and what the student's functions are
 * given of it.
 */
#include "assignments/data/program/parts.h"
#include "assignments/pipeline/pipelines.h"
#include "assignments/tensor/given/split_model.h"
#include "common/base/fatal.h"
#include "common/training/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- layers --------------------------------------------------------------------------------------- */

static int norm_samples_needed = 1;

int data_norm_samples(void)
{
    return norm_samples_needed;
}

/* Ranks that average have batch norms of their own samples; these see all. */
static bool replace_norm(const struct layer_place *place, struct layer *own, void *user)
{
    const MPI_Comm *comm = user;
    if (strcmp(place->whole->operations->kind, "batch_norm") != 0)
        return false;
    if (place->whole->least_samples > norm_samples_needed)
        norm_samples_needed = place->whole->least_samples;
    *own = synchronised_batch_norm(place->kit, *comm);
    return true;
}

void data_put_layers(struct run *run)
{
    const struct data_options options = data_options(run->options);
    const struct layout *layout = data_layout();
    static MPI_Comm all;
    data_layout_begin(run);
    all = run->comm;
    if (run->options->probe[0] != '\0')
        return;
    if (options.hybrid && options.tensor > 1) {
        const struct tensor_group group = {layout->groups.tensor, layout->slice, layout->slices};
        const int most = share_size(run->options->batch_size, layout->replicas, 0);
        tensor_put_layers_among(&group, WAY_ONE_ROUND,
                                share_size(most, options_micro_batches(run->options), 0));
    } else if (options.synchronises) {
        layer_replace_with(replace_norm, &all);
    }
}

/* ---- stages ----------------------------------------------------------------------------------------- */

static struct pipeline_members members(const struct run *run)
{
    const struct layout *layout = data_layout();
    return (struct pipeline_members){
        .comm = layout->groups.pipeline,
        .rank = layout->stage,
        .ranks = layout->stages,
        .chunks = 1,
        .put_borders = data_options(run->options).scatters ? data_put_borders : NULL};
}

/* Other parameters than the seed gives, in all replicas but the first. */
static void spoil(const struct run *run)
{
    struct tensor *parameters = stage_parameters(run->trained[0].stage);
    const float step = 1e-3f * (float)data_layout()->replica;
    if (parameters->device == DEVICE_META)
        return;
    struct tensor *spoilt = tensor_on_host(parameters, "be spoilt");
    for (int i = 0; i < spoilt->count; i++)
        tensor_floats(spoilt)[i] += step * (float)(1 + i % 7);
    tensor_bring(parameters, spoilt);
}

void data_build(struct run *run)
{
    const struct pipeline_members own = members(run);
    if (data_options(run->options).hybrid)
        pipelines_add_stages(run, &own, false);
    else
        driver_add_stage(run, (struct stage_options){.stages = 1, .layers = run->model->layers});
    if (data_options(run->options).seeds_differ)
        spoil(run);
}

/* ---- what the student's functions work with ------------------------------------------------------------ */

static void sum_by_mpi(float *values, int count, MPI_Comm comm)
{
    mpi_check(MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, comm));
}

static all_reduce_function *const sums[SUMS] = {
    [SUM_MPI] = sum_by_mpi,
    [SUM_RING] = ring_all_reduce,
    [SUM_HALVING_DOUBLING] = halving_doubling_all_reduce,
};

all_reduce_function *data_sum(enum sum sum)
{
    return sums[sum];
}

static void (*const averages[AVERAGES])(struct data_parallel *data) = {
    [AVERAGE_FLAT] = average_flat,
    [AVERAGE_PARAMETERS] = average_per_parameter,
    [AVERAGE_BUCKETS] = average_buckets,
    [AVERAGE_OVERLAP] = NULL, /* it begins in the backward */
};

/* Buckets must lie within the stage, or what is sent is anything. */
static void check_buckets(const struct stage *stage, size_t elements, int buckets,
                          const struct bucket *bucket)
{
    const int first = stage_first_layer(stage), end = first + stage_layers(stage);
    if (buckets < 1 || buckets > end - first)
        fatal_at("make_buckets", "it returned %d: a stage of %d layers has 1 to %d buckets",
                 buckets, end - first, end - first);
    for (int i = 0; i < buckets; i++) {
        const struct bucket *one = &bucket[i];
        if (one->first_layer < first || one->layers < 1 || one->first_layer > end - one->layers)
            fatal_at("make_buckets",
                     "bucket %d has %d layers from layer %d on: this stage has layers %d to %d", i,
                     one->layers, one->first_layer, first, end - 1);
        if (one->begin > one->end || one->end > elements)
            fatal_at("make_buckets",
                     "bucket %d has the elements %zu to %zu of the gradients: this stage has %zu",
                     i, one->begin, one->end, elements);
    }
}

static void add_buckets(const struct run *run, struct data_parallel *data)
{
    const int layers = stage_layers(data->stage);
    data->bucket = calloc((size_t)layers + 1, sizeof *data->bucket);
    if (data->bucket == NULL)
        fatal("no memory left for %d buckets", layers);
    for (int i = 0; i < layers; i++)
        data->bucket[i] = (struct bucket){.first_layer = -1, .request = MPI_REQUEST_NULL};
    data->buckets = make_buckets(data->stage, (size_t)data_options(run->options).bucket_kib * 1024,
                                 data->bucket);
    check_buckets(data->stage, stage_gradients(data->stage)->elements, data->buckets, data->bucket);
    for (int i = 0; i < data->buckets; i++)
        data->bucket[i].request = MPI_REQUEST_NULL;
}

static void tell_student(void *own, int micro_batch, int layer)
{
    gradient_ready(own, micro_batch, layer);
}

static struct data_parallel data_of(struct run *run)
{
    const struct data_options options = data_options(run->options);
    const enum average average = data_average(run->options);
    return (struct data_parallel){.comm = options.hybrid ? data_layout()->groups.data : run->comm,
                                  .rank = data_layout()->replica,
                                  .ranks = data_layout()->replicas,
                                  .stage = run->trained[0].stage,
                                  .batch = run->batch,
                                  .optimizer = run->trained[0].optimizer,
                                  .all_reduce = sums[options.sum],
                                  .average = averages[average]};
}

void data_begin(struct run *run)
{
    const struct data_options options = data_options(run->options);
    const enum average average = data_average(run->options);
    /* Of a run that is no hybrid `data` alone is there. */
    struct hybrid *hybrid = calloc(1, sizeof *hybrid);
    if (hybrid == NULL)
        fatal("no memory left");
    struct data_parallel *data = &hybrid->data;
    run->own = hybrid;
    *data = data_of(run);
    hybrid->groups = data_layout()->groups;
    hybrid->embedding = MPI_COMM_NULL;
    if (options.hybrid) {
        const struct pipeline_members all = members(run);
        hybrid->schedule = schedule_named(options.schedule);
        hybrid->pipeline = pipelines_new(run, &all);
        hybrid->is_tied = model_is_tied(run->model) && data_layout()->stages > 1;
        if (hybrid->is_tied)
            hybrid->embedding = make_embedding_group(&hybrid->groups);
    } else {
        batch_open_inputs(run->batch);
        batch_open_labels(run->batch);
    }
    if (average == AVERAGE_BUCKETS || average == AVERAGE_OVERLAP)
        add_buckets(run, data);
    if (average == AVERAGE_OVERLAP)
        stage_tell_gradients(data->stage, tell_student, data);
    broadcast_parameters(data->comm, data->stage);
}

void data_end(struct run *run)
{
    struct hybrid *hybrid = run->own;
    pipelines_free(hybrid->pipeline, 1);
    free(hybrid->data.bucket);
    free(hybrid);
    run->own = NULL;
    data_share_end();
}

void data_take(struct run *run)
{
    struct hybrid *hybrid = run->own;
    struct data_parallel *data = &hybrid->data;
    data->batch_size = run->share.whole;
    data->samples = run->share.samples;
    data->micro_batches = batch_micro_batches(run->batch);
    if (data_options(run->options).hybrid) {
        train_step_hybrid(hybrid);
    } else if (data_average(run->options) == AVERAGE_OVERLAP) {
        train_step_overlapped(data);
    } else {
        train_step_data_parallel(data);
    }
}
