/* The reports: made from a grade that was put together here, with nasty text in all places. */
#include "grader/grade/causes.h"
#include "grader/grade/grade_notes.h"
#include "grader/report/report.h"
#include "grader/text/text.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

#define NASTY "<script>alert(1)</script> | `x` ![p](http://evil/p.png) \033[31m # [l](javascript:x)"

static struct rubric rubric;
static struct collection collection;
static struct build build;
static struct grade grade;

static struct rubric_check make_check(const char *name, double points, const struct judge *judge)
{
    return (struct rubric_check){.name = (char *)name,
                                 .title = g_strconcat("Title of ", name, NULL),
                                 .points = points,
                                 .question = (char *)"Q7",
                                 .judge = judge,
                                 .files = g_ptr_array_new(),
                                 .after = g_ptr_array_new(),
                                 .visibility = (char *)"visible",
                                 .look = (char *)"look at this",
                                 .runs = g_array_new(FALSE, TRUE, sizeof(struct rubric_run))};
}

static void add_run(struct check_result *result, enum run_end end)
{
    struct run_summary run = {.ranks = 4,
                              .end = end,
                              .seconds = 1.5,
                              .seed = 12345,
                              .command = g_strdup("make train NP=4 ARGS=\"--seed 12345\""),
                              .trouble = g_strdup("exit status 1"),
                              .output = g_strdup("```\n" NASTY "\n")};
    g_array_append_val(result->runs, run);
}

static void setup(void)
{
    static struct judge judge = {.name = "judge"};
    struct rubric_tier tier = {.name = (char *)"Tier 1 of 5", .points = 1.0};
    struct rubric_check checks[] = {make_check("good", 0.3, &judge), make_check("bad", 0.5, &judge),
                                    make_check("open", 0.2, NULL)};
    rubric = (struct rubric){.assignment = (char *)"lesson",
                             .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                             .tiers = g_array_new(FALSE, TRUE, sizeof(struct rubric_tier)),
                             .checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check))};
    g_array_append_val(rubric.tiers, tier);
    g_array_append_vals(rubric.checks, checks, 3);
    collection =
        (struct collection){.name = (char *)"<b>alice</b>",
                            .files = g_array_new(FALSE, TRUE, sizeof(struct collected_file))};
    build = (struct build){.files = g_array_new(FALSE, TRUE, sizeof(struct built_file))};
    grade = (struct grade){
        .rubric = &rubric, .collection = &collection, .build = &build, .out = g_get_tmp_dir()};
    grade_init(&grade);
    struct check_result *good = GRADE_RESULTS(&grade, 0), *bad = GRADE_RESULTS(&grade, 1);
    good->done = bad->done = GRADE_RESULTS(&grade, 2)->done = true;
    verdict_set(good->verdict, VERDICT_PASS, "all runs agree");
    good->points = 0.3;
    add_run(good, RUN_FINISHED);
    verdict_set(bad->verdict, VERDICT_FAIL, "found %s", NASTY);
    g_string_assign(bad->verdict->mistake, "loss not divided by m");
    verdict_explain(bad->verdict, "Expected 1, found 4.\n\n<img src=x onerror=alert(2)>\n");
    add_run(bad, RUN_FAILED);
    verdict_set(GRADE_RESULTS(&grade, 2)->verdict, VERDICT_NOT_JUDGED, "set aside for a person");
}

static void teardown(void)
{
    grade_clear(&grade);
    for (guint i = 0; i < rubric.checks->len; i++) {
        struct rubric_check *check = RUBRIC_CHECKS(&rubric, i);
        g_free(check->title);
        g_ptr_array_free(check->files, TRUE);
        g_ptr_array_free(check->after, TRUE);
        g_array_free(check->runs, TRUE);
    }
    g_array_free(rubric.files, TRUE);
    g_array_free(rubric.tiers, TRUE);
    g_array_free(rubric.checks, TRUE);
    g_array_free(build.files, TRUE);
    g_array_free(collection.files, TRUE);
}

static char *terminal_of(const struct report_screen *screen)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    g_clear_pointer(&grade.causes, g_ptr_array_unref);
    causes_find(&grade);
    report_terminal(&grade, to, screen);
    fclose(to);
    return text;
}

static char *terminal_text(bool colour)
{
    return terminal_of(&(struct report_screen){colour, REPORT_WIDTH, "out/report.html"});
}

static char *html_of(const char *folder)
{
    return report_html(&grade, folder);
}

/* How often does a text occur? */
static int count(const char *text, const char *part)
{
    int times = 0;
    for (const char *c = text; (c = strstr(c, part)); c++)
        times++;
    return times;
}

START_TEST(points_not_judged_stand_apart)
{
    struct points points = grade_points(&grade, -1);
    ck_assert_double_eq_tol(points.got, 0.3, 1e-9);
    ck_assert_double_eq_tol(points.judged, 0.8, 1e-9);
    ck_assert_double_eq_tol(points.all, 1.0, 1e-9);
    g_autofree char *score = report_score(&grade);
    ck_assert_str_eq(score, "0.30 of 0.80 judged points, 0.20 not yet judged");
    verdict_set(GRADE_RESULTS(&grade, 2)->verdict, VERDICT_FAIL, "no");
    g_free(score);
    score = report_score(&grade);
    ck_assert_str_eq(score, "0.30 of 1.00 points");
}
END_TEST

/* Whoever got less time is told so; hanging alone is no reason. */
START_TEST(haste_is_told)
{
    struct check_result *bad = GRADE_RESULTS(&grade, 1);
    add_run(bad, RUN_HUNG);
    grade.hung = 3;
    grade_note_haste(&grade);
    ck_assert_uint_eq(grade.notes->len, 0);
    struct run_summary *run = &g_array_index(bad->runs, struct run_summary, 1);
    g_free(run->trouble);
    run->trouble = g_strdup("stopped after 3.1 seconds (" RUNNER_HASTE ")");
    grade_note_haste(&grade);
    ck_assert_uint_eq(grade.notes->len, 1);
    ck_assert_ptr_nonnull(strstr(grade.notes->pdata[0], "3 checks had a run that hung"));
    ck_assert_ptr_nonnull(strstr(grade.notes->pdata[0], "runs of 1 checks were ended"));
}
END_TEST

/* A second tier that is a bonus, with one check that passed. */
static void add_bonus(void)
{
    static struct judge judge = {.name = "judge"};
    struct rubric_tier tier = {.name = (char *)"Beyond", .points = 0.6, .bonus = true};
    struct rubric_check check = make_check("extra", 0.6, &judge);
    check.tier = 1;
    g_array_append_val(rubric.tiers, tier);
    g_array_append_val(rubric.checks, check);
    struct check_result result = {.check = RUBRIC_CHECKS(&rubric, 3),
                                  .verdict = verdict_new(),
                                  .done = true,
                                  .points = 0.6,
                                  .runs = g_array_new(FALSE, TRUE, sizeof(struct run_summary))};
    verdict_set(result.verdict, VERDICT_PASS, "well done");
    g_array_append_val(grade.results, result);
    for (guint i = 0; i < 3; i++) /* the array may have moved */
        GRADE_RESULTS(&grade, i)->check = RUBRIC_CHECKS(&rubric, i);
}

/* Whoever reads it did nothing wrong, and whoever grades must mend something. */
START_TEST(what_the_machine_left_open_stands_first)
{
    struct verdict *verdict = GRADE_RESULTS(&grade, 1)->verdict;
    grade_note(&grade, "Another note.");
    grade_note_machine(&grade);
    ck_assert_uint_eq(grade.notes->len, 1);
    verdict_not_judged(verdict, CULPRIT_MACHINE, "the disk is full");
    ck_assert_int_eq(grade_left_by(&grade, CULPRIT_MACHINE), 1);
    struct check_result *after = GRADE_RESULTS(&grade, 2);
    verdict_not_judged(after->verdict, CULPRIT_MACHINE, "needs bad first");
    after->needs = GRADE_RESULTS(&grade, 1);
    grade_note_machine(&grade);
    ck_assert_uint_eq(grade.notes->len, 2);
    const char *note = grade.notes->pdata[0];
    ck_assert_ptr_nonnull(strstr(note, "the disk is full"));
    g_autofree char *checks = g_strdup_printf("Not judged: `bad`, `%s`.", after->check->name);
    ck_assert_ptr_nonnull(strstr(note, checks));
    ck_assert_ptr_null(strstr(note, "needs bad first")); /* follows from it */
    g_autofree char *json = report_json(&grade);
    ck_assert_ptr_nonnull(strstr(json, "\"culprit: the machine\""));
}
END_TEST

START_TEST(a_bonus_counts_on_top)
{
    add_bonus();
    struct points points = grade_points(&grade, POINTS_WITHOUT_BONUS);
    struct points bonus = grade_points(&grade, POINTS_OF_BONUS);
    ck_assert_double_eq_tol(points.got, 0.3, 1e-9);
    ck_assert_double_eq_tol(points.all, 1.0, 1e-9);
    ck_assert_double_eq_tol(bonus.got, 0.6, 1e-9);
    ck_assert_double_eq_tol(bonus.all, 0.6, 1e-9);
    static const char score[] =
        "0.30 of 0.80 judged points, 0.20 not yet judged, and bonus 0.60 of 0.60";
    g_autofree char *terminal = terminal_text(false), *html = html_of("/");
    ck_assert_ptr_nonnull(strstr(terminal, score));
    ck_assert_ptr_nonnull(strstr(terminal, "Beyond  (bonus 0.60 of 0.60, on top)"));
    ck_assert_ptr_nonnull(strstr(html, score));
    ck_assert_ptr_nonnull(strstr(html, "bonus 0.60 of 0.60, on top"));
    g_autofree char *text = report_json(&grade);
    json_t *root = json_loads(text, 0, NULL);
    ck_assert_double_eq_tol(json_number_value(json_object_get(root, "score")), 0.9, 1e-9);
    json_t *test = json_array_get(json_object_get(root, "tests"), 3);
    ck_assert_str_eq(json_string_value(json_object_get(test, "name")), "Bonus: Title of extra");
    ck_assert_double_eq_tol(json_number_value(json_object_get(test, "score")), 0.6, 1e-9);
    json_decref(root);
}
END_TEST

/* The last line that is not empty is the one command, and the score stands right before what to do. */
START_TEST(the_terminal_ends_with_the_score_and_what_to_do)
{
    g_autofree char *text = terminal_text(false);
    const char *parts[] = {
        "Tier 1 of 5  (0.30 of 0.80 judged points, 0.20 not yet judged)",
        "PASS             0.30 of 0.30  Title of good",
        "FAIL             0.00 of 0.50  Title of bad",
        "for a person        - of 0.20  Title of open",
        "What to mend",
        "loss not divided by m",
        "look at this",
        "Expected 1, found 4.",
        "The whole report: out/report.html",
        "0.30 of 0.80 judged points, 0.20 not yet judged (0 s)\nNext: mend this cause",
        "\n    make grade ASSIGNMENT=lesson CHECK=bad SEED=12345\n"};
    const char *from = text;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        const char *found = strstr(from, parts[i]);
        ck_assert_msg(found != NULL, "no \"%s\" behind the others in:\n%s", parts[i], text);
        from = found + strlen(parts[i]);
    }
    ck_assert_str_eq(from, "");
    ck_assert_int_eq(count(text, "    make "), 1);
}
END_TEST

/* No line is wider than the terminal, but for what can't be broken. */
START_TEST(a_narrow_terminal_is_kept_to)
{
    for (int width = 40; width <= REPORT_WIDTH; width += 8) {
        g_autofree char *text =
            terminal_of(&(struct report_screen){false, width, "out/report.html"});
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
            ck_assert_msg(g_utf8_strlen(*line, -1) <= width || strstr(*line, "    make ") ||
                              strstr(*line, "0.20 not yet") || strstr(*line, "javascript"),
                          "%d: %s", width, *line);
    }
}
END_TEST

START_TEST(a_mistake_is_told_once)
{
    static const struct mistake mistake = {"summed twice", "It is twice as large.", "the sums"};
    struct verdict *verdict = GRADE_RESULTS(&grade, 1)->verdict;
    verdict_name_mistake(verdict, &mistake);
    GString *markdown = report_markdown(&grade);
    ck_assert_int_eq(count(markdown->str, "fits a known mistake"), 1);
    g_string_free(markdown, TRUE);
}
END_TEST

/* What failed decides what to look at; the rubric's is said where the judge knows nothing better. */
START_TEST(what_to_look_at_is_chosen_by_what_failed)
{
    struct verdict *verdict = GRADE_RESULTS(&grade, 1)->verdict;
    g_autofree char *rubrics = terminal_text(false);
    ck_assert_ptr_nonnull(strstr(rubrics, "Look at this: look at this."));
    verdict_look(verdict, "the wait for it");
    g_autofree char *own = terminal_text(false);
    ck_assert_ptr_nonnull(strstr(own, "Look at this: the wait for it."));
    ck_assert_ptr_null(strstr(own, "look at this."));
    GString *markdown = report_markdown(&grade);
    ck_assert_int_eq(count(markdown->str, "Look at this next"), 1);
    g_string_free(markdown, TRUE);
    verdict_explain(verdict, "\nLook at the wait for it.\n");
    markdown = report_markdown(&grade);
    ck_assert_int_eq(count(markdown->str, "Look at this next"), 0);
    g_string_free(markdown, TRUE);
}
END_TEST

START_TEST(the_terminal_has_colours_only_when_asked)
{
    g_autofree char *grey = terminal_text(false), *colours = terminal_text(true);
    ck_assert_ptr_null(strchr(grey, '\033'));
    ck_assert_ptr_nonnull(strstr(colours, "\033[31m"));
    /* the submission's own escape sequence is gone: only ours are left */
    ck_assert_ptr_null(strstr(colours, "p.png) \033"));
}
END_TEST

/* ---- Gradescope's format ------------------------------------------------------------------------------------ */

/* The keys of https://gradescope-autograders.readthedocs.io/en/latest/specs/, and what each may be. */
static const struct key {
    const char *name;
    enum { NUMBER, TEXT, TEXTS, TESTS, ANYTHING } type;
    const char *values; /* of a text, with blanks around each; NULL: any */
} of_all[] = {{"score", NUMBER, NULL},
              {"execution_time", NUMBER, NULL},
              {"output", TEXT, NULL},
              {"output_format", TEXT, " text html simple_format md ansi "},
              {"test_output_format", TEXT, " text html simple_format md ansi "},
              {"test_name_format", TEXT, " text html simple_format md ansi "},
              {"visibility", TEXT, " hidden after_due_date after_published visible "},
              {"stdout_visibility", TEXT, " hidden after_due_date after_published visible "},
              {"extra_data", ANYTHING, NULL},
              {"tests", TESTS, NULL},
              {NULL, ANYTHING, NULL}},
  of_test[] = {{"score", NUMBER, NULL},
               {"max_score", NUMBER, NULL},
               {"status", TEXT, " passed failed "},
               {"name", TEXT, NULL},
               {"name_format", TEXT, " text html simple_format md ansi "},
               {"number", TEXT, NULL},
               {"output", TEXT, NULL},
               {"output_format", TEXT, " text html simple_format md ansi "},
               {"tags", TEXTS, NULL},
               {"visibility", TEXT, " hidden after_due_date after_published visible "},
               {"extra_data", ANYTHING, NULL},
               {NULL, ANYTHING, NULL}};

static void assert_is(const struct key *key, const json_t *value)
{
    size_t i;
    json_t *text;
    switch (key->type) {
    case NUMBER:
        ck_assert_msg(json_is_number(value) && json_number_value(value) >= 0, "%s", key->name);
        return;
    case TEXT: {
        ck_assert_msg(json_is_string(value), "%s", key->name);
        ck_assert_msg(g_utf8_validate(json_string_value(value), -1, NULL), "%s", key->name);
        g_autofree char *word = g_strdup_printf(" %s ", json_string_value(value));
        ck_assert_msg(!key->values || strstr(key->values, word), "%s is%s", key->name, word);
        return;
    }
    case TEXTS:
        json_array_foreach(value, i, text)
        {
            ck_assert_msg(json_is_string(text), "%s", key->name);
        }
        __attribute__((fallthrough));
    case TESTS:
        ck_assert_msg(json_is_array(value), "%s", key->name);
        return;
    case ANYTHING:
        ck_assert_msg(json_is_object(value), "%s", key->name);
        return;
    }
}

static void assert_has_only(json_t *object, const struct key *keys)
{
    const char *name;
    json_t *value;
    ck_assert(json_is_object(object));
    json_object_foreach(object, name, value)
    {
        const struct key *key = keys;
        while (key->name && strcmp(key->name, name) != 0)
            key++;
        ck_assert_msg(key->name != NULL, "the format has no %s", name);
        assert_is(key, value);
    }
}

/* results.json, which keeps to the format, whatever is in it. */
static json_t *results_in_format(void)
{
    g_autofree char *text = report_json(&grade);
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error), *test;
    ck_assert_msg(root != NULL, "%s", error.text);
    assert_has_only(root, of_all);
    size_t i;
    double sum = 0;
    json_array_foreach(json_object_get(root, "tests"), i, test)
    {
        assert_has_only(test, of_test);
        const double score = json_number_value(json_object_get(test, "score"));
        ck_assert_double_le(score, json_number_value(json_object_get(test, "max_score")));
        /* what has a score can be compared with its maximum, and what has none has no colour */
        ck_assert(!json_object_get(test, "score") == !json_object_get(test, "max_score"));
        ck_assert(!json_object_get(test, "score") == !json_object_get(test, "status"));
        sum += score;
    }
    ck_assert_double_eq_tol(json_number_value(json_object_get(root, "score")), sum, 1e-9);
    return root;
}

START_TEST(json_is_what_gradescope_reads)
{
    g_free(RUBRIC_CHECKS(&rubric, 0)->title);
    RUBRIC_CHECKS(&rubric, 0)->title = g_strdup("Größe “λ” ✓ \xff");
    json_t *root = results_in_format();
    json_t *tests = json_object_get(root, "tests");
    ck_assert_uint_eq(json_array_size(tests), 3);
    json_t *good = json_array_get(tests, 0), *bad = json_array_get(tests, 1);
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(good, "name")), "Größe “λ” ✓"));
    ck_assert_str_eq(json_string_value(json_object_get(good, "status")), "passed");
    ck_assert_str_eq(json_string_value(json_object_get(bad, "status")), "failed");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(bad, "tags"), 0)), "Q7");
    const char *output = json_string_value(json_object_get(bad, "output"));
    ck_assert_ptr_nonnull(strstr(output, "Expected 1, found 4."));
    json_decref(root);
}
END_TEST

static bool is_tagged(const json_t *test, const char *tag)
{
    size_t i;
    json_t *text;
    json_array_foreach(json_object_get(test, "tags"), i, text)
    {
        if (strcmp(json_string_value(text), tag) == 0)
            return true;
    }
    return false;
}

/* What costs nothing is information, and no zero out of some points; what is not written yet costs as much as a
 * failure. */
START_TEST(json_has_no_zero_for_what_costs_nothing)
{
    struct verdict *verdict = GRADE_RESULTS(&grade, 1)->verdict;
    json_t *root = results_in_format();
    json_t *person = json_array_get(json_object_get(root, "tests"), 2);
    ck_assert_ptr_null(json_object_get(person, "score"));
    ck_assert(is_tagged(person, "for a person"));
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(person, "output")),
                                 "0.20 points, which a person gives."));
    json_decref(root);
    verdict_not_judged(verdict, CULPRIT_MACHINE, "the disk is full");
    root = results_in_format();
    json_t *open = json_array_get(json_object_get(root, "tests"), 1);
    ck_assert_ptr_null(json_object_get(open, "score"));
    ck_assert(is_tagged(open, "not judged") && is_tagged(open, "culprit: the machine"));
    json_decref(root);
    verdict_set(verdict, VERDICT_FAIL, "lesson/bad.c:3 is still to be written");
    verdict->basis = BASIS_UNWRITTEN;
    root = results_in_format();
    json_t *unwritten = json_array_get(json_object_get(root, "tests"), 1);
    ck_assert_double_eq(json_number_value(json_object_get(unwritten, "score")), 0);
    ck_assert_double_eq_tol(json_number_value(json_object_get(unwritten, "max_score")), 0.5, 1e-9);
    ck_assert(is_tagged(unwritten, "not yet written"));
    json_decref(root);
}
END_TEST

START_TEST(html_has_no_code_of_the_submissions)
{
    g_autofree char *html = html_of("/");
    ck_assert_ptr_null(strstr(html, "<script"));
    ck_assert_ptr_null(strstr(html, "<img src=x"));
    ck_assert_ptr_null(strstr(html, "<b>alice"));
    ck_assert_ptr_null(strstr(html, "href=\"javascript"));
    ck_assert_ptr_null(strstr(html, "src=\"http"));
    ck_assert_ptr_null(strchr(html, '\033'));
    ck_assert_ptr_nonnull(strstr(html, "&lt;script&gt;alert(1)"));
    ck_assert_ptr_nonnull(strstr(html, "<title>lesson: &lt;b&gt;alice&lt;/b&gt;</title>"));
}
END_TEST

START_TEST(html_keeps_tables_whole)
{
    g_autofree char *html = html_of("/");
    /* tier: a row for the head and three checks; runs: head and two */
    ck_assert_int_eq(count(html, "<tr role=\"row\">") + count(html, "<tr id=\"row-"), 4);
    /* and the tier in that of points; runs: head and two */
    ck_assert_int_eq(count(html, "<tr>"), 2 + 3);
    ck_assert_int_eq(count(html, "<table"), 3);
    /* on a phone the checks are shown otherwise than other tables */
    ck_assert_int_eq(count(html, "<table class=\"checks\" role=\"table\">"), 1);
    ck_assert_ptr_nonnull(strstr(html, "@media"));
}
END_TEST

START_TEST(html_holds_the_pictures)
{
    g_autofree char *folder = g_dir_make_tmp("report-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "bad-picture.svg", NULL);
    ck_assert(g_file_set_contents(path, "<svg/>", -1, NULL));
    struct verdict *verdict = GRADE_RESULTS(&grade, 1)->verdict;
    verdict_show_picture(verdict, "bad-picture.svg", NULL);
    verdict_show_picture(verdict, "missing.svg", "what is not there");
    verdict_show_picture(verdict, "../../../../etc/passwd.svg", NULL);
    g_autofree char *html = html_of(folder);
    ck_assert_int_eq(count(html, "data:image/svg+xml;base64,PHN2Zy8+"), 1);
    ck_assert_int_eq(count(html, "<img "), 1);
    g_unlink(path);
    g_rmdir(folder);
}
END_TEST

/* The picture of a check that passed stands beside its figures; without anything to say there is
 * no empty heading. */
START_TEST(what_passed_has_its_figures)
{
    struct check_result *good = GRADE_RESULTS(&grade, 0);
    verdict_explain(good->verdict, "27.27 %% measured, 27.27 %% expected");
    GString *markdown = report_markdown(&grade);
    ck_assert_ptr_null(strstr(markdown->str, "27.27"));
    ck_assert_ptr_nonnull(strstr(markdown->str, "## Details"));
    g_string_free(markdown, TRUE);
    verdict_show_picture(good->verdict, "good-picture.svg", NULL);
    markdown = report_markdown(&grade);
    ck_assert_ptr_nonnull(strstr(markdown->str, "27.27 % measured, 27.27 % expected"));
    g_string_free(markdown, TRUE);
    verdict_forget_pictures(good->verdict);
    for (guint i = 1; i < grade.results->len; i++)
        verdict_set(GRADE_RESULTS(&grade, i)->verdict, VERDICT_PASS, "fine");
    markdown = report_markdown(&grade);
    ck_assert_ptr_null(strstr(markdown->str, "## Details"));
    g_string_free(markdown, TRUE);
}
END_TEST

START_TEST(an_untouched_skeleton_is_told_where_to_begin)
{
    grade.begin_here = g_strdup("All the TODOs are still there. Begin with `a.c`.");
    g_autofree char *html = html_of("/"), *json = report_json(&grade);
    ck_assert_ptr_nonnull(strstr(html, "Begin with <code>a.c</code>"));
    ck_assert_ptr_nonnull(strstr(json, "Begin with `a.c`"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, points_not_judged_stand_apart);
    tcase_add_test(tests, haste_is_told);
    tcase_add_test(tests, what_the_machine_left_open_stands_first);
    tcase_add_test(tests, a_bonus_counts_on_top);
    tcase_add_test(tests, the_terminal_ends_with_the_score_and_what_to_do);
    tcase_add_test(tests, a_narrow_terminal_is_kept_to);
    tcase_add_test(tests, what_to_look_at_is_chosen_by_what_failed);
    tcase_add_test(tests, a_mistake_is_told_once);
    tcase_add_test(tests, the_terminal_has_colours_only_when_asked);
    tcase_add_test(tests, json_is_what_gradescope_reads);
    tcase_add_test(tests, json_has_no_zero_for_what_costs_nothing);
    tcase_add_test(tests, html_has_no_code_of_the_submissions);
    tcase_add_test(tests, html_keeps_tables_whole);
    tcase_add_test(tests, html_holds_the_pictures);
    tcase_add_test(tests, what_passed_has_its_figures);
    tcase_add_test(tests, an_untouched_skeleton_is_told_where_to_begin);
    suite_add_tcase(suite, tests);
    return suite;
}
