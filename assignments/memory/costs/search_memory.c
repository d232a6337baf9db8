/*
 * Bytes of a rank; see search.h. What memory_per_rank is asked for (../arithmetic.h), of 1F1B with chunks, and with what
 * a layer holds while it runs.
 */
#include "assignments/memory/costs/search.h"

#include <math.h>

double search_memory_sum(const struct rank_memory *memory)
{
    return memory->parameters + memory->gradients + memory->optimizer + memory->masters +
           memory->layer_parameters + memory->layer_gradients + memory->activations;
}

/* Megatron-LM's order: before its first backward a rank has two forwards for each rank behind it, and one round of
 * all ranks for each chunk but one. */
int search_in_flight(const struct search_way *way, int stage)
{
    const int p = way->way.pipeline, m = way->way.micro_batches;
    if (way->chunks == 1)
        return MIN(p - stage, m);
    return MIN(2 * (p - stage - 1) + (way->chunks - 1) * p + 1, m * way->chunks);
}

/* A share of `numbers`, rounded up. */
static double shard(double numbers, int ranks)
{
    return ceil(numbers / ranks);
}

static double activations_of(const struct search_way *way, const struct search_stage *stages,
                             int stage)
{
    const int chunks = way->chunks;
    const double share = (double)search_in_flight(way, stage) / chunks;
    double kept = 0, besides = 0;
    for (int i = 0; i < chunks; i++) {
        const struct search_stage *chunk = &stages[i * way->way.pipeline + stage];
        switch (way->way.recompute) {
        case RECOMPUTE_LAYERS:
            kept += chunk->inputs;
            besides = fmax(besides, chunk->layer_most);
            break;
        case RECOMPUTE_ATTENTION:
            kept += chunk->kept - chunk->attention;
            besides = fmax(besides, chunk->working + chunk->attention_most);
            break;
        default:
            kept += chunk->kept;
            besides = fmax(besides, chunk->working);
        }
    }
    return share * kept + besides;
}

/* Numbers of a rank's parameters: all, and its shards. */
struct numbers {
    double all, in_a_row, by_layers, largest_layer;
};

static struct numbers numbers_of(const struct search_job *job, const struct search_way *way,
                                 const double *parameters, int stage)
{
    const int count = way->way.pipeline * way->chunks, layers = job->model->layers;
    struct numbers numbers = {0};
    for (int i = stage; i < count; i += way->way.pipeline)
        for (int layer = search_first_layer(layers, count, i);
             layer < search_first_layer(layers, count, i + 1); layer++) {
            numbers.all += parameters[layer];
            numbers.by_layers += shard(parameters[layer], way->way.data);
            numbers.largest_layer = fmax(numbers.largest_layer, parameters[layer]);
        }
    numbers.in_a_row = shard(numbers.all, way->way.data);
    return numbers;
}

static struct rank_memory state_of(const struct search_job *job, const struct search_way *way,
                                   struct numbers numbers)
{
    const bool is_short = job->format == FORMAT_SIXTEEN_BITS;
    const double number = is_short ? 2 : 4, each = job->optimizer == STATE_ADAM ? 8 : 4;
    const int zero = way->way.zero_stage;
    const double stepped = zero == 0   ? numbers.all
                           : zero == 1 ? numbers.in_a_row
                                       : numbers.by_layers;
    return (struct rank_memory){.parameters = number * (zero < 3 ? numbers.all : numbers.by_layers),
                                .gradients = number * (zero < 2 ? numbers.all : numbers.by_layers),
                                .layer_parameters = zero < 3 ? 0 : number * numbers.largest_layer,
                                .layer_gradients = zero < 2 ? 0 : number * numbers.largest_layer,
                                .optimizer = each * stepped,
                                .masters = is_short ? 4 * stepped : 0};
}

void search_memory_of(const struct search_job *job, struct search_stages *stages,
                      const struct search_way *way, struct search_cost *cost)
{
    const double *parameters = search_stages_parameters(stages, way);
    const struct search_stage *each = search_stages_of(stages, way);
    double most = -1;
    for (int stage = 0; stage < way->way.pipeline; stage++) {
        struct rank_memory memory = state_of(job, way, numbers_of(job, way, parameters, stage));
        memory.activations = activations_of(way, each, stage);
        if (search_memory_sum(&memory) > most) {
            most = search_memory_sum(&memory);
            cost->memory = memory;
            cost->stage = stage;
        }
    }
}
