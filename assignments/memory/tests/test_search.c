/*
 * The search for what fits, as make plan MEMORY=80GiB runs it. The truths are a brute force that is written apart from it,
 * and, where SimGrid is installed, simulated runs of the solutions.
 */
#include "assignments/memory/planner/search_plan.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct plan *parse(const char *words, GString *error)
{
    char *copy = g_strdup_printf("plan %s", words);
    int count;
    char **argument;
    ck_assert(g_shell_parse_argv(copy, &count, &argument, NULL));
    struct plan *plan = plan_parse(count, argument, error);
    g_strfreev(argument);
    g_free(copy);
    return plan;
}

static struct plan *good_plan(const char *words)
{
    GString *error = g_string_new(NULL);
    struct plan *plan = parse(words, error);
    ck_assert_msg(plan != NULL, "%s: %s", words, error->str);
    g_string_free(error, TRUE);
    return plan;
}

/* What the planner prints, without simulations. To be freed. */
static char *output(const char *words)
{
    struct plan *plan = good_plan(words);
    GString *text = g_string_new(NULL), *error = g_string_new(NULL);
    ck_assert_msg(plan->part->search(plan, "not simulated: here", text, error), "%s", error->str);
    g_string_free(error, TRUE);
    plan_free(plan);
    return g_string_free(text, FALSE);
}

/* ---- arguments --------------------------------------------------------------------------------------------- */

static const struct {
    const char *words, *message;
} wrong[] = {
    {"--memory abc --ranks 4", "MEMORY=abc: must be a size, as 80GiB"},
    {"--memory 0 --ranks 4", "MEMORY=0: must be a size"},
    {"--memory 1GiB", "RANKS is missing"},
    {"--memory 1GiB --ranks 0", "RANKS=0: must be a whole number from 1"},
    {"--memory 1GiB --ranks 4 --micro-batches 3", "MICRO_BATCHES: a search finds how many"},
    {"--memory 1GiB --ranks 4 --scaling 2:1", "SCALING: is not for a search"},
    {"--memory 1GiB --ranks 4 --precision float16",
     "PRECISION=float16: must be sixteen-bits or float32"},
    {"--memory 1GiB --ranks 4 --optimizer adam", "OPTIMIZER=adam: must be adamw or sgd"},
    {"--memory 1GiB --ranks 4 --formulas mine", "FORMULAS=mine: must be auto or kit or published"},
    {"--memory 1GiB --ranks 4 --model unicorn", "MODEL=unicorn: there is no model"},
    {"--memory 1GiB --ranks 4 --chunks 2", "--chunks"},
    {"--memory 1GiB --ranks 4 --assignment pipeline", "MEMORY: pipeline has no search"},
    {"--ranks 4 --assignment memory", "MEMORY is missing: memory searches for what fits"},
    {"--ranks 4 --csv", "CSV: is for a search; say MEMORY, too"},
};

START_TEST(wrong_arguments_are_named)
{
    GString *error = g_string_new(NULL);
    ck_assert_msg(parse(wrong[_i].words, error) == NULL, "'%s' was accepted", wrong[_i].words);
    ck_assert_msg(strstr(error->str, wrong[_i].message) != NULL, "'%s': the message is '%s'",
                  wrong[_i].words, error->str);
    ck_assert_ptr_null(strchr(error->str, '\n'));
    g_string_free(error, TRUE);
}
END_TEST

START_TEST(without_memory_nothing_is_searched)
{
    struct plan *plan = good_plan("--ranks 4 --memory ''");
    ck_assert_str_eq(plan->part->assignment, "pipeline");
    ck_assert_double_le(plan->memory, 0);
    plan_free(plan);
    plan = good_plan("--ranks 4 --memory 1KiB --precision '' --batch ''");
    ck_assert_str_eq(plan->part->assignment, "memory");
    ck_assert_double_eq_tol(plan->memory, 1024, 1e-9);
    plan_free(plan);
}
END_TEST

START_TEST(published_formulas_are_for_a_gpt)
{
    struct plan *plan = good_plan("--memory 1GiB --ranks 2 --model vit --formulas published");
    GString *text = g_string_new(NULL), *error = g_string_new(NULL);
    ck_assert(!plan->part->search(plan, NULL, text, error));
    ck_assert_ptr_nonnull(strstr(error->str, "FORMULAS=published: are those of a gpt"));
    g_string_free(text, TRUE);
    g_string_free(error, TRUE);
    plan_free(plan);
}
END_TEST

/* ---- brute force -------------------------------------------------------------------------------------------- */

/* A gpt of 6 layers by published formulas, in 16 bits with AdamW, and a rank's memory that some ways fit into. */
enum { L = 6, H = 256, HEADS = 8, TOKENS = 128, WORDS = 1000 };
#define BRUTE_MODEL                                                                                \
    "--model gpt:depth=6,width=256,heads=8,tied=1 --data "                                         \
    "synthetic-text:tokens=128,vocabulary=1000 "

static const struct {
    int ranks, batch;
    double memory;
    const char *platform;
} brute[] = {
    {1, 4, 200e6, "rack"}, {4, 8, 60e6, "rack"},      {8, 16, 24e6, "rack"},
    {8, 16, 2e9, "rack"},  {16, 32, 18e6, "rack"},    {8, 8, 12e6, "computer"},
    {5, 10, 60e6, "rack"}, {6, 12, 30e6, "computer"},
};

struct truth {
    int ways, fitting;
    double best;  /* seconds */
    double least; /* bytes */
};

struct setting {
    int d, t, p, v, zero, b, m;
    enum recompute recompute;
    const struct platform *platform;
};

/* Numbers of parameters of a layer on one of t ranks. */
static double numbers_of(const struct setting *s, int layer)
{
    const double h = H, matrices = 3 * h * h + h * h + 4 * h * h + 4 * h * h;
    const double split_biases = 3 * h + 4 * h, whole = h + h + 2 * h + 2 * h; /* two norms */
    double all = (matrices + split_biases) / s->t + whole;
    if (layer == 0)
        all += (double)WORDS * h / s->t + (double)TOKENS * h;
    if (layer == L - 1 && s->p > 1)
        all += (double)WORDS * h / s->t;
    return all;
}

/* Which rank of the pipeline has a layer: rounds of equal runs. */
static int rank_of(const struct setting *s, int layer)
{
    const int places = s->p * s->v;
    int begin = 0;
    for (int place = 0; place < places; place++) {
        begin += L / places + (place < L % places ? 1 : 0);
        if (layer < begin)
            return place % s->p;
    }
    return -1;
}

static double kept_of(const struct setting *s, int layer, bool probabilities)
{
    const double sbh = (double)TOKENS * s->b * H;
    const double attention = 5.0 * HEADS * TOKENS * TOKENS * s->b / s->t;
    return sbh * (10 + 24.0 / s->t) + (probabilities ? attention : 0) + (layer == 0 ? sbh : 0) +
           (layer == L - 1 ? 4 * sbh + 4.0 * TOKENS * s->b * WORDS / s->t : 0);
}

static double activations_of(const struct setting *s, int rank)
{
    const double sbh = (double)TOKENS * s->b * H;
    const double attention = 5.0 * HEADS * TOKENS * TOKENS * s->b / s->t;
    const int first = s->v == 1 ? s->p - 1 - rank : 2 * (s->p - 1 - rank) + (s->v - 1) * s->p;
    const double in_flight = MIN(first + 1, s->m * s->v) / (double)s->v;
    double kept = 0;
    for (int layer = 0; layer < L; layer++)
        if (rank_of(s, layer) == rank) {
            if (s->recompute == RECOMPUTE_LAYERS)
                kept += 2 * sbh + kept_of(s, layer, false) - sbh * (10 + 24.0 / s->t);
            else
                kept += kept_of(s, layer, s->recompute == RECOMPUTE_NOTHING);
        }
    const double again = s->recompute == RECOMPUTE_LAYERS ? sbh * (10 + 24.0 / s->t) + attention
                         : s->recompute == RECOMPUTE_ATTENTION ? attention
                                                               : 0;
    return in_flight * kept + again;
}

static double bytes_of(const struct setting *s)
{
    double most = 0;
    for (int rank = 0; rank < s->p; rank++) {
        double all = 0, shards = 0, largest = 0;
        for (int layer = 0; layer < L; layer++)
            if (rank_of(s, layer) == rank) {
                const double n = numbers_of(s, layer);
                all += n;
                shards += ceil(n / s->d);
                largest = fmax(largest, n);
            }
        double bytes = activations_of(s, rank);
        switch (s->zero) {
        case 0:
            bytes += 16 * all;
            break;
        case 1:
            bytes += 4 * all + 12 * ceil(all / s->d);
            break;
        case 2:
            bytes += 2 * all + 14 * shards + 2 * largest;
            break;
        default:
            bytes += 16 * shards + 4 * largest;
        }
        most = fmax(most, bytes);
    }
    return most;
}

static double seconds_of(const struct setting *s)
{
    const double tokens = (double)TOKENS * s->b, sbh = tokens * H;
    const double flops = 24 * tokens * H * H * (1 + TOKENS / (6.0 * H));
    const double sum = search_sum_seconds(s->platform, s->t, 1, 2 * sbh);
    double time[L] = {0}, numbers[L] = {0}, slowest = 0, all = 0, behind = 0;
    for (int layer = 0; layer < L; layer++) {
        const double head = layer == L - 1 ? 2 * tokens * H * WORDS : 0;
        const double ends = (layer == 0) + (layer == L - 1);
        const double again = layer == 0;
        double work = 3 * (flops + head), sums = 4 + ends;
        if (s->recompute == RECOMPUTE_LAYERS) {
            work += flops + head;
            sums += 2 + again;
        } else if (s->recompute == RECOMPUTE_ATTENTION) {
            work += 4 * tokens * TOKENS * H;
        }
        const int rank = rank_of(s, layer);
        time[rank] += work / s->t / s->platform->speed + sums * sum;
        numbers[rank] += numbers_of(s, layer);
    }
    for (int rank = 0; rank < s->p; rank++) {
        slowest = fmax(slowest, time[rank]);
        all += time[rank];
        const double once = search_sum_seconds(s->platform, s->d, s->t, 2 * numbers[rank]);
        const double times = s->zero == 2 ? (s->m + 1) / 2.0 : s->zero == 3 ? 1.5 * s->m : 1;
        behind = fmax(behind, times * once);
    }
    const double hop =
        s->p == 1
            ? 0
            : search_message_seconds(s->platform, s->p, s->t * s->d, 2 * sbh / s->t) + sum / 2;
    return s->m * slowest + (all - slowest) / s->v + 2 * hop * (s->m * s->v + s->p - 1) + behind;
}

static void try_all(struct truth *truth, struct setting s, int share, double memory)
{
    for (s.b = 1; s.b <= share; s.b++)
        for (s.v = 1; s.v <= L; s.v++)
            for (s.zero = 0; s.zero <= 3; s.zero++)
                for (int i = 0; i < 3; i++) {
                    s.recompute = i == 0   ? RECOMPUTE_NOTHING
                                  : i == 1 ? RECOMPUTE_ATTENTION
                                           : RECOMPUTE_LAYERS;
                    s.m = share / s.b;
                    if (share % s.b != 0 || (s.zero > 0 && s.d == 1) ||
                        (s.v > 1 && (s.p == 1 || s.m % s.p != 0 || L % (s.p * s.v) != 0)))
                        continue;
                    const double bytes = bytes_of(&s), seconds = seconds_of(&s);
                    truth->ways++;
                    truth->least = fmin(truth->least, bytes);
                    if (bytes > memory)
                        continue;
                    truth->fitting++;
                    truth->best = fmin(truth->best, seconds);
                }
}

START_TEST(the_search_finds_what_brute_force_finds)
{
    g_autofree char *words =
        g_strdup_printf(BRUTE_MODEL "--ranks %d --batch %d --memory %.0f --platform %s",
                        brute[_i].ranks, brute[_i].batch, brute[_i].memory, brute[_i].platform);
    struct plan *plan = good_plan(words);
    const struct search_job job = search_plan_job(plan);
    ck_assert(job.published);
    struct truth truth = {.best = INFINITY, .least = INFINITY};
    for (int d = 1; d <= job.ranks; d++)
        for (int t = 1; t <= job.ranks; t++)
            for (int p = 1; p <= L; p++)
                if (d * t * p == job.ranks && HEADS % t == 0 && job.batch_size % d == 0)
                    try_all(&truth,
                            (struct setting){.d = d, .t = t, .p = p, .platform = plan->platform},
                            job.batch_size / d, job.memory);
    struct search_result *result = search_all(&job);
    ck_assert_int_eq(result->ways, truth.ways);
    ck_assert_int_eq(result->fitting->len, truth.fitting);
    ck_assert_int_eq(result->too_large, truth.ways - truth.fitting);
    const double least = search_memory_sum(&result->smallest.cost.memory);
    ck_assert_msg(fabs(least - truth.least) < 1e-9 * least, "least %.9g, by brute force %.9g",
                  least, truth.least);
    if (truth.fitting > 0) {
        const double best = g_array_index(result->fitting, struct search_found, 0).cost.seconds;
        /* The optimizer's own FLOPs are not in the brute force. */
        ck_assert_msg(best >= truth.best && best < 1.02 * truth.best, "best %.9g, by force %.9g",
                      best, truth.best);
    }
    search_result_free(result);
    plan_free(plan);
}
END_TEST

/* ---- what is printed --------------------------------------------------------------------------------------- */

static const char *const printed[] = {
    BRUTE_MODEL "--ranks 16 --batch 32 --memory 18MB --platform rack",
    "--model vit --ranks 1 --memory 1GiB --precision float32",
    "--model mlp --ranks 7 --memory 1GiB --optimizer sgd --precision float32",
    "--model gpt:depth=96,width=12288,heads=96,tied=1 --data "
    "synthetic-text:tokens=2048,vocabulary=51200 "
    "--ranks 512 --batch 1536 --memory 80GiB --platform rack",
    "--model cnn --data cifar10 --ranks 64 --memory 1KiB --batch 64",
    "--model mlp:norm=batch --ranks 4 --batch 8 --memory 1GiB",
    "--model gpt:tied=1 --ranks 8 --memory 10MiB --formulas kit",
    "--ranks 1021 --batch 16 --memory 1GiB",
};

START_TEST(lines_are_short)
{
    g_autofree char *text = output(printed[_i]);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        ck_assert_msg(g_utf8_strlen(*line, -1) <= 100, "%s", *line);
}
END_TEST

START_TEST(where_nothing_fits_the_least_is_said)
{
    g_autofree char *text = output("--model transformer:depth=8 --ranks 4 --memory 1KiB");
    ck_assert_msg(strstr(text, "Nothing fits. The least that any way needs is ") != NULL, "%s",
                  text);
    ck_assert_ptr_nonnull(strstr(text, "do not fit"));
    ck_assert_ptr_null(strstr(text, "The fastest"));
    /* As much as that, and it fits. */
    struct plan *plan = good_plan("--model transformer:depth=8 --ranks 4 --memory 1KiB");
    struct search_job job = search_plan_job(plan);
    struct search_result *nothing = search_all(&job);
    job.memory = search_memory_sum(&nothing->smallest.cost.memory);
    struct search_result *one = search_all(&job);
    ck_assert_int_eq(nothing->fitting->len, 0);
    ck_assert_int_ge(one->fitting->len, 1);
    job.memory -= 1;
    struct search_result *none = search_all(&job);
    ck_assert_int_eq(none->fitting->len, 0);
    search_result_free(nothing);
    search_result_free(one);
    search_result_free(none);
    plan_free(plan);
}
END_TEST

static const struct {
    const char *words, *line;
} reasons[] = {
    {"--model vit --ranks 5 --memory 1GiB", "4 heads of a layer can't be split over 5 ranks"},
    {BRUTE_MODEL "--ranks 5 --memory 1GiB", "8 heads can't be shared by 5 ranks"},
    {"--model transformer:depth=8 --ranks 16 --memory 1GiB",
     "there are more stages than the 8 layers"},
    {"--model mlp --ranks 16 --batch 8 --memory 1GiB",
     "the replicas can't share a batch of 8, each with as many samples"},
    {"--model mlp:norm=batch --ranks 4 --batch 8 --memory 1GiB",
     "a batch norm wants 2 samples in a micro-batch"},
    {"--model gpt:tied=1 --ranks 4 --memory 1GiB --formulas kit", "use tied=0"},
    {"--model gpt:width=64,heads=16 --ranks 16 --batch 16 --memory 1GiB --platform rack",
     "of them share layers across servers of 8: the best takes "},
    {BRUTE_MODEL "--ranks 16 --batch 16 --memory 20MB --platform rack", "the nearest by "},
    {BRUTE_MODEL "--ranks 16 --batch 16 --memory 20MB --platform rack",
     "fit and are slower: up to "},
};

START_TEST(reasons_are_said)
{
    g_autofree char *text = output(reasons[_i].words);
    ck_assert_msg(strstr(text, reasons[_i].line) != NULL, "%s is not in\n" TEST_LONG,
                  reasons[_i].line, text);
}
END_TEST

/* A prime number of ranks is one degree, or another. */
START_TEST(csv_has_all_that_fit)
{
    g_autofree char *text = output("--model transformer:depth=8 --ranks 7 --batch 14 --csv "
                                   "--memory 3MiB --precision float32");
    struct plan *plan = good_plan("--model transformer:depth=8 --ranks 7 --batch 14 "
                                  "--memory 3MiB --precision float32");
    const struct search_job job = search_plan_job(plan);
    struct search_result *result = search_all(&job);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    ck_assert_int_eq(g_strv_length(lines), 1 + result->fitting->len);
    g_auto(GStrv) head = g_strsplit(lines[0], ",", -1);
    const guint columns = g_strv_length(head);
    double before = 0;
    for (char **line = lines + 1; *line; line++) {
        g_auto(GStrv) field = g_strsplit(*line, ",", -1);
        ck_assert_int_eq(g_strv_length(field), columns);
        ck_assert_int_eq(atoi(field[0]) * atoi(field[1]) * atoi(field[2]), 7);
        ck_assert_int_eq(atoi(field[0]) * atoi(field[6]) * atoi(field[7]), 14);
        double sum = 0;
        for (int kind = 8; kind < 13; kind++)
            sum += g_ascii_strtod(field[kind], NULL);
        const double memory = g_ascii_strtod(field[13], NULL);
        const double seconds = g_ascii_strtod(field[14], NULL);
        ck_assert_double_eq_tol(sum, memory, 3);
        ck_assert_double_le(memory, 3 << 20);
        ck_assert_double_ge(seconds, before * (1 - 2e-3));
        before = seconds;
    }
    search_result_free(result);
    plan_free(plan);
}
END_TEST

/* ---- simulated ----------------------------------------------------------------------------------------------- */

static const struct {
    const char *words;
    double seconds; /* the formula may be above by, relative: it hides no message between stages */
} simulated[] = {
    {"--model gpt:depth=4,width=512,heads=8 --data synthetic-text:tokens=256,vocabulary=1000 "
     "--ranks 8 "
     "--batch 16 --memory 400MiB --platform rack --precision float32",
     0.08},
    {"--model vit:depth=4 --ranks 4 --memory 100MiB --precision float32 --optimizer sgd", 0.04},
    /* Replicas, which have ZeRO, recomputation and 16 bits. */
    {"--model gpt:depth=6,width=256,heads=8 --data synthetic-text:tokens=256,vocabulary=1000 "
     "--ranks 4 "
     "--batch 16 --memory 1GiB --platform rack --formulas kit",
     0.08},
    /* Most is the head's. */
    {"--model gpt:depth=2,width=64,heads=2 --data synthetic-text:tokens=64,vocabulary=5000 --ranks "
     "2 "
     "--batch 8 --memory 1GiB --precision float32",
     0.08},
    {"--model gpt:depth=8,width=2048,heads=16,tied=1 --data "
     "synthetic-text:tokens=1024,vocabulary=10000 --ranks 16 --batch 64 --memory 6GiB "
     "--platform rack",
     0.06},
};

/* By the rank that holds most: all kinds but scratch space, each at its peak. */
static double most_held(const struct simulated *run)
{
    double most = 0;
    for (int rank = 0; rank < run->ranks; rank++) {
        double all = 0;
        for (int kind = 0; kind < MEMORY_KINDS; kind++)
            all += kind == MEMORY_WORKSPACE ? 0 : run->rank[rank].peak[kind];
        most = fmax(most, all);
    }
    return most;
}

/* Of the ways that a program can run: time, and what a rank holds. */
START_TEST(simulations_say_the_same)
{
    struct plan *plan = good_plan(simulated[_i].words);
    plan->program =
        g_build_filename(test_build_folder(), "simulator/programs/solutions/data", NULL);
    plan->step_program =
        g_build_filename(test_build_folder(), "simulator/programs/bench/programs/scale_step", NULL);
    const struct search_job job = search_plan_job(plan);
    struct search_result *result = search_all(&job);
    const struct search_found *found =
        (const struct search_found *)(const void *)result->fitting->data;
    const int count = MIN((int)result->fitting->len, (int)SEARCH_PLAN_SHOWN);
    struct search_plan_run *runs = search_plan_runs_new(plan, &job, found, count, NULL);
    int compared = 0, with_memory = 0;
    for (int i = 0; i < count; i++) {
        /* With ZeRO 2 and 3 many small messages cost more than the formula has for large ones. */
        if (!runs[i].simulated || found[i].way.way.zero_stage > 1)
            continue;
        g_autofree char *words = search_plan_words(&found[i].way);
        const double expected = runs[i].simulated->seconds;
        compared++;
        ck_assert_msg(found[i].cost.seconds <= (1 + simulated[_i].seconds) * expected &&
                          found[i].cost.seconds >= 0.98 * expected,
                      "%s: %.6g by formula, simulated %.6g", words, found[i].cost.seconds,
                      expected);
        if (runs[i].only_time)
            continue;
        with_memory++;
        const double said = search_memory_sum(&found[i].cost.memory);
        const double held = most_held(runs[i].simulated);
        ck_assert_msg(fabs(said - held) <= 0.05 * held, "%s: %.0f bytes by formula, simulated %.0f",
                      words, said, held);
    }
    ck_assert_int_ge(compared, 1);
    ck_assert_int_ge(with_memory, job.published ? 0 : 1);
    search_plan_runs_free(runs, count);
    search_result_free(result);
    plan_free(plan);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("search for what fits");
    TCase *tests = tcase_create("search");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, wrong_arguments_are_named, 0, (int)G_N_ELEMENTS(wrong));
    tcase_add_test(tests, without_memory_nothing_is_searched);
    tcase_add_test(tests, published_formulas_are_for_a_gpt);
    tcase_add_loop_test(tests, the_search_finds_what_brute_force_finds, 0,
                        (int)G_N_ELEMENTS(brute));
    tcase_add_loop_test(tests, lines_are_short, 0, (int)G_N_ELEMENTS(printed));
    tcase_add_test(tests, where_nothing_fits_the_least_is_said);
    tcase_add_loop_test(tests, reasons_are_said, 0, (int)G_N_ELEMENTS(reasons));
    tcase_add_test(tests, csv_has_all_that_fit);
    if (test_has_simulator())
        tcase_add_loop_test(tests, simulations_say_the_same, 0, (int)G_N_ELEMENTS(simulated));
    suite_add_tcase(suite, tests);
    return suite;
}
