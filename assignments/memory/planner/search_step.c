/*
 * A step of a published transformer on the simulated cluster; see search_plan.h.
 *
 * As in bench/scale one of the equal pipelines is simulated, or as many as stand in a server together, without the sum
 * of gradients; with many micro-batches twice, with fewer of them: each further one takes as long as those between.
 */
#include "assignments/memory/planner/search_plan.h"

enum { SETTINGS = 12 };

/* Pipelines side by side, so that neighbours of a stage are as far apart as in the whole. */
static int pipelines_of(const struct search_job *job, const struct search_way *way)
{
    const int in_server = job->platform->together / way->way.tensor;
    return MIN(way->way.data, MAX(in_server, 1));
}

static int few_of(const struct search_way *way)
{
    return MAX(way->way.pipeline, 2);
}

static bool is_cut(const struct search_way *way)
{
    return way->way.micro_batches > 3 * few_of(way);
}

double search_plan_seconds_of_step(const struct search_job *job, const struct search_way *way)
{
    const double ranks = (double)way->way.pipeline * way->way.tensor * pipelines_of(job, way);
    const double micro_batches = is_cut(way) ? 3 * few_of(way) : way->way.micro_batches;
    const double turns = micro_batches * ((double)job->model->layers / way->way.pipeline *
                                              (way->way.tensor > 1 ? 6 : 0) +
                                          4 * way->chunks);
    return ranks * (4e-3 + 2.5e-5 * turns);
}

static bool simulate(const struct plan *plan, const struct search_job *job,
                     const struct search_way *way, int micro_batches, double *seconds,
                     double *computing, GString *error)
{
    const struct transformer sizes = search_published_sizes(job->model);
    const int data = pipelines_of(job, way),
              recomputes[] = {
                  [RECOMPUTE_NOTHING] = 0, [RECOMPUTE_ATTENTION] = 2, [RECOMPUTE_LAYERS] = 1};
    const struct {
        const char *name;
        int value;
    } settings[SETTINGS] = {{"data", data},
                            {"pipeline", way->way.pipeline},
                            {"tensor", way->way.tensor},
                            {"chunks", way->chunks},
                            {"layers", sizes.layers},
                            {"width", sizes.width},
                            {"sequence", sizes.sequence},
                            {"vocabulary", sizes.vocabulary},
                            {"micro-batches", micro_batches},
                            {"samples", way->way.micro_batch_samples},
                            {"value-bytes", job->format == FORMAT_FLOAT32 ? 4 : 2},
                            {"recompute", recomputes[way->way.recompute]}};
    char *words[SETTINGS + 2] = {0};
    for (int i = 0; i < SETTINGS; i++)
        words[i] = g_strdup_printf("%s=%d", settings[i].name, settings[i].value);
    words[SETTINGS] = g_strdup("gradient-bytes=0");
    const bool done = plan_simulated_step(plan, data * way->way.pipeline * way->way.tensor, words,
                                          seconds, computing, error);
    for (int i = 0; i <= SETTINGS; i++)
        g_free(words[i]);
    return done;
}

struct simulated *search_plan_step(const struct plan *plan, const struct search_job *job,
                                   const struct search_found *found, GString *error)
{
    const struct search_way *way = &found->way;
    const int m = way->way.micro_batches, few = few_of(way);
    double seconds, computing;
    if (is_cut(way)) {
        double first[2], second[2];
        if (!simulate(plan, job, way, few, &first[0], &first[1], error) ||
            !simulate(plan, job, way, 2 * few, &second[0], &second[1], error))
            return NULL;
        const double more = (m - 2.0 * few) / few;
        seconds = second[0] + more * (second[0] - first[0]);
        computing = second[1] + more * (second[1] - first[1]);
    } else if (!simulate(plan, job, way, m, &seconds, &computing, error)) {
        return NULL;
    }
    struct simulated *simulated = g_new0(struct simulated, 1);
    simulated->seconds = seconds + found->cost.behind;
    simulated->bubble = 1 - computing / simulated->seconds;
    return simulated;
}
