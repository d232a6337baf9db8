/*
 * What the chapter says in numbers, against the schedules and the judges: the table of all schedules, the
 * orders that are written out, and how many sets of parameters PipeDream may hold. And the TODOs against the
 * solutions and the rubric: each names what its file calls, and every check has its place in one.
 */
#include "assignments/pipeline/judges/pipedream.h"
#include "assignments/pipeline/schedules/schedule_formulas.h"
#include "grader/rubric/rubric.h"
#include "tests/support/test.h"

#include <string.h>

static char *chapter;

static void set_up(void)
{
    g_autoptr(GError) error = NULL;
    ck_assert(g_file_get_contents("assignments/pipeline/HANDOUT.md", &chapter, NULL, &error));
}

static void tear_down(void)
{
    g_clear_pointer(&chapter, g_free);
}

/* ---- side by side ------------------------------------------------------------------------------- */

static char *without_blanks(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    return g_strjoinv("", words);
}

/* The cells of the row that begins so, each without its blanks, the first being the empty one before it. */
static char **row_of(const char *title)
{
    const char *table = strstr(chapter, "### Side by side");
    ck_assert_ptr_nonnull(table);
    g_autofree char *begin = g_strdup_printf("\n| %s", title);
    const char *row = strstr(table, begin);
    ck_assert_msg(row != NULL, "the table has no row “%s”", title);
    g_autofree char *line = g_strndup(row + 1, strcspn(row + 1, "\n"));
    char **cell = g_strsplit(line, "|", -1);
    ck_assert_uint_eq(g_strv_length(cell), 6);
    for (int i = 0; cell[i]; i++) {
        char *bare = without_blanks(cell[i]);
        g_free(cell[i]);
        cell[i] = bare;
    }
    return cell;
}

static const struct {
    const char *title;
    enum schedule_id id;
    int chunks;
    bool says_idle; /* as a formula */
} rows[] = {
    {"AFAB", SCHEDULE_AFAB, 1, true},
    {"1F1B", SCHEDULE_1F1B, 1, true},
    {"interleaved", SCHEDULE_INTERLEAVED, 2, true},
    {"ZB-H1", SCHEDULE_ZERO_BUBBLE, 1, true},
    {"PipeDream", SCHEDULE_PIPEDREAM, 1, false},
    {"naive", SCHEDULE_NAIVE, 1, false},
};

START_TEST(table_has_what_the_judges_count_with)
{
    const struct schedule_kind *kind = schedule_kind_of(rows[_i].id);
    g_auto(GStrv) cell = row_of(rows[_i].title);
    const bool naive = rows[_i].id == SCHEDULE_NAIVE; /* one micro-batch, eight times as large */
    const double each = naive ? 8 : 1;
    const struct schedule_shape shape = {4, rows[_i].chunks, naive ? 1 : 8};
    if (rows[_i].says_idle)
        ck_assert_str_eq(cell[2], kind->idle_formula);
    ck_assert_double_eq_tol(g_ascii_strtod(cell[3], NULL),
                            schedule_makespan(kind, shape, each, each, each), 1e-9);
    g_autofree char *in_flight = without_blanks(kind->in_flight_formula);
    ck_assert_msg(g_str_has_prefix(cell[4], in_flight),
                  "%s: “%s” in flight, and the judges say “%s”", rows[_i].title, cell[4],
                  in_flight);
}
END_TEST

/* ---- orders that are written out ------------------------------------------------------------------ */

/* "F0 B0 F1" or, of several stages, "F0.4". */
static char *order_text(const struct schedule *schedule, int rank, bool stages, int most)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < MIN(most, schedule->count[rank]); i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        g_string_append_printf(text, "%s%s%d", i == 0 ? "" : " ",
                               operation->operation == LOG_FORWARD ? "F" : "B",
                               operation->micro_batch);
        if (stages)
            g_string_append_printf(text, ".%d", operation->stage);
    }
    return g_string_free(text, FALSE);
}

START_TEST(orders_are_those_of_the_schedules)
{
    struct schedule *one = schedule_equal(schedule_1f1b, 4, 1, 8, 1, 1, 1);
    for (int rank = 0; rank < 4; rank++) {
        g_autofree char *order = order_text(one, rank, false, 16);
        g_autofree char *line = g_strdup_printf("\n    %s      rank %d\n", order, rank);
        ck_assert_msg(strstr(chapter, line) != NULL, "the chapter lacks the line “%s”", line);
    }
    schedule_free(one);
    struct schedule *several = schedule_equal(schedule_interleaved, 4, 2, 8, 1, 1, 1);
    g_autofree char *begin = order_text(several, 0, true, 20);
    g_autofree char *line = g_strdup_printf("\n    %s …\n", begin);
    ck_assert_msg(strstr(chapter, line) != NULL, "the chapter lacks the line “%s”", line);
    schedule_free(several);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------------------- */

START_TEST(sets_of_parameters_are_those_that_the_judge_allows)
{
    for (int p = 1; p <= 8; p++) {
        ck_assert_int_eq(pipedream_most_sets(p), p + 2);
        for (int s = 0; s < p; s++)
            for (int m = 1; m <= 9; m++)
                ck_assert_int_eq(pipedream_sets(p, s, m), MIN(p - s, m) + 1);
    }
    ck_assert_ptr_nonnull(strstr(chapter, "**min(p - s, m) + 1** sets of parameters"));
    ck_assert_ptr_nonnull(strstr(chapter, "the check allows p + 2 sets on every rank"));
}
END_TEST

/* ---- TODOs ------------------------------------------------------------------------------------------ */

START_TEST(todos_name_what_their_files_call)
{
    g_autofree char *words = NULL, *errors = NULL;
    int status = -1;
    ck_assert(
        g_spawn_command_line_sync("tools/given --todo pipeline", &words, &errors, &status, NULL));
    ck_assert_msg(status == 0, "%s%s", words, errors);
}
END_TEST

static bool has_word(const char *text, const char *word)
{
    g_autofree char *pattern = g_strdup_printf("(?<![a-z0-9_])%s(?![a-z0-9_])", word);
    return g_regex_match_simple(pattern, text, 0, 0);
}

/* The skeleton of a file. */
static char *skeleton_of(const char *file)
{
    char *text = NULL;
    g_autofree char *path = g_build_filename("skeleton/pipeline", file, NULL);
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    return text;
}

/* What comes at the end of a step, or at another time than in the file that a TODO refers to. */
START_TEST(todos_say_what_is_due_once)
{
    static const char *const files[] = {"train_step_1f1b.c", "train_step_interleaved.c",
                                        "train_step_zero_bubble.c", "train_step_pipedream.c"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = skeleton_of(files[i]);
        ck_assert_msg(has_word(text, "micro_batch_finish"), "%s", files[i]);
    }
    g_autofree char *pipedream = skeleton_of("train_step_pipedream.c");
    ck_assert(has_word(pipedream, "stage_zero_gradients"));
    g_autofree char *interleaved = skeleton_of("train_step_interleaved.c");
    ck_assert_ptr_nonnull(strstr(interleaved, "once for every chunk"));
}
END_TEST

/* A check of programs is named where the last of the files that it judges is written. */
START_TEST(todos_name_every_check)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    struct rubric *rubric = rubric_load("assignments/pipeline/rubric.cfg", errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    int named = 0;
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = &g_array_index(rubric->checks, struct rubric_check, i);
        if (check->runs->len == 0)
            continue;
        const char *file = g_ptr_array_index(check->files, check->files->len - 1);
        g_autofree char *text = skeleton_of(file);
        ck_assert_msg(has_word(text, check->name), "%s is not named in %s", check->name, file);
        named++;
    }
    ck_assert_int_gt(named, 40);
    rubric_free(rubric);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("what the chapter says in numbers");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, table_has_what_the_judges_count_with, 0, (int)G_N_ELEMENTS(rows));
    tcase_add_test(tests, orders_are_those_of_the_schedules);
    tcase_add_test(tests, sets_of_parameters_are_those_that_the_judge_allows);
    tcase_add_test(tests, todos_name_what_their_files_call);
    tcase_add_test(tests, todos_say_what_is_due_once);
    tcase_add_test(tests, todos_name_every_check);
    tcase_set_timeout(tests, 60.0);
    suite_add_tcase(suite, tests);
    return suite;
}
