/* The best of the ways that were found, on the simulated cluster. */
#include "assignments/memory/planner/search_plan.h"

#include "grader/text/progress.h"

enum { TENSOR, PIPELINE, SCATTERS, ZERO = 0, RECOMPUTE };

void search_plan_options(const struct plan *plan, const struct plan_method *method,
                         GPtrArray *words)
{
    (void)method;
    const char *optimizer = plan->choice[1];
    g_ptr_array_add(words, g_strdup("--optimizer"));
    g_ptr_array_add(words, g_strdup(optimizer));
    g_ptr_array_add(words, g_strdup_printf("--tensor=%d", plan->degree[TENSOR]));
    g_ptr_array_add(words, g_strdup_printf("--pipeline=%d", plan->degree[PIPELINE]));
    if (plan->degree[SCATTERS])
        g_ptr_array_add(words, g_strdup("--scatter-messages"));
}

/* ---- replicas ---------------------------------------------------------------------------------------- */

static void replica_options(const struct plan *plan, const struct plan_method *method,
                            GPtrArray *words)
{
    (void)method;
    const bool is_short = g_str_equal(plan->choice[0], "sixteen-bits");
    const enum recompute recompute = (enum recompute)plan->degree[RECOMPUTE];
    g_ptr_array_add(words, g_strdup_printf("--optimizer=%s", plan->choice[1]));
    g_ptr_array_add(words, g_strdup_printf("--zero=%d", plan->degree[ZERO]));
    g_ptr_array_add(words, g_strdup_printf("--recompute=%s", search_recompute_name(recompute)));
    g_ptr_array_add(words, g_strdup_printf("--precision=%s", is_short ? "bfloat16" : "float32"));
}

/* As the memory assignment's own program takes them: micro-batches are those of the whole batch. */
static const struct plan_part replicas = {
    .assignment = "memory", .method_option = "--ranks-are", .options = replica_options};

static bool is_replicas(const struct search_way *way)
{
    return way->way.tensor == 1 && way->way.pipeline == 1;
}

static struct simulated *run_replicas(struct plan *plan, const struct search_way *way,
                                      GString *error)
{
    static const struct plan_method method = {.name = "the way", .value = "replicas"};
    g_autofree char *folder = g_path_get_dirname(plan->program);
    g_autofree char *program = g_build_filename(folder, "memory", NULL);
    plan->part = &replicas;
    plan->program = program;
    plan->micro_batches = way->way.micro_batches * way->way.data;
    plan->degree[ZERO] = way->way.zero_stage;
    plan->degree[RECOMPUTE] = (int)way->way.recompute;
    return plan_simulated_new(plan, &method, error);
}

/* ---- any way ------------------------------------------------------------------------------------------ */

/* Why no program can run a way; NULL: one can. The solutions compute in float32, with the kit's own layers; a step of a
 * published transformer is there as charges and messages. */
static char *why_not(const struct search_job *job, const struct search_way *way)
{
    if (job->published && way->way.zero_stage > 1)
        return g_strdup("not simulated: no program moves what ZeRO 2 and 3 move");
    if (job->published)
        return NULL;
    if (is_replicas(way))
        return NULL;
    if (job->format != FORMAT_FLOAT32)
        return g_strdup("not simulated: hybrids compute in float32 (PRECISION=float32)");
    if (way->way.zero_stage > 0)
        return g_strdup("not simulated: the data assignment's program has no ZeRO");
    if (way->way.recompute != RECOMPUTE_NOTHING)
        return g_strdup("not simulated: the data assignment's program recomputes nothing");
    if (way->chunks > 1)
        return g_strdup(
            "not simulated: the data assignment's pipelines have one chunk for each stage");
    return NULL;
}

/* ---- in little time ----------------------------------------------------------------------------- */

enum { MOST_SECONDS = 16, MOST_AT_ONCE = 4 };

/* By the clock, about: a rank's program is started, and each of its layers' turns and sums takes its time. */
static double seconds_of_program(const struct search_job *job, const struct search_way *way)
{
    const double turns = (double)way->way.micro_batches * job->model->layers / way->way.pipeline *
                         (way->way.tensor > 1 ? 4 : 1);
    return job->ranks * (4e-3 + 1e-4 * turns);
}

/* What all runs of a plan share. */
struct work {
    const struct plan *plan;
    const struct search_job *job;
    gint64 end; /* when there is no more time, as g_get_monotonic_time has it */
    GMutex telling;
    struct text_progress progress;
};

struct one {
    const struct search_found *found;
    struct search_plan_run *run;
};

static void run_one(gpointer data, gpointer user_data)
{
    static const struct plan_method method = {.name = "the way", .value = "flat"};
    struct work *work = user_data;
    const struct search_job *job = work->job;
    struct one *one = data;
    const struct search_way *way = &one->found->way;
    const double left = 1e-6 * (double)(work->end - g_get_monotonic_time());
    struct plan copy = *work->plan;
    one->run->only_time = job->published;
    copy.batch_size = job->batch_size;
    copy.micro_batches = way->way.micro_batches;
    copy.degree[TENSOR] = way->way.tensor;
    copy.degree[PIPELINE] = way->way.pipeline;
    copy.degree[SCATTERS] = way->way.tensor > 1 && way->way.pipeline > 1;
    copy.simulation_seconds = left;
    g_autoptr(GString) error = g_string_new(NULL);
    if (left < 1 || (job->published ? search_plan_seconds_of_step(job, way)
                                    : seconds_of_program(job, way)) > left)
        one->run->missing = g_strdup("formula only: to simulate it takes too long");
    else if (job->published)
        one->run->simulated = search_plan_step(&copy, job, one->found, error);
    else if (is_replicas(way))
        one->run->simulated = run_replicas(&copy, way, error);
    else
        one->run->simulated = plan_simulated_new(&copy, &method, error);
    if (error->len > 0 && g_get_monotonic_time() > work->end - G_USEC_PER_SEC)
        one->run->missing = g_strdup("formula only: to simulate it took too long");
    else if (error->len > 0)
        one->run->missing = g_strdup_printf("formula only: %s", error->str);
    g_free(one);
    g_mutex_lock(&work->telling);
    text_progress_done(&work->progress);
    text_progress_next(&work->progress, NULL);
    g_mutex_unlock(&work->telling);
}

struct search_plan_run *search_plan_runs_new(const struct plan *plan, const struct search_job *job,
                                             const struct search_found *found, int count,
                                             const char *missing)
{
    struct search_plan_run *runs = g_new0(struct search_plan_run, count + 1);
    struct work work = {.plan = plan,
                        .job = job,
                        .end = g_get_monotonic_time() + MOST_SECONDS * G_USEC_PER_SEC,
                        .progress = text_progress_begin("simulating the fastest", count)};
    g_mutex_init(&work.telling);
    const int at_once = MIN((int)g_get_num_processors(), (int)MOST_AT_ONCE);
    GThreadPool *pool = g_thread_pool_new(run_one, &work, at_once, FALSE, NULL);
    for (int i = 0; i < count; i++) {
        runs[i].missing = missing ? g_strdup(missing) : why_not(job, &found[i].way);
        if (runs[i].missing) {
            g_mutex_lock(&work.telling);
            work.progress.all--;
            g_mutex_unlock(&work.telling);
            continue;
        }
        struct one *one = g_new(struct one, 1);
        *one = (struct one){&found[i], &runs[i]};
        g_thread_pool_push(pool, one, NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    text_progress_end(&work.progress);
    g_mutex_clear(&work.telling);
    return runs;
}

void search_plan_runs_free(struct search_plan_run *runs, int count)
{
    for (int i = 0; i < count; i++) {
        plan_simulated_free(runs[i].simulated);
        g_free(runs[i].missing);
    }
    g_free(runs);
}
