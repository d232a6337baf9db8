/* All ways to train a model on so many ranks, what becomes of each, and the best; see search.h. */
#include "assignments/memory/costs/search.h"

#include <math.h>
#include <string.h>

static const enum recompute recomputes[] = {RECOMPUTE_NOTHING, RECOMPUTE_ATTENTION,
                                            RECOMPUTE_LAYERS};

const char *search_recompute_name(enum recompute recompute)
{
    switch (recompute) {
    case RECOMPUTE_NOTHING:
        return "nothing";
    case RECOMPUTE_ATTENTION:
        return "attention";
    case RECOMPUTE_SEGMENTS:
        return "segments";
    case RECOMPUTE_LAYERS:
        break;
    }
    return "layers";
}

/* ---- order --------------------------------------------------------------------------------------- */

/* Of times that differ by less than a thousandth the same, but for those at a border. */
static double step_of(double seconds)
{
    return floor(log(seconds) * 1000);
}

int search_compare(const struct search_found *a, const struct search_found *b)
{
    const struct way *x = &a->way.way, *y = &b->way.way;
    const double differences[] = {step_of(a->cost.seconds) - step_of(b->cost.seconds),
                                  x->zero_stage - y->zero_stage,
                                  x->recompute - y->recompute,
                                  x->tensor - y->tensor,
                                  x->pipeline - y->pipeline,
                                  a->way.chunks - b->way.chunks,
                                  search_memory_sum(&a->cost.memory) -
                                      search_memory_sum(&b->cost.memory),
                                  x->micro_batch_samples - y->micro_batch_samples};
    for (gsize i = 0; i < G_N_ELEMENTS(differences); i++)
        if (differences[i] < 0 || differences[i] > 0)
            return differences[i] < 0 ? -1 : 1;
    return 0;
}

static int compare(gconstpointer a, gconstpointer b)
{
    return search_compare(a, b);
}

/* ---- ways ---------------------------------------------------------------------------------------- */

struct walk {
    const struct search_job *job;
    struct search_stages *stages;
    struct search_result *result;
    bool has_attention;
};

static void work_out(struct walk *walk, const struct search_way *way)
{
    struct search_found found = {.way = *way};
    struct search_result *result = walk->result;
    search_memory_of(walk->job, walk->stages, way, &found.cost);
    search_seconds_of(walk->job, walk->stages, way, &found.cost);
    result->ways++;
    const double bytes = search_memory_sum(&found.cost.memory);
    if (result->smallest.way.way.data == 0 ||
        bytes < search_memory_sum(&result->smallest.cost.memory))
        result->smallest = found;
    if (bytes > walk->job->memory) {
        if (result->too_large == 0 || bytes < search_memory_sum(&result->nearest.cost.memory))
            result->nearest = found;
        if (result->too_large == 0 || search_compare(&found, &result->fastest_too_large) < 0)
            result->fastest_too_large = found;
        result->too_large++;
        return;
    }
    g_array_append_val(result->fitting, found);
}

/* ZeRO and recomputation. A single replica has nothing to share. */
static void try_savings(struct walk *walk, struct search_way way)
{
    const bool is_given = walk->job->zero_is_given;
    const int first = is_given ? walk->job->zero : 0, last = is_given ? walk->job->zero : 3;
    for (int zero = way.way.data > 1 ? first : 0; zero <= (way.way.data > 1 ? last : 0); zero++)
        for (gsize i = 0; i < G_N_ELEMENTS(recomputes); i++) {
            if (recomputes[i] == RECOMPUTE_ATTENTION && !walk->has_attention)
                continue;
            way.way.zero_stage = zero;
            way.way.recompute = recomputes[i];
            work_out(walk, &way);
        }
}

/* Chunks: as many for each rank, of as many layers each, and micro-batches in groups of as many as stages. */
static void try_chunks(struct walk *walk, struct search_way way)
{
    const int p = way.way.pipeline, layers = walk->job->model->layers;
    const int most = p > 1 && way.way.micro_batches % p == 0 ? layers / p : 1;
    for (int chunks = 1; chunks <= most; chunks++)
        if (chunks == 1 || layers % (p * chunks) == 0) {
            way.chunks = chunks;
            try_savings(walk, way);
        }
}

static void try_micro_batches(struct walk *walk, struct search_way way)
{
    const int share = walk->job->batch_size / way.way.data;
    for (int samples = 1; samples <= share; samples++) {
        if (share % samples != 0)
            continue;
        if (samples < walk->result->least_samples) {
            walk->result->without_samples++;
            continue;
        }
        if (samples > walk->result->most_samples) {
            walk->result->beyond_samples++;
            continue;
        }
        way.way.micro_batch_samples = samples;
        way.way.micro_batches = share / samples;
        try_chunks(walk, way);
    }
}

static bool can_be_split(struct walk *walk, int tensor)
{
    const struct search_share share =
        search_share_of(walk->job, tensor, walk->result->least_samples);
    char *reason = walk->job->published ? search_published_refusal(walk->job, tensor)
                                        : search_kit_refusal(&share);
    if (reason && !walk->result->split_reason)
        walk->result->split_reason = g_strdup(reason);
    g_free(reason);
    return !reason;
}

static void try_grid(struct walk *walk, int data, int tensor, int pipeline, bool splits)
{
    const struct search_job *job = walk->job;
    struct search_result *result = walk->result;
    const bool tied = model_is_tied(job->model) && !job->published;
    result->grids++;
    if (!splits)
        result->without_split++;
    else if (pipeline > job->model->layers || (pipeline > 1 && tied))
        result->without_layers++;
    else if (job->batch_size % data != 0)
        result->without_batch++;
    else
        try_micro_batches(walk,
                          (struct search_way){.way = {.data = data,
                                                      .tensor = tensor,
                                                      .pipeline = pipeline,
                                                      .optimizer = job->optimizer,
                                                      .format = job->format,
                                                      .order = ORDER_ONE_FORWARD_ONE_BACKWARD},
                                              .chunks = 1});
}

struct search_result *search_all(const struct search_job *job)
{
    struct search_result *result = g_new0(struct search_result, 1);
    struct walk walk = {.job = job, .stages = search_stages_new(job), .result = result};
    result->fitting = g_array_new(FALSE, FALSE, sizeof(struct search_found));
    result->least_samples = model_least_samples(job->model);
    result->most_samples = job->published ? job->batch_size : search_kit_most_samples(job->model);
    walk.has_attention = job->published || search_kit_has_attention(job->model);
    for (int tensor = 1; tensor <= job->ranks; tensor++) {
        if (job->ranks % tensor != 0)
            continue;
        const bool splits = can_be_split(&walk, tensor);
        for (int pipeline = 1; pipeline <= job->ranks / tensor; pipeline++)
            if (job->ranks / tensor % pipeline == 0)
                try_grid(&walk, job->ranks / tensor / pipeline, tensor, pipeline, splits);
    }
    search_stages_free(walk.stages);
    g_array_sort(result->fitting, compare);
    return result;
}

void search_result_free(struct search_result *result)
{
    if (!result)
        return;
    g_array_unref(result->fitting);
    g_free(result->split_reason);
    g_free(result);
}
