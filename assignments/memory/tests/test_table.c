/*
 * make table ASSIGNMENT=memory: the whole command, small, its numbers against formulas worked out here; and what it refuses.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

/* A gpt of two blocks, two ranks with two micro-batches of one sample each. */
enum { LAYERS = 2, WIDTH = 16, TOKENS = 8, WORDS = 32, RANKS = 2, EACH = 2, BATCH = RANKS * EACH };
#define SETTING                                                                                    \
    "MODEL=gpt:depth=2,width=16,heads=2 "                                                          \
    "DATA=synthetic-text:tokens=8,vocabulary=32,train=16,test=16 RANKS=2 BATCH=4 MICRO_BATCHES=4"

static char *folder;

static void begin(void)
{
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
}

static struct test_run table_of(const char *setting, const char *submission, bool simulates)
{
    g_autofree char *program = test_program(false, submission);
    g_autofree char *simulator = simulates ? test_program(true, submission) : g_strdup("''");
    g_autofree char *beside = simulates ? test_program(true, "solutions/data") : g_strdup("");
    return test_run_command("env TABLE_PROGRAM=%s/assignments/memory/table/table BESIDE=%s %s "
                            "assignments/memory/tools/table %s %s %s/out",
                            test_build_folder(), beside, setting, program, simulator, folder);
}

static char *content_of(const char *name)
{
    g_autofree char *path = g_build_filename(folder, "out", name, NULL);
    char *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "there is no %s", path);
    return text;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

enum column {
    PEAK,
    PARAMETERS,
    GRADIENTS,
    OPTIMIZER,
    ACTIVATIONS,
    WORKSPACE,
    HOST,
    SECONDS,
    UTILISATION,
    TRAFFIC,
    PARAMETERS_FORMULA,
    GRADIENTS_FORMULA,
    OPTIMIZER_FORMULA,
    ACTIVATIONS_FORMULA,
    HOST_FORMULA,
    SECONDS_FORMULA,
    UTILISATION_FORMULA,
    TRAFFIC_FORMULA,
    COLUMNS
};

/* The figures behind the name of a technique. */
static char **figures_of(const char *csv, const char *where, const char *technique)
{
    g_auto(GStrv) lines = g_strsplit(csv, "\n", -1);
    g_autofree char *name = g_strdup_printf(",\"%s\",", technique);
    for (char **line = lines; *line; line++) {
        const char *found = strstr(*line, name);
        if (found && g_str_has_prefix(*line, where)) {
            char **figures = g_strsplit(found + strlen(name), ",", -1);
            ck_assert_uint_eq(g_strv_length(figures), COLUMNS);
            return figures;
        }
    }
    ck_abort_msg("there is no line %s, %s", where, technique);
    return NULL;
}

static double figure(char **figures, enum column column)
{
    ck_assert_msg(*figures[column] != '\0', "column %d is empty", (int)column);
    return g_ascii_strtod(figures[column], NULL);
}

/* Of the first block, with the embedding of words and places, and the last, with norm and head: linear maps to queries, keys and
 * values and from the heads, a perceptron of four widths, two norms. */
static const double block = 12.0 * WIDTH * WIDTH + 13.0 * WIDTH;
static const double first_layer = 12.0 * WIDTH * WIDTH + 13.0 * WIDTH + (WORDS + TOKENS) * WIDTH;
static const double last_layer = 12.0 * WIDTH * WIDTH + 13.0 * WIDTH + 2.0 * WIDTH + WORDS * WIDTH;

static void check_technique(const char *csv, const char *where, const char *name, int number,
                            int zero, bool offloads, bool repeats)
{
    const double all = first_layer + last_layer, own = all / RANKS;
    const double largest = fmax(first_layer, last_layer);
    const double state = 8 + (number == 2 ? 4 : 0);
    const double reduced = zero >= 2 ? EACH : 1, gathered = zero < 3 ? 1 : (repeats ? 3 : 2) * EACH;
    g_auto(GStrv) figures = figures_of(csv, where, name);
    const double expected[] = {
        [PARAMETERS] = number * (zero == 3 ? own + largest : all),
        [GRADIENTS] = number * (zero >= 2 ? own + largest : all),
        [OPTIMIZER] = offloads ? 0 : state * (zero >= 1 ? own : all),
        /* moments, masters, gradients, and parameters unless they are the masters */
        [HOST] = offloads ? own * (8 + 4 + number + (number == 2 ? 2 : 0)) : 0,
        [TRAFFIC] = number * all * (RANKS - 1) / RANKS * (reduced + gathered),
    };
    const enum column known[] = {PARAMETERS, GRADIENTS, OPTIMIZER, HOST, TRAFFIC};
    const enum column formula[] = {PARAMETERS_FORMULA, GRADIENTS_FORMULA, OPTIMIZER_FORMULA,
                                   HOST_FORMULA, TRAFFIC_FORMULA};
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        ck_assert_msg(figure(figures, known[i]) == expected[known[i]],
                      "%s, %s: column %d is %s, not %.9g", where, name, (int)known[i],
                      figures[known[i]], expected[known[i]]);
        ck_assert_msg(figure(figures, formula[i]) == expected[known[i]],
                      "%s, %s: the formula of column %d is %s, not %.9g", where, name,
                      (int)known[i], figures[formula[i]], expected[known[i]]);
    }
    /* What is at its most at different times is no more at one time. */
    double sum = 0;
    for (int column = PARAMETERS; column <= WORKSPACE; column++)
        sum += figure(figures, (enum column)column);
    ck_assert_double_gt(figure(figures, PEAK), 0);
    ck_assert_double_le(figure(figures, PEAK), sum);
    ck_assert_double_ge(figure(figures, ACTIVATIONS), figure(figures, ACTIVATIONS_FORMULA));
}

static void check_part(const char *csv, const char *where)
{
    check_technique(csv, where, "standard", 4, 0, false, false);
    check_technique(csv, where, "recompute layers", 4, 0, false, true);
    check_technique(csv, where, "bfloat16", 2, 0, false, false);
    check_technique(csv, where, "ZeRO 1", 4, 1, false, false);
    check_technique(csv, where, "ZeRO 2", 4, 2, false, false);
    check_technique(csv, where, "ZeRO 3", 4, 3, false, false);
    check_technique(csv, where, "ZeRO 2, offload", 4, 2, true, false);
    check_technique(csv, where, "ZeRO 2, bfloat16, offload, recompute layers", 2, 2, true, true);
    check_technique(csv, where, "ZeRO 3, bfloat16, recompute layers", 2, 3, false, true);
    /* With two layers both are there. */
    g_auto(GStrv) fetched = figures_of(csv, where, "ZeRO 3, prefetch");
    const double all = first_layer + last_layer;
    ck_assert_double_eq(figure(fetched, PARAMETERS), 4 * (all / RANKS + all));
    ck_assert_double_eq(figure(fetched, PARAMETERS_FORMULA), 4 * (all / RANKS + all));
    /* What enters the two blocks: places of words, and float32 numbers of the first one's outputs; and less than without. */
    g_auto(GStrv) layers = figures_of(csv, where, "recompute layers");
    g_auto(GStrv) standard = figures_of(csv, where, "standard");
    ck_assert_double_lt(figure(layers, ACTIVATIONS), figure(standard, ACTIVATIONS));
}

/* Of the split models: what crosses the border of two stages, there and back; and four sums of a block's outputs. */
static void check_trades(const char *csv)
{
    const double output = 4.0 * BATCH * TOKENS * WIDTH;
    g_auto(GStrv) naive = figures_of(csv, "computer", "split: naive");
    g_auto(GStrv) pipeline = figures_of(csv, "computer", "split: pipeline, 1F1B");
    g_auto(GStrv) tensor = figures_of(csv, "computer", "split: tensor");
    g_auto(GStrv) zero = figures_of(csv, "computer", "split: ZeRO 3");
    ck_assert_double_eq(figure(naive, TRAFFIC), output);
    ck_assert_double_eq(figure(pipeline, TRAFFIC), output);
    ck_assert_double_eq(figure(naive, TRAFFIC_FORMULA), output);
    ck_assert_double_eq(figure(naive, UTILISATION_FORMULA), 0.5);
    ck_assert_double_eq(figure(tensor, TRAFFIC_FORMULA), 4 * LAYERS * output);
    ck_assert_double_ge(figure(tensor, TRAFFIC), 4 * LAYERS * output);
    ck_assert_double_eq(figure(zero, TRAFFIC),
                        4 * (first_layer + last_layer) / 2 * 3 * BATCH / RANKS);
    ck_assert_double_le(figure(naive, UTILISATION), 0.5);
    ck_assert_double_gt(figure(pipeline, UTILISATION), figure(naive, UTILISATION));
}

START_TEST(the_command_writes_tables_and_pictures)
{
    const bool simulates = test_has_simulator();
    struct test_run run = table_of(SETTING " PLATFORM=computer", "solutions/memory", simulates);
    ck_assert_msg(run.status == 0, "%s", run.output);
    ck_assert_msg(strstr(run.output, "Left out") == NULL, "%s", run.output);
    test_run_clear(&run);
    ck_assert_double_eq(first_layer, block + 40.0 * WIDTH);
    g_autofree char *csv = content_of("table.csv"), *markdown = content_of("table.md");
    g_autofree char *picture = content_of("table.svg");
    check_part(csv, "here");
    ck_assert_ptr_nonnull(strstr(markdown, "7,744 parameters"));
    ck_assert_ptr_nonnull(strstr(picture, "ZeRO 3, prefetch"));
    if (!simulates)
        return;
    check_part(csv, "computer");
    check_trades(csv);
    g_autofree char *memory = content_of("memory/06-zero-1.svg");
    ck_assert_ptr_nonnull(strstr(memory, "optimizer state"));
}
END_TEST

START_TEST(without_a_simulator_it_says_so_and_a_configuration_has_a_line)
{
    struct test_run run =
        table_of(SETTING " CONFIGURED='--batch 4 --zero 2 --precision bfloat16 --offload optimizer "
                         "--learning-rate 0.1'",
                 "solutions/memory", false);
    g_autofree char *csv = content_of("table.csv");
    check_technique(csv, "here", "as configured", 2, 2, true, false);
    ck_assert_msg(run.status == 0, "%s", run.output);
    ck_assert_ptr_nonnull(strstr(run.output, "Not simulated: that needs SimGrid"));
    ck_assert_ptr_null(strstr(run.output, "A large model"));
    ck_assert_ptr_null(strstr(run.output, "trade-off"));
    test_run_clear(&run);
}
END_TEST

/* ---- refusals -------------------------------------------------------------------------------------------- */

static const struct {
    const char *setting, *says;
} refused[] = {
    {"MODEL=zzz", "MODEL=zzz: there is no model"},
    {"DATA=zzz", "DATA=zzz"},
    {"RANKS=1", "RANKS=1: must be a whole number from 2 to 64"},
    {"RANKS=2 MICRO_BATCHES=3", "MICRO_BATCHES=3: must be a multiple of the 2 ranks"},
    {"RANKS=2 MICRO_BATCHES=4 BATCH=6", "BATCH=6: must be a multiple of the 4 micro-batches"},
    {"PLATFORM=zzz", "zzz"},
};

START_TEST(what_can_not_be_is_refused)
{
    struct test_run run = table_of(refused[_i].setting, "solutions/memory", false);
    ck_assert_int_eq(run.status, 2);
    ck_assert_msg(strstr(run.output, refused[_i].says) != NULL, "it says: %s", run.output);
    test_run_clear(&run);
}
END_TEST

START_TEST(what_does_not_train_is_left_out)
{
    struct test_run run = table_of(SETTING, "skeleton/memory", false);
    ck_assert_msg(run.status == 0, "%s", run.output);
    ck_assert_msg(strstr(run.output, "- Left out: ZeRO 1 (") != NULL, "it says: %s", run.output);
    ck_assert_ptr_nonnull(strstr(run.output, "TODO"));
    ck_assert_ptr_nonnull(strstr(run.output, "| standard |"));
    ck_assert_ptr_null(strstr(run.output, "| ZeRO 1 |"));
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("table");
    TCase *cases = tcase_create("table");
    tcase_set_timeout(cases, 300);
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, the_command_writes_tables_and_pictures);
    tcase_add_test(cases, without_a_simulator_it_says_so_and_a_configuration_has_a_line);
    tcase_add_loop_test(cases, what_can_not_be_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(cases, what_does_not_train_is_left_out);
    suite_add_tcase(suite, cases);
    return suite;
}
