/*
 * Does it fit, and in which way is it fastest? All ways are tried: there are a few thousand.
 */
#include "assignments/memory/arithmetic.h"

/* BEGIN SOLUTION */
#include "common/base/fatal.h"

#include <stdlib.h>

/* ---- bytes ------------------------------------------------------------------------------ */

static double state_of(const struct rank_memory *memory)
{
    return memory->parameters + memory->gradients + memory->optimizer + memory->masters +
           memory->layer_parameters + memory->layer_gradients;
}

static struct rank_memory memory_of(const struct job *job, const struct way *way)
{
    struct layer_numbers *layer = calloc((size_t)job->model.layers, sizeof *layer);
    if (layer == NULL)
        fatal("no memory left for %d layers", job->model.layers);
    transformer_numbers(&job->model, way->pipeline, layer);
    const struct model_numbers model = {job->model.layers, layer};
    const struct rank_memory memory = memory_per_rank(&model, way);
    free(layer);
    return memory;
}

static double bytes_of(const struct job *job, const struct way *way)
{
    const struct rank_memory memory = memory_of(job, way);
    return state_of(&memory) + memory.activations;
}

/* ---- time -------------------------------------------------------------------------------- */

static double bandwidth(const struct cluster *cluster, int ranks)
{
    const bool within =
        cluster->ranks_per_server % ranks == 0 || cluster->ranks <= cluster->ranks_per_server;
    return within ? cluster->bandwidth_in_server : cluster->bandwidth_between;
}

static double computing(const struct job *job, const struct way *way)
{
    const double s = job->model.sequence, h = job->model.width, l = job->model.layers;
    const double B = job->batch_size, V = job->model.vocabulary;
    const double once = B * s * l * h * h * (1 + s / (6 * h));
    double flops = 72 * once + 6 * B * s * h * V;
    if (way->recompute == RECOMPUTE_ATTENTION)
        flops += 4 * B * s * s * l * h;
    else if (way->recompute != RECOMPUTE_NOTHING)
        flops += 24 * once;
    return flops / job->cluster.ranks / job->cluster.flops;
}

static double seconds_of(const struct job *job, const struct way *way)
{
    const struct transformer *model = &job->model;
    const double s = model->sequence, h = model->width, l = model->layers;
    const double d = way->data, t = way->tensor, p = way->pipeline, m = way->micro_batches;
    const bool forward_again =
        way->recompute == RECOMPUTE_LAYERS || way->recompute == RECOMPUTE_SEGMENTS;
    const double activation = 2 * way->micro_batch_samples * s * h;
    const double parameters = 12 * l * h * h + 13 * l * h + (model->vocabulary + s) * h;

    const double of_layers = m * l / p * (forward_again ? 6 : 4) * 2 * (t - 1) / t * activation /
                             bandwidth(&job->cluster, way->tensor);
    const double between_stages =
        p > 1
            ? m * 2 * activation / bandwidth(&job->cluster, way->tensor * way->data * way->pipeline)
            : 0;
    const double times = way->zero_stage == 3 ? 3 * m : way->zero_stage == 2 ? m + 1 : 2;
    const double of_gradients = times * (d - 1) / d * 2 * parameters / (t * p) /
                                bandwidth(&job->cluster, way->tensor * way->data);
    return (computing(job, way) + of_layers + between_stages) * (1 + (p - 1) / m) + of_gradients;
}

/* ---- the search ----------------------------------------------------------------------------- */

struct search {
    const struct job *job;
    struct choice choice;
    double seconds; /* of the best so far */
    double least;   /* bytes of any way */
};

static void try_way(struct search *search, const struct way *way)
{
    const double bytes = bytes_of(search->job, way);
    if (search->least == 0 || bytes < search->least)
        search->least = bytes;
    if (bytes > search->job->cluster.memory)
        return;
    const double seconds = seconds_of(search->job, way);
    if (search->choice.fits && seconds >= search->seconds)
        return;
    search->choice.fits = true;
    search->choice.way = *way;
    search->choice.bytes_per_rank = bytes;
    search->seconds = seconds;
}

static struct way way_of(const struct job *job, int tensor, int pipeline)
{
    return (struct way){.data = job->cluster.ranks / tensor / pipeline,
                        .tensor = tensor,
                        .pipeline = pipeline,
                        .optimizer = STATE_ADAM,
                        .format = FORMAT_SIXTEEN_BITS,
                        .order = ORDER_ONE_FORWARD_ONE_BACKWARD};
}

/* All micro-batches, stages of ZeRO and recomputations for given degrees. */
static void try_degrees(struct search *search, int tensor, int pipeline)
{
    struct way way = way_of(search->job, tensor, pipeline);
    const int share = search->job->batch_size / way.data;
    if (search->job->batch_size % way.data != 0)
        return;
    for (int samples = 1; samples <= share; samples++) {
        if (share % samples != 0)
            continue;
        way.micro_batch_samples = samples;
        way.micro_batches = share / samples;
        for (int zero = 0; zero <= (pipeline > 1 ? 1 : 3); zero++)
            for (int again = RECOMPUTE_NOTHING; again <= RECOMPUTE_LAYERS; again++) {
                way.zero_stage = zero;
                way.recompute = (enum recompute)again;
                try_way(search, &way);
            }
    }
}

/* ---- why --------------------------------------------------------------------------------------- */

static void give_reason(const struct job *job, struct choice *choice)
{
    struct way replicas = way_of(job, 1, 1);
    replicas.micro_batch_samples = replicas.micro_batches = 1;
    const struct rank_memory one = memory_of(job, &replicas);
    choice->bytes_on_one = state_of(&one) + one.activations;
    if (!choice->fits)
        choice->reason = REASON_NOTHING_FITS;
    else if (choice->bytes_on_one <= job->cluster.memory)
        choice->reason = REASON_FITS_ON_ONE;
    else
        choice->reason = state_of(&one) > job->cluster.memory ? REASON_STATE_TOO_LARGE
                                                              : REASON_ACTIVATIONS_TOO_LARGE;
}

/* END SOLUTION */
struct choice choose_parallelism(const struct job *job)
{
    /* BEGIN SOLUTION */
    struct search search = {.job = job};
    for (int tensor = 1; tensor <= job->cluster.ranks; tensor++)
        for (int pipeline = 1; pipeline <= job->model.layers; pipeline++)
            if (job->cluster.ranks % (tensor * pipeline) == 0 && job->model.heads % tensor == 0 &&
                job->model.layers % pipeline == 0)
                try_degrees(&search, tensor, pipeline);
    if (!search.choice.fits)
        search.choice.bytes_per_rank = search.least;
    give_reason(job, &search.choice);
    return search.choice;
    /* END SOLUTION */
    //| /* TODO: does the job fit, and in which way is it fastest?
    //|  *
    //|  * Try the ways that are possible: which degrees, which stage of ZeRO, which recomputation, how
    //|  * large a micro-batch. Of those that fit take the fastest; arithmetic.h says how long a step
    //|  * takes. Say what a rank needs, and why replicas of the whole model won't do, if they won't.
    //|  *
    //|  * Given: transformer_numbers() describes the model's layers for your memory_per_rank(), in
    //|  * room that you make and free; where there is none left, fatal("…") (common/base/fatal.h) ends
    //|  * the program.
    //|  * Hint: a few thousand ways are tried in a moment. What if none fits?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=choose_parallelism
    //|  */
    //| todo("choose a way", job);
}
