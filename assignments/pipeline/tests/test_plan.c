/*
 * Tests of the planner. The truths are the closed formulas of the literature,
 * the sums over a model's layers, brute force over the order of a schedule, and,
 * where SimGrid is installed, a simulated run of the solutions.
 */
#include "assignments/pipeline/planner/pipeline_plan.h"
#include "tests/support/test.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So wide that what only the first and the last stage have does not count: equal stages. */
#define EQUAL_STAGES  "transformer:depth=16,width=12288,heads=96"
#define WITHOUT_WIDTH 2e-3 /* what it still counts, of everything */

/* A plan from words; on an error NULL, and the error. */
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

static void close_to(double found, double expected, double relative, const char *what)
{
    ck_assert_msg(fabs(found - expected) <= relative * fabs(expected),
                  "%s: found %.12g, expected %.12g", what, found, expected);
}

/* ---- arguments -------------------------------------------------------------------------------- */

static const struct {
    const char *words, *message;
} wrong[] = {
    {"", "RANKS is missing"},
    {"--ranks 0", "RANKS=0: must be a whole number from 1"},
    {"--ranks four", "RANKS=four"},
    {"--ranks 4x", "RANKS=4x"},
    {"--ranks 4 --micro-batches -1", "MICRO_BATCHES=-1"},
    {"--ranks 4 --micro-batches 99999999999999999999", "MICRO_BATCHES=9999"},
    {"--ranks 4 --chunks 0", "CHUNKS=0"},
    {"--ranks 4 --batch 9", "BATCH=9: can't be cut into 8 micro-batches"},
    {"--ranks 4 --model gpt:tied=1", "use tied=0"},
    {"--ranks 9", "RANKS=9: every rank needs at least one layer, and transformer:depth=8 has 8"},
    {"--ranks 4 --model unicorn", "MODEL=unicorn: there is no model 'unicorn'"},
    {"--ranks 4 --model vit:depth=0", "MODEL=vit:depth=0"},
    {"--ranks 4 --data nowhere", "DATA=nowhere"},
    {"--ranks 4 --platform moon", "PLATFORM=moon: there is no such platform; there are: "},
    {"--ranks 4 --platform ./Makefile", "PLATFORM=./Makefile"},
    {"--ranks 5000", "RANKS=5000: must be a whole number from 1 to 4096"},
    {"--ranks 512 --micro-batches 65536 --model transformer:depth=600 --platform slow",
     "MICRO_BATCHES=65536: with 600 stages"},
    {"--scaling 2,512:1,65536 --model transformer:depth=600 --platform slow",
     "SCALING=65536: with 512 stages"},
    {"--scaling 2,4", "SCALING=2,4: must be RANKS:MICRO_BATCHES"},
    {"--scaling 2,x:1", "SCALING=x"},
    {"--scaling 2:", "SCALING=2:"},
    {"--scaling 1,2:1 --model gpt:tied=1", "use tied=0"},
    {"--ranks 4 surplus", "surplus"},
    {"--unknown", "unknown"},
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

START_TEST(a_platform_may_have_fewer_processors)
{
    GString *error = g_string_new(NULL);
    char *folder = test_folder_new();
    g_autofree char *file = g_build_filename(folder, "few.xml", NULL);
    g_autofree char *words =
        g_strdup_printf("--ranks 8 --model transformer:depth=8 --platform %s", file);
    ck_assert(g_file_set_contents(
        file, "<platform><cluster radical=\"0-6\" speed=\"1Gf\"/></platform>", -1, NULL));
    ck_assert_ptr_null(parse(words, error));
    ck_assert_msg(strstr(error->str, "RANKS=8: the platform ") != NULL &&
                      strstr(error->str, "has 7 processors") != NULL,
                  "the message is '%s'", error->str);
    test_folder_free(folder);
    g_string_free(error, TRUE);
}
END_TEST

START_TEST(empty_words_are_defaults)
{
    struct plan *plan = good_plan("--ranks 4 --model '' --data '' --platform '' --micro-batches '' "
                                  "--batch '' --chunks '' --scaling '' --out ''");
    ck_assert_str_eq(plan->model_name, "transformer:depth=8");
    ck_assert_str_eq(plan->platform_name, "computer");
    ck_assert_int_eq(plan->micro_batches, 8);
    ck_assert_int_eq(plan->batch_size, 64);
    ck_assert_int_eq(plan->degree[0], 2);
    ck_assert_ptr_null(plan->out);
    plan_free(plan);
}
END_TEST

static const struct {
    const char *words, *schedule, *reason; /* NULL: it can run */
} possible[] = {
    {"--ranks 1 --model gpt:tied=1", "afab", NULL},
    {"--ranks 1 --model gpt:tied=1", "interleaved", "the head works with"},
    {"--ranks 2 --model mlp:norm=batch --batch 8", "naive", NULL},
    {"--ranks 2 --model mlp:norm=batch --batch 8", "afab", "wants 2 samples in each"},
    {"--ranks 2 --model mlp:norm=batch --batch 16", "afab", NULL},
    {"--ranks 2 --model resnet --batch 8", "afab", NULL},
    /* 1024 tokens of width 1024: 4 MiB for each sample. */
    {"--ranks 2 --model gpt:width=1024 --data synthetic-text:tokens=1024 --batch 128", "naive",
     NULL},
    {"--ranks 2 --model gpt:width=1024 --data synthetic-text:tokens=1024 --batch 136", "naive",
     "a message of 136 samples would have 544 MiB, and one without numbers has at most 512"},
    {"--ranks 2 --model gpt:width=1024 --data synthetic-text:tokens=1024 --batch 136", "afab",
     NULL},
};

START_TEST(a_model_may_not_suit_a_schedule)
{
    struct plan *plan = good_plan(possible[_i].words);
    char *reason = pipeline_plan_refusal(plan, schedule_find(possible[_i].schedule));
    ck_assert_msg((reason != NULL) == (possible[_i].reason != NULL), "%s: %s", possible[_i].words,
                  reason ? reason : "can run");
    ck_assert_msg(!reason || strstr(reason, possible[_i].reason), "%s", reason);
    g_free(reason);
    plan_free(plan);
}
END_TEST

START_TEST(what_can_not_run_is_left_out)
{
    const struct schedule_kind *interleaved = schedule_find("interleaved");
    struct plan *plan = good_plan("--ranks 4 --micro-batches 6");
    char *reason = pipeline_plan_refusal(plan, interleaved);
    ck_assert_str_eq(reason, "6 micro-batches are no multiple of 4 ranks");
    ck_assert_ptr_null(pipeline_plan_refusal(plan, schedule_find("1f1b")));
    g_free(reason);
    plan_free(plan);

    plan = good_plan("--ranks 8 --micro-batches 8");
    reason = pipeline_plan_refusal(plan, interleaved);
    ck_assert_ptr_nonnull(
        strstr(reason, "16 stages (2 on each rank) want at least as many layers"));
    g_free(reason);
    plan_free(plan);
}
END_TEST

/* ---- closed forms ----------------------------------------------------------------------------- */

/* p = 4, m = 8, F = I = W = 1 on a rank. */
START_TEST(formulas_are_the_published_ones)
{
    static const struct {
        const char *name;
        double makespan;
    } expected[] = {{"afab", 33}, {"1f1b", 33}, {"interleaved", 28.5}, {"zero-bubble", 27}};
    const struct schedule_kind *kind = schedule_find(expected[_i].name);
    const struct schedule_shape shape = {4, kind->facts->chunked ? 2 : 1, 8};
    ck_assert(schedule_makespan(kind, shape, 1, 1, 1) == expected[_i].makespan);
}
END_TEST

/* The bubbles of the literature, for equal stages; and the order of each schedule, run with each
 * stage's own durations, takes what the formula says. */
static double bubble_of(const char *name, double p, double m, double v, double f, double i,
                        double w)
{
    if (strcmp(name, "naive") == 0)
        return (p - 1) / p;
    if (strcmp(name, "interleaved") == 0)
        return (p - 1) / (v * m + p - 1);
    const double idle =
        strcmp(name, "zero-bubble") == 0 ? (p - 1) * (f + i - w) : (p - 1) * (f + i + w);
    return idle / (m * (f + i + w) + idle);
}

START_TEST(formulas_are_brute_force)
{
    static const int ranks[] = {2, 3, 4, 6, 8};
    const int p = ranks[_i / 4], m = p * (_i % 4 + 1);
    char *words = g_strdup_printf("--ranks %d --micro-batches %d --batch %d --model "
                                  "transformer:depth=48,width=12288,heads=96",
                                  p, m, m);
    struct plan *plan = good_plan(words);
    for (int i = 0; pipeline_plan_methods[i].name; i++) {
        const struct schedule_kind *kind = pipeline_plan_kind(&pipeline_plan_methods[i]);
        ck_assert_ptr_null(pipeline_plan_refusal(plan, kind));
        struct formula *formula = pipeline_plan_formula(plan, kind);
        struct stage_cost *cost = pipeline_plan_costs(plan->model, p, 1);
        const struct stage_cost mean =
            pipeline_plan_mean_cost(cost, (struct schedule_shape){p, 1, m});
        ck_assert_double_eq_tol(formula->bubble,
                                bubble_of(kind->facts->name, p, m, plan->degree[0], mean.forward,
                                          mean.backward_input, mean.backward_weight),
                                1e-9);
        close_to(formula->with[PIPELINE_PLAN_UNEQUAL_STAGES], formula->seconds, WITHOUT_WIDTH,
                 kind->facts->name);
        ck_assert(formula->with[PIPELINE_PLAN_OPTIMIZER] >=
                  formula->with[PIPELINE_PLAN_UNEQUAL_STAGES]);
        g_free(cost);
        plan_formula_free(formula);
    }
    plan_free(plan);
    g_free(words);
}
END_TEST

/* GPipe's ideal, relative to K=2, M=1, as its table 2 is. */
START_TEST(the_ideal_is_gpipes)
{
    ck_assert_double_eq_tol(pipeline_plan_ideal_speed(2, 32) / pipeline_plan_ideal_speed(2, 1),
                            1.94, 0.005);
    ck_assert_double_eq_tol(pipeline_plan_ideal_speed(4, 32) / pipeline_plan_ideal_speed(2, 1),
                            3.66, 0.005);
    ck_assert_double_eq_tol(pipeline_plan_ideal_speed(8, 32) / pipeline_plan_ideal_speed(2, 1),
                            6.56, 0.005);
    ck_assert(pipeline_plan_ideal_speed(1, 7) == 1);
}
END_TEST

/* ---- simulated -------------------------------------------------------------------------------- */

/* The plan with the program that lies beside the tests; NULL where nothing can be simulated. */
static struct plan *simulated_plan(const char *words)
{
    struct plan *plan = good_plan(words);
    plan->program =
        g_build_filename(test_build_folder(), "simulator/programs/solutions/pipeline", NULL);
    char *missing = plan_simulation_missing(plan);
    if (!missing)
        return plan;
    ck_assert_msg(strstr(missing, "libsimgrid-dev") != NULL, "%s", missing);
    g_free(missing);
    plan_free(plan);
    return NULL;
}

static struct simulated *good_run(const struct plan *plan, const struct plan_method *method)
{
    GString *error = g_string_new(NULL);
    struct simulated *simulated = plan_simulated_new(plan, method, error);
    ck_assert_msg(simulated != NULL, "%s", error->str);
    g_string_free(error, TRUE);
    return simulated;
}

START_TEST(free_messages_take_what_formulas_say)
{
    struct plan *plan =
        simulated_plan("--platform free --ranks 4 --micro-batches 8 --model " EQUAL_STAGES);
    if (!plan)
        return;
    const struct plan_method *method = &pipeline_plan_methods[_i];
    struct formula *formula = pipeline_plan_formula(plan, pipeline_plan_kind(method));
    struct simulated *simulated = good_run(plan, method);
    close_to(simulated->seconds, formula->with[PIPELINE_PLAN_OPTIMIZER], 1e-6, "step time");
    GString *error = g_string_new(NULL);
    double bubble;
    ck_assert_msg(plan_simulated_bubble(plan, method, &bubble, error), "%s", error->str);
    ck_assert_double_eq_tol(bubble, simulated->bubble, 1e-4);
    g_string_free(error, TRUE);
    const double optimizer =
        formula->with[PIPELINE_PLAN_OPTIMIZER] - formula->with[PIPELINE_PLAN_UNEQUAL_STAGES];
    close_to(simulated->seconds - optimizer, formula->seconds, WITHOUT_WIDTH, "without optimizer");
    for (int r = 0; r < plan->ranks; r++) {
        const struct rank_use *expected = &formula->rank[r], *found = &simulated->rank[r];
        ck_assert_int_eq(found->messages, expected->messages);
        ck_assert(found->message_bytes == expected->message_bytes);
        /* tensors in messages, and what one chunk saves more than another, come on top */
        close_to(found->peak[MEMORY_ACTIVATION], expected->peak[MEMORY_ACTIVATION], 0.15,
                 "activations");
    }
    plan_formula_free(formula);
    plan_simulated_free(simulated);
    plan_free(plan);
}
END_TEST

START_TEST(unequal_stages_are_explained)
{
    struct plan *plan =
        simulated_plan("--platform free --ranks 3 --micro-batches 6 --model vit:depth=5");
    if (!plan)
        return;
    const struct plan_method *method = &pipeline_plan_methods[_i];
    struct formula *formula = pipeline_plan_formula(plan, pipeline_plan_kind(method));
    struct simulated *simulated = good_run(plan, method);
    close_to(simulated->seconds, formula->with[PIPELINE_PLAN_OPTIMIZER], 1e-6, "step time");
    plan_formula_free(formula);
    plan_simulated_free(simulated);
    plan_free(plan);
}
END_TEST

START_TEST(a_failed_run_says_why)
{
    struct plan *plan = simulated_plan("--ranks 4");
    if (!plan)
        return;
    g_free(plan->dataset);
    plan->dataset = g_strdup("nowhere");
    GString *error = g_string_new(NULL);
    ck_assert_ptr_null(plan_simulated_new(plan, &pipeline_plan_methods[2], error));
    ck_assert_msg(strstr(error->str, "nowhere") != NULL, "%s", error->str);
    g_string_free(error, TRUE);
    plan_free(plan);
}
END_TEST

/* ---- text ------------------------------------------------------------------------------------- */

START_TEST(without_simgrid_there_are_closed_forms)
{
    GString *error = g_string_new(NULL), *text = g_string_new(NULL);
    struct plan *plan = good_plan("--ranks 4 --micro-batches 6");
    char *missing = plan_simulation_missing(plan); /* no --program */
    ck_assert_ptr_nonnull(missing);
    int count;
    struct row *rows = plan_rows_new(plan, missing, &count, error);
    ck_assert_ptr_nonnull(rows);
    plan_append_tables(text, plan, rows, count);
    ck_assert_ptr_nonnull(
        strstr(text->str, "interleaved  left out: 6 micro-batches are no multiple"));
    ck_assert_ptr_nonnull(strstr(text->str, "33.33%")); /* 3/9: AFAB at p = 4, m = 6 */
    plan_rows_free(rows, count);
    g_free(missing);
    plan_free(plan);
    g_string_free(text, TRUE);
    g_string_free(error, TRUE);
}
END_TEST

/* The picture fits a report's column, and names each schedule's line. */
START_TEST(the_picture_fits_a_column)
{
    char *folder = test_folder_new();
    g_autofree char *words = g_strdup_printf("--ranks 4 --micro-batches 8 --out %s", folder);
    g_autofree char *path = g_build_filename(folder, "bubble.svg", NULL), *svg = NULL;
    g_autoptr(GString) text = g_string_new(NULL), error = g_string_new(NULL);
    struct plan *plan = good_plan(words);
    ck_assert_msg(pipeline_plan_draw(plan, false, text, error), "%s", error->str);
    ck_assert(g_file_get_contents(path, &svg, NULL, NULL));
    ck_assert_double_le(g_ascii_strtod(strstr(svg, "width=\"") + strlen("width=\""), NULL), 930);
    static const char *const names[] = {">naive<",       ">afab<",        ">1f1b<",
                                        ">interleaved<", ">zero-bubble<", ">pipedream<"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        ck_assert_msg(strstr(svg, names[i]), "no %s", names[i]);
    ck_assert_ptr_null(strstr(svg, "points: simulated"));
    plan_free(plan);
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("plans of the pipeline");
    TCase *tests = tcase_create("planner");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, wrong_arguments_are_named, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tests, a_platform_may_have_fewer_processors);
    tcase_add_test(tests, empty_words_are_defaults);
    tcase_add_test(tests, what_can_not_run_is_left_out);
    tcase_add_loop_test(tests, a_model_may_not_suit_a_schedule, 0,
                        sizeof possible / sizeof *possible);
    tcase_add_loop_test(tests, formulas_are_the_published_ones, 0, 4);
    tcase_add_loop_test(tests, formulas_are_brute_force, 0, 20);
    tcase_add_test(tests, the_ideal_is_gpipes);
    tcase_add_loop_test(tests, free_messages_take_what_formulas_say, 0, 6);
    tcase_add_loop_test(tests, unequal_stages_are_explained, 0, 6);
    tcase_add_test(tests, a_failed_run_says_why);
    tcase_add_test(tests, without_simgrid_there_are_closed_forms);
    suite_add_tcase(suite, tests);
    TCase *pictures = tcase_create("pictures");
    tcase_set_timeout(pictures, 60);
    tcase_add_test(pictures, the_picture_fits_a_column);
    suite_add_tcase(suite, pictures);
    return suite;
}
