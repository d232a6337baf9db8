/*
 * Does the simulated cluster confirm what decisions rest on (arithmetic.h)? Jobs that are small enough: the judge's own
 * search ranks all ways, and each that matters runs, as charges and messages (scale_step) on a cluster with the job's own
 * figures, or, with ZeRO 2 and 3, as the solutions on the meta device.
 */
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "assignments/memory/planner/search_plan.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <math.h>

/* What a simulated step may take more than the formula's, relative; between accepted ways, too. */
#define ABOVE 0.05
#define TERA  1e12
#define GIGA  1e9

#define FAST(ranks, memory)                                                                        \
    {                                                                                              \
        (ranks), 8, (memory)*GIGA, 150 * TERA, 300 * GIGA, 25 * GIGA                               \
    }
#define SLOW(ranks, memory)                                                                        \
    {                                                                                              \
        (ranks), 4, (memory)*GIGA, 40 * TERA, 12 * GIGA, 1.25 * GIGA                               \
    }

/* The vocabulary is small: a large one's head makes the last stage of a pipeline slower, which seconds_of_head adds.
 * Of ways that are not accepted each `each`-th runs. Between servers the formula takes every byte of a group over the
 * slowest link, and the cluster only what leaves a server: it takes `least` of the formula's time at least. */
static const struct {
    struct job job;
    int each;
    double least;
} cases[] = {
    {{{8, 1024, 16, 1024, 1000}, FAST(8, 0.45), 16}, 6, 0.95},
    {{{8, 2048, 16, 1024, 1000}, FAST(16, 1.2), 16}, 20, 0.2},
    {{{8, 1600, 20, 1024, 1000}, SLOW(8, 3), 32}, 16, 0.3},
    {{{8, 1600, 20, 1024, 1000}, SLOW(16, 1), 32}, 16, 0.2},
    {{{8, 2048, 16, 1024, 8000}, FAST(8, 2), 16}, 8, 0.95},
};

/* ---- the cluster ------------------------------------------------------------------------------------------ */

static void put(GString *text, const char *before, const char *format, double number)
{
    char after[64];
    g_snprintf(after, sizeof after, format, number);
    ck_assert_uint_ge(g_string_replace(text, before, after, 0), 1);
}

/* The rack with the job's figures; messages take no time but for their bytes. */
static char *platform_new(const struct cluster *cluster)
{
    g_autofree char *rack = NULL;
    char *path = NULL;
    ck_assert(g_file_get_contents("common/platforms/rack.xml", &rack, NULL, NULL));
    g_autoptr(GString) text = g_string_new(rack);
    put(text, "radical=\"0-7\"", "radical=\"0-%.0f\"", cluster->ranks_per_server - 1);
    put(text, "\"163Tf\"", "\"%.0ff\"", cluster->flops);
    put(text, "\"300GBps\"", "\"%.0fBps\"", cluster->bandwidth_in_server);
    put(text, "\"25GBps\"", "\"%.0fBps\"", cluster->bandwidth_between);
    put(text, "\"200GBps\"", "\"%.0fBps\"", cluster->bandwidth_between * cluster->ranks_per_server);
    put(text, "\"1us\"", "\"%.0fs\"", 0);
    put(text, "\"0.6us\"", "\"%.0fs\"", 0);
    const int file = g_file_open_tmp("cluster-XXXXXX.xml", &path, NULL);
    ck_assert(file >= 0 && g_close(file, NULL));
    ck_assert(g_file_set_contents(path, text->str, -1, NULL));
    return path;
}

static struct plan *plan_of(const struct job *job, const char *platform, const char *others)
{
    const struct transformer *model = &job->model;
    g_autofree char *words = g_strdup_printf(
        "plan --memory 1GB --ranks %d --batch %d --platform %s --model "
        "gpt:depth=%d,width=%d,heads=%d,dropout=0.1 --data synthetic-text:tokens=%d,vocabulary=%d "
        "--formulas kit %s",
        job->cluster.ranks, job->batch_size, platform, model->layers, model->width, model->heads,
        model->sequence, model->vocabulary, others);
    g_autoptr(GString) error = g_string_new(NULL);
    g_auto(GStrv) argument = NULL;
    int count;
    ck_assert(g_shell_parse_argv(words, &count, &argument, NULL));
    struct plan *plan = plan_parse(count, argument, error);
    ck_assert_msg(plan != NULL, "%s: %s", words, error->str);
    plan->program =
        g_build_filename(test_build_folder(), "simulator/programs/solutions/data", NULL);
    plan->step_program =
        g_build_filename(test_build_folder(), "simulator/programs/bench/programs/scale_step", NULL);
    return plan;
}

/* ---- a step ------------------------------------------------------------------------------------------------- */

enum { SETTINGS = 11 };

static double seconds_of_step(const struct plan *plan, const struct job *job, const struct way *way)
{
    static const int again[] = {[RECOMPUTE_NOTHING] = 0,
                                [RECOMPUTE_ATTENTION] = 2,
                                [RECOMPUTE_SEGMENTS] = 1,
                                [RECOMPUTE_LAYERS] = 1};
    const struct {
        const char *name;
        int value;
    } settings[SETTINGS] = {{"data", way->data},
                            {"pipeline", way->pipeline},
                            {"tensor", way->tensor},
                            {"layers", job->model.layers},
                            {"width", job->model.width},
                            {"sequence", job->model.sequence},
                            {"vocabulary", job->model.vocabulary},
                            {"micro-batches", way->micro_batches},
                            {"samples", way->micro_batch_samples},
                            {"recompute", again[way->recompute]},
                            {"gradient-bytes", 2}};
    char *words[SETTINGS + 2] = {0};
    for (int i = 0; i < SETTINGS; i++)
        words[i] = g_strdup_printf("%s=%d", settings[i].name, settings[i].value);
    words[SETTINGS] = g_strdup("reduce=after");
    double seconds = 0, computing;
    g_autoptr(GString) error = g_string_new(NULL);
    const bool done =
        plan_simulated_step(plan, job->cluster.ranks, words, &seconds, &computing, error);
    ck_assert_msg(done, "%s", error->str);
    for (int i = 0; i <= SETTINGS; i++)
        g_free(words[i]);
    return seconds;
}

typedef void take_function(const struct job *job, const struct way *way, void *to);

static void each_way(const struct job *job, take_function *take, void *to)
{
    const int ranks = job->cluster.ranks;
    struct way way = {.optimizer = STATE_ADAM,
                      .format = FORMAT_SIXTEEN_BITS,
                      .order = ORDER_ONE_FORWARD_ONE_BACKWARD};
    for (way.data = 1; way.data <= ranks; way.data++)
        for (way.tensor = 1; way.tensor <= ranks / way.data; way.tensor++)
            for (int m = 1; m <= job->batch_size / way.data; m++)
                for (int again = RECOMPUTE_NOTHING; again <= RECOMPUTE_LAYERS; again++) {
                    way.pipeline = ranks / way.data / way.tensor;
                    way.micro_batches = m;
                    way.micro_batch_samples = job->batch_size / way.data / m;
                    way.recompute = (enum recompute)again;
                    if (way_is_possible(job, &way, NULL))
                        take(job, &way, to);
                }
}

/* What the formula leaves out: the head is all on the last stage, where it shares it out evenly. */
static double seconds_of_head(const struct job *job, const struct way *way)
{
    const double m = way->micro_batches, p = way->pipeline;
    const double head = 6.0 * way->micro_batch_samples * job->model.sequence * job->model.width *
                        job->model.vocabulary / way->tensor / job->cluster.flops;
    return m * head - (m + p - 1) * head / p;
}

struct look {
    int number; /* of the case */
    const struct plan *plan;
    struct decision decision;
    double best, slowest; /* simulated: of all, and of those that the judge accepts */
    int accepted, others, seen;
};

/* ZeRO 1 moves what ZeRO 0 moves: it may be needed for a way to fit, and takes as long. */
static bool fits(const struct job *job, struct way way)
{
    way.zero_stage = way.data > 1;
    return way_costs(job, &way).bytes <= job->cluster.memory;
}

/* Each that is accepted, and some of the others. Segments take as long as layers. */
static void run(const struct job *job, const struct way *way, void *to)
{
    struct look *look = to;
    const double said = way_costs(job, way).seconds;
    const bool is_accepted = fits(job, *way) && said <= 1.25 * look->decision.seconds;
    if (!fits(job, *way) || way->recompute == RECOMPUTE_SEGMENTS ||
        (!is_accepted && look->seen++ % cases[look->number].each != 0))
        return;
    char text[WAY_TEXT_SIZE];
    const double seconds = seconds_of_step(look->plan, job, way);
    const double due = said + seconds_of_head(job, way);
    ck_assert_msg(seconds <= (1 + ABOVE) * due && seconds >= cases[look->number].least * due,
                  "%s: %.5g s by formula, simulated %.5g", way_text(way, text), due, seconds);
    look->best = fmin(look->best, seconds);
    look->slowest = fmax(look->slowest, is_accepted ? seconds : 0);
    *(is_accepted ? &look->accepted : &look->others) += 1;
}

/* Every way that the judge accepts takes at most 25% longer than the best, and a tenth of that, which is the formula's. */
START_TEST(the_simulator_confirms_the_time)
{
    const struct job *job = &cases[_i].job;
    g_autofree char *platform = platform_new(&job->cluster);
    struct plan *plan = plan_of(job, platform, "");
    struct look look = {.number = _i,
                        .plan = plan,
                        .decision = memory_arithmetic_decision(job, 0),
                        .best = INFINITY};
    ck_assert(look.decision.fits);
    each_way(job, run, &look);
    plan_free(plan);
    g_unlink(platform);
    ck_assert_int_ge(look.accepted, 2);
    ck_assert_int_ge(look.others, 2);
    ck_assert_msg(look.slowest <= 1.25 * (1 + 2 * ABOVE) * look.best,
                  "one that is accepted takes %.5g s, and the best %.5g", look.slowest, look.best);
}
END_TEST

/* ---- memory -------------------------------------------------------------------------------------------------- */

static const struct job small = {
    {4, 512, 8, 256, 64}, {8, 8, 80 * GIGA, 150 * TERA, 300 * GIGA, 25 * GIGA}, 16};

static const struct {
    int data, tensor, pipeline, zero, samples, micro_batches;
    enum recompute recompute;
} held[] = {
    {8, 1, 1, 0, 2, 1, RECOMPUTE_NOTHING},   {8, 1, 1, 2, 1, 2, RECOMPUTE_NOTHING},
    {8, 1, 1, 3, 1, 2, RECOMPUTE_NOTHING},   {8, 1, 1, 3, 1, 2, RECOMPUTE_LAYERS},
    {8, 1, 1, 1, 2, 1, RECOMPUTE_ATTENTION}, {2, 2, 2, 0, 2, 4, RECOMPUTE_NOTHING},
    {1, 2, 4, 0, 1, 16, RECOMPUTE_NOTHING},  {2, 1, 4, 0, 2, 4, RECOMPUTE_NOTHING},
};

/* The formula has one table less a bias, and no head of its own. */
static void is_near(double found, double said, const char *what)
{
    ck_assert_msg(fabs(found - said) <= 0.03 * said, "%s: %.0f bytes by formula, simulated %.0f",
                  what, said, found);
}

START_TEST(the_simulator_confirms_the_memory)
{
    const struct way way = {.data = held[_i].data,
                            .tensor = held[_i].tensor,
                            .pipeline = held[_i].pipeline,
                            .zero_stage = held[_i].zero,
                            .optimizer = STATE_ADAM,
                            .format = FORMAT_SIXTEEN_BITS,
                            .recompute = held[_i].recompute,
                            .order = ORDER_ONE_FORWARD_ONE_BACKWARD,
                            .micro_batch_samples = held[_i].samples,
                            .micro_batches = held[_i].micro_batches};
    ck_assert(way_is_possible(&small, &way, NULL));
    const bool replicas = way.tensor == 1 && way.pipeline == 1;
    struct plan *plan = plan_of(&small, "rack", replicas ? "" : "--precision float32");
    const struct search_job job = search_plan_job(plan);
    const struct search_found found = {.way = {way, 1}};
    struct search_plan_run *runs = search_plan_runs_new(plan, &job, &found, 1, NULL);
    ck_assert_msg(runs[0].simulated != NULL, "%s", runs[0].missing);
    const struct way_costs costs = way_costs(&small, &way);
    const struct rank_memory *said = &costs.memory;
    const double *peak = runs[0].simulated->rank[0].peak;
    /* The hybrids' program computes in float32: numbers of twice the bytes, moments as they are, and no masters. */
    const double twice = replicas ? 1 : 2;
    is_near(peak[MEMORY_PARAMETER], twice * (said->parameters + said->layer_parameters),
            "parameters");
    is_near(peak[MEMORY_GRADIENT], twice * (said->gradients + said->layer_gradients), "gradients");
    is_near(peak[MEMORY_OPTIMIZER], said->optimizer + (replicas ? said->masters : 0), "optimizer");
    /* This kit's attention keeps less than 5as²b. */
    const double share = peak[MEMORY_ACTIVATION] / (twice * said->activations);
    ck_assert_msg(share >= 0.78 && share <= 1.05, "activations: %.3f of the formula's", share);
    search_plan_runs_free(runs, 1);
    plan_free(plan);
}
END_TEST

Suite *test_suite(void)
{
    if (!test_has_simulator())
        return test_skip("there is no smpirun (libsimgrid-dev)");
    Suite *suite = suite_create("decisions, simulated");
    TCase *tests = tcase_create("decisions");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, the_simulator_confirms_the_time, 0, (int)G_N_ELEMENTS(cases));
    tcase_add_loop_test(tests, the_simulator_confirms_the_memory, 0, (int)G_N_ELEMENTS(held));
    suite_add_tcase(suite, tests);
    return suite;
}
