/* The stages of ways, each worked out once; see search.h. */
#include "assignments/memory/costs/search.h"

struct search_stages {
    const struct search_job *job;
    GHashTable *stage; /* of text, the sizes: struct search_stage *, as many as there are stages */
    GHashTable *parameters; /* of text: double *, as many as the model has layers */
};

struct search_stages *search_stages_new(const struct search_job *job)
{
    struct search_stages *stages = g_new0(struct search_stages, 1);
    stages->job = job;
    stages->stage = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    stages->parameters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return stages;
}

void search_stages_free(struct search_stages *stages)
{
    if (!stages)
        return;
    g_hash_table_unref(stages->stage);
    g_hash_table_unref(stages->parameters);
    g_free(stages);
}

struct search_share search_share_of(const struct search_job *job, int ranks, int samples)
{
    return (struct search_share){.model = job->model,
                                 .platform = job->platform,
                                 .ranks = ranks,
                                 .samples = samples,
                                 .is_short = job->format == FORMAT_SIXTEEN_BITS,
                                 .adam = job->optimizer == STATE_ADAM};
}

int search_first_layer(int layers, int stages, int i)
{
    return i * (layers / stages) + MIN(i, layers % stages);
}

const double *search_stages_parameters(struct search_stages *stages, const struct search_way *way)
{
    const struct search_job *job = stages->job;
    const int count = way->way.pipeline * way->chunks;
    char *key = g_strdup_printf("%d %d", way->way.tensor, count > 1);
    double *numbers = g_hash_table_lookup(stages->parameters, key);
    if (numbers) {
        g_free(key);
        return numbers;
    }
    const struct search_share share =
        search_share_of(job, way->way.tensor, model_least_samples(job->model));
    numbers = g_new(double, job->model->layers);
    for (int i = 0; i < job->model->layers; i++)
        numbers[i] = job->published ? search_published_parameters(job, way->way.tensor, i, count)
                                    : search_kit_parameters(&share, i);
    g_hash_table_insert(stages->parameters, key, numbers);
    return numbers;
}

const struct search_stage *search_stages_of(struct search_stages *stages,
                                            const struct search_way *way)
{
    const struct search_job *job = stages->job;
    const int count = way->way.pipeline * way->chunks, layers = job->model->layers;
    const int tensor = way->way.tensor, samples = way->way.micro_batch_samples;
    char *key = g_strdup_printf("%d %d %d", tensor, samples, count);
    struct search_stage *stage = g_hash_table_lookup(stages->stage, key);
    if (stage) {
        g_free(key);
        return stage;
    }
    const struct search_share share = search_share_of(job, tensor, samples);
    const double *parameters = search_stages_parameters(stages, way);
    stage = g_new(struct search_stage, count);
    for (int i = 0; i < count; i++) {
        const int first = search_first_layer(layers, count, i);
        const int own = search_first_layer(layers, count, i + 1) - first;
        stage[i] = job->published ? search_published_stage(job, tensor, samples, first, own)
                                  : search_kit_stage(&share, first, own);
        stage[i].parameters = 0;
        for (int layer = first; layer < first + own; layer++)
            stage[i].parameters += parameters[layer];
    }
    g_hash_table_insert(stages->stage, key, stage);
    return stage;
}
