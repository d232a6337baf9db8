/* The structure of report.html, read by a small reader of its own: what nests, where links lead, what stands open; and what
 * a folder of reports keeps. */
#include "grader/grade/causes.h"
#include "grader/grade/grade_notes.h"
#include "grader/report/report.h"
#include "grader/report/report_shown.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>

#define TODO   "lesson/first.c:7 is still to be written"
#define CHECKS 8

static struct rubric rubric;
static struct collection collection;
static struct build build;
static struct seeds seeds = {.submission = (char *)"0123",
                             .secret = {.bytes = (char *)"secret", .length = 6}};
static struct grade grade;
static char *out, *pictures;

/* Two of them are the same deadlock, three wait for one TODO, and nobody has begun with the bonus. */
static const struct {
    const char *name;
    enum verdict_kind kind;
    enum verdict_basis basis;
    const char *headline, *needs;
    bool bonus, person;
} checks[CHECKS] = {
    {"good", VERDICT_PASS, 0, "all runs agree", NULL, false, false},
    {"stuck", VERDICT_FAIL, BASIS_SEEN, "deadlock at step.c:3", NULL, false, false},
    {"stuck_too", VERDICT_FAIL, BASIS_SEEN, "deadlock at step.c:3", NULL, false, false},
    {"first", VERDICT_FAIL, BASIS_UNWRITTEN, TODO, NULL, false, false},
    {"second", VERDICT_FAIL, BASIS_SEEN, "needs first first", "first", false, false},
    {"essay", VERDICT_NOT_JUDGED, 0, "200 words, to be judged by a person", NULL, false, true},
    {"more", VERDICT_FAIL, BASIS_UNWRITTEN, TODO, NULL, true, false},
    {"and_more", VERDICT_FAIL, BASIS_SEEN, "needs more first", "more", true, false}};

static struct check_result *result_of(const char *name)
{
    for (guint i = 0; i < grade.results->len; i++)
        if (strcmp(GRADE_RESULTS(&grade, i)->check->name, name) == 0)
            return GRADE_RESULTS(&grade, i);
    ck_abort_msg("%s", name);
}

static void add_checks(void)
{
    static struct judge judge = {.name = "judge"};
    for (int i = 0; i < CHECKS; i++) {
        struct rubric_check check = {.name = (char *)checks[i].name,
                                     .title = (char *)"A title with <i>",
                                     .points = 0.5,
                                     .tier = checks[i].bonus ? 1 : 0,
                                     .judge = checks[i].person ? NULL : &judge,
                                     .files = g_ptr_array_new(),
                                     .about = g_ptr_array_new(),
                                     .after = g_ptr_array_new(),
                                     .builds_on = g_ptr_array_new(),
                                     .look = (char *)"the place",
                                     .visibility = (char *)"visible",
                                     .runs = g_array_new(FALSE, TRUE, sizeof(struct rubric_run))};
        g_ptr_array_add(check.files, (char *)"step.c");
        g_array_append_val(rubric.checks, check);
    }
}

static void judge_checks(void)
{
    for (int i = 0; i < CHECKS; i++) {
        struct check_result *result = result_of(checks[i].name);
        result->done = true;
        verdict_set(result->verdict, checks[i].kind, "%s", checks[i].headline);
        result->verdict->basis = checks[i].basis;
        result->points = checks[i].kind == VERDICT_PASS ? 0.5 : 0;
        result->needs = checks[i].needs ? result_of(checks[i].needs) : NULL;
    }
    verdict_explain(result_of("stuck")->verdict,
                    "# Far too high\n\n| | who |\n|---|---|\n| 0 | 1 |\n\n"
                    "```\nrank 0  F0  B0\nrank 1  F1  B1\n```\n");
    verdict_show_picture(result_of("stuck")->verdict, "stuck-run-1-waits.svg",
                         "who \"waits\" for whom");
}

static void setup(void)
{
    struct rubric_tier tiers[2] = {{.name = (char *)"Tier & first", .points = 3},
                                   {.name = (char *)"Beyond", .points = 1, .bonus = true}};
    out = g_dir_make_tmp("report-XXXXXX", NULL);
    pictures = g_dir_make_tmp("pictures-XXXXXX", NULL);
    rubric = (struct rubric){.assignment = (char *)"lesson",
                             .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                             .tiers = g_array_new(FALSE, TRUE, sizeof(struct rubric_tier)),
                             .checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check))};
    g_array_append_vals(rubric.tiers, tiers, 2);
    add_checks();
    build = (struct build){.files = g_array_new(FALSE, TRUE, sizeof(struct built_file))};
    collection =
        (struct collection){.name = (char *)"alice & bob",
                            .files = g_array_new(FALSE, TRUE, sizeof(struct collected_file))};
    grade = (struct grade){.rubric = &rubric,
                           .collection = &collection,
                           .build = &build,
                           .seeds = &seeds,
                           .kit = "test",
                           .out = out,
                           .pictures = pictures};
    grade_init(&grade);
    judge_checks();
    causes_find(&grade);
}

static void remove_folder(char *folder)
{
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

static void teardown(void)
{
    grade_clear(&grade);
    for (guint i = 0; i < rubric.checks->len; i++) {
        struct rubric_check *check = RUBRIC_CHECKS(&rubric, i);
        g_ptr_array_free(check->files, TRUE);
        g_ptr_array_free(check->about, TRUE);
        g_ptr_array_free(check->after, TRUE);
        g_ptr_array_free(check->builds_on, TRUE);
        g_array_free(check->runs, TRUE);
    }
    g_array_free(rubric.files, TRUE);
    g_array_free(rubric.tiers, TRUE);
    g_array_free(rubric.checks, TRUE);
    g_array_free(build.files, TRUE);
    g_array_free(collection.files, TRUE);
    remove_folder(out);
    remove_folder(pictures);
}

static void put(const char *folder, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    ck_assert(g_file_set_contents(path, content, -1, NULL));
}

static bool is_there(const char *name)
{
    g_autofree char *path = g_build_filename(out, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static int count(const char *text, const char *part)
{
    int times = 0;
    for (const char *c = text; (c = strstr(c, part)); c++)
        times++;
    return times;
}

/* The elements of the page in their order: "h2", "/h2", … with their attributes. */
static GPtrArray *elements(const char *html)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    for (const char *c = html; (c = strchr(c, '<')); c++)
        if (c[1] != '!')
            g_ptr_array_add(found, g_strndup(c + 1, strcspn(c + 1, ">")));
    return found;
}

static char *name_of(const char *element)
{
    return g_strndup(element, strcspn(element, " \n"));
}

/* The value of an attribute; NULL: it has none of that name. */
static char *attribute(const char *element, const char *name)
{
    g_autofree char *begin = g_strdup_printf(" %s=\"", name);
    const char *found = strstr(element, begin);
    return found ? g_strndup(found + strlen(begin), strcspn(found + strlen(begin), "\"")) : NULL;
}

START_TEST(what_opens_closes)
{
    g_autofree char *html = report_html(&grade, pictures);
    g_autoptr(GPtrArray) all = elements(html), open = g_ptr_array_new_with_free_func(g_free);
    static const char *const alone[] = {"meta", "img", "br", "hr", "col", NULL};
    for (guint i = 0; i < all->len; i++) {
        g_autofree char *name = name_of(all->pdata[i]);
        if (g_strv_contains(alone, name) || g_str_has_suffix(all->pdata[i], "/"))
            continue;
        if (*name != '/') {
            g_ptr_array_add(open, g_steal_pointer(&name));
            continue;
        }
        ck_assert_uint_gt(open->len, 0);
        ck_assert_str_eq(open->pdata[open->len - 1], name + 1);
        g_ptr_array_set_size(open, (int)open->len - 1);
    }
    ck_assert_uint_eq(open->len, 0);
}
END_TEST

START_TEST(links_lead_to_places_that_are_there_once)
{
    g_autofree char *html = report_html(&grade, pictures);
    g_autoptr(GPtrArray) all = elements(html);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int links = 0;
    for (guint i = 0; i < all->len; i++) {
        char *id = attribute(all->pdata[i], "id");
        if (id)
            ck_assert_msg(g_hash_table_add(ids, id), "two places with the id %s", id);
    }
    for (guint i = 0; i < all->len; i++) {
        g_autofree char *to = attribute(all->pdata[i], "href");
        if (!to)
            continue;
        links++;
        ck_assert_int_eq(to[0], '#');
        ck_assert_msg(g_hash_table_contains(ids, to + 1), "a link to %s, which is not there", to);
    }
    ck_assert_int_gt(links, 15);
    static const char *const ways[] = {"href=\"#check-stuck\"", "href=\"#row-stuck\"",
                                       "href=\"#cause-1\"", "href=\"#todo-1\"", "href=\"#tier-2\""};
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
        ck_assert_msg(strstr(html, ways[i]) != NULL, "%s", ways[i]);
}
END_TEST

START_TEST(headings_leave_out_no_level)
{
    g_autofree char *html = report_html(&grade, pictures);
    g_autoptr(GPtrArray) all = elements(html);
    int level = 0, ones = 0;
    for (guint i = 0; i < all->len; i++) {
        const char *name = all->pdata[i];
        if (name[0] != 'h' || !g_ascii_isdigit(name[1]))
            continue;
        ck_assert_int_le(name[1] - '0', level + 1);
        level = name[1] - '0';
        ones += level == 1;
    }
    ck_assert_int_eq(ones, 1);
    ck_assert_ptr_nonnull(strstr(html, "<h4>Far too high</h4>"));
}
END_TEST

START_TEST(failures_are_open_and_told_once)
{
    g_autofree char *html = report_html(&grade, pictures);
    static const char *const landmarks[] = {"<header>", "<nav ", "<main ", "<footer>"};
    for (guint i = 0; i < G_N_ELEMENTS(landmarks); i++)
        ck_assert_int_eq(count(html, landmarks[i]), 1);
    const char *told = strstr(html, "id=\"check-stuck\""),
               *same = strstr(html, "id=\"check-stuck_too\"");
    ck_assert(told && same);
    ck_assert_int_eq(count(html, "<details class=\"check\" open>"), 1);
    ck_assert_int_eq(count(html, "<details class=\"check short\" open>"), 1); /* the first TODO */
    ck_assert_int_eq(count(html, "<details class=\"check quiet\">"), 1);
    /* in the causes and in its details; what the other saw is folded */
    ck_assert_int_eq(count(html, "deadlock at step.c:3"), 2 + 1);
    ck_assert_ptr_nonnull(strstr(html, "Mend <a href=\"#causes\">this cause</a>"));
    ck_assert_ptr_nonnull(strstr(html, "cause 1, as in stuck"));
}
END_TEST

START_TEST(what_is_not_written_is_no_failure)
{
    g_autofree char *html = report_html(&grade, pictures);
    GString *markdown = report_markdown(&grade);
    ck_assert_int_eq(count(html, "badge fail\">FAIL<"),
                     2 + 2); /* rows and details of the deadlock */
    ck_assert_int_eq(count(html, "badge todo\">not yet written<"), 2 + 1); /* rows, the TODO */
    ck_assert_int_eq(count(html, "badge person\">for a person<"), 1);
    ck_assert_int_eq(count(html, "class=\"points\">- of 0.50<"), 1); /* no zero yet */
    ck_assert_int_eq(count(markdown->str, " | - of 0.50 | "), 1);
    ck_assert_int_eq(count(html, "badge pass\">PASS<"), 1);
    ck_assert_ptr_nonnull(strstr(html, "None of its 2 checks is written yet."));
    ck_assert_ptr_null(strstr(html, "row-more"));
    ck_assert_ptr_nonnull(strstr(html, "<code>first</code>, <code>second</code>, <code>more</code> "
                                       "and <code>and_more</code> (2.00 points)"));
    ck_assert_int_eq(count(markdown->str, "| not yet written |"), 2);
    ck_assert_int_eq(count(markdown->str, "| FAIL |"), 2);
    ck_assert_ptr_nonnull(strstr(markdown->str, "None of its 2 checks is written yet."));
    ck_assert_ptr_null(strstr(markdown->str, "### not yet written"));
    ck_assert_int_eq(count(markdown->str, "### TODO 1"), 1);
    g_string_free(markdown, TRUE);
}
END_TEST

START_TEST(tables_and_pictures_say_what_they_are)
{
    put(pictures, "stuck-run-1-waits.svg", "<svg width=\"1000\" height=\"300\"></svg>");
    g_autofree char *html = report_html(&grade, pictures);
    ck_assert_int_eq(count(html, "<table"), count(html, "<th scope=\"col\"") > 0 ? 4 : 0);
    ck_assert_int_eq(count(html, "<th>") + count(html, "<th></th>"), 0);
    ck_assert_ptr_nonnull(strstr(html, "<caption>Checks of Tier &amp; first</caption>"));
    ck_assert_ptr_nonnull(strstr(html, "<th scope=\"row\" role=\"rowheader\">"));
    ck_assert_ptr_nonnull(
        strstr(html, "alt=\"who &quot;waits&quot; for whom\" width=\"1000\" height=\"300\""));
    /* what has columns is moved, and not wrapped */
    ck_assert_int_eq(count(html, "<pre class=\"columns\" tabindex=\"0\">"), 1);
    ck_assert_ptr_nonnull(strstr(html, "prefers-color-scheme:dark"));
    /* a check's name has a line of its own; what is quoted in a sentence has not */
    ck_assert_ptr_nonnull(strstr(html, ".checks th code{display:block}"));
    ck_assert_ptr_null(strstr(html, ".checks code{display"));
    ck_assert_ptr_null(strstr(html, "padding:0;display:block}"));
    ck_assert_ptr_nonnull(strstr(html, "@media print"));
    ck_assert_ptr_null(strstr(html, "<script"));
}
END_TEST

/* Of an earlier grade nothing stays; what is not the grader's stays. */
START_TEST(a_folder_keeps_no_earlier_pictures)
{
    g_autoptr(GString) error = g_string_new(NULL);
    put(out, "stuck-run-1-waits.svg", "old");
    put(out, "good-run-2-curve.svg", "old");
    put(out, "good-run-2-curve.png", "old");
    put(out, "my-own.svg", "mine");
    put(out, "good-run-notes.svg", "mine");
    put(pictures, "stuck-run-1-waits.svg", "new");
    ck_assert(report_write(&grade, error));
    ck_assert_str_eq(error->str, "");
    ck_assert(is_there("stuck-run-1-waits.svg") && is_there("report.html"));
    ck_assert(is_there("my-own.svg") && is_there("good-run-notes.svg"));
    ck_assert(!is_there("good-run-2-curve.svg") && !is_there("good-run-2-curve.png"));
}
END_TEST

/* Nothing is removed before its successor is whole. */
START_TEST(where_the_new_can_not_be_read_the_old_stays)
{
    g_autoptr(GString) error = g_string_new(NULL);
    put(out, "good-run-2-curve.svg", "old");
    g_autofree char *path = g_build_filename(pictures, "stuck-run-1-waits.svg", NULL);
    ck_assert_int_eq(g_mkdir(path, 0755), 0); /* no file */
    report_write(&grade, error);
    ck_assert_uint_gt(error->len, 0);
    ck_assert(is_there("good-run-2-curve.svg"));
    g_rmdir(path);
}
END_TEST

static char *content(const char *name)
{
    g_autofree char *path = g_build_filename(out, name, NULL);
    char *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    return text;
}

static void hide(const char *name, const char *visibility)
{
    ((struct rubric_check *)result_of(name)->check)->visibility = (char *)visibility;
}

/* Of 6 checks of half a point, 3 points: stuck and essay are hidden for ever, good until the deadline, the bonus until grades
 * are published, with what needs it. */
static void hide_some(void)
{
    hide("stuck", "hidden");
    hide("essay", "hidden");
    hide("good", "after_due_date");
    hide("more", "after_published");
    grade_note(&grade, "A note about `stuck`, and");
    grade_note(&grade, "a note about nobody.");
    g_clear_pointer(&grade.causes, g_ptr_array_unref);
    causes_find(&grade);
}

static const struct {
    const char *file;
    const char *score;
    bool good, more;
} handed_out[] = {{"report-before-due-date.html", "0.00 of 1.50 points", false, false},
                  {"report-after-due-date.html", "0.50 of 2.00 points", true, false},
                  {"report-published.html", "0.50 of 2.00 points", true, true}};

START_TEST(what_is_handed_out_has_nothing_hidden)
{
    g_autoptr(GString) error = g_string_new(NULL);
    hide_some();
    ck_assert_msg(report_write(&grade, error), "%s", error->str);
    g_autofree char *html = content(handed_out[_i].file), *whole = content("report.html");
    ck_assert(strstr(whole, ">stuck<") && strstr(whole, ">essay<"));
    ck_assert_ptr_null(strstr(html, "essay"));
    /* the same deadlock is told of the other check, which may be seen */
    ck_assert_ptr_null(strstr(html, ">stuck<"));
    ck_assert_ptr_nonnull(strstr(html, ">stuck_too<"));
    ck_assert_ptr_nonnull(strstr(html, "deadlock at step.c:3"));
    ck_assert_int_eq(strstr(html, ">good<") != NULL, handed_out[_i].good);
    ck_assert_int_eq(strstr(html, ">more<") != NULL || strstr(html, "Beyond") != NULL,
                     handed_out[_i].more);
    ck_assert_ptr_null(strstr(html, "A note about"));
    ck_assert_ptr_nonnull(strstr(html, "a note about nobody."));
    ck_assert_msg(strstr(html, handed_out[_i].score), TEST_LONG, html);
}
END_TEST

START_TEST(where_nothing_is_hidden_there_is_one_report)
{
    g_autoptr(GString) error = g_string_new(NULL);
    put(out, "report-published.html", "of an earlier rubric");
    ck_assert_msg(report_write(&grade, error), "%s", error->str);
    for (guint i = 0; i < G_N_ELEMENTS(handed_out); i++)
        ck_assert(!is_there(handed_out[i].file));
}
END_TEST

/* What stands above all tests is read by whoever may read any of them. */
START_TEST(gradescope_is_told_nothing_hidden_but_in_tests)
{
    g_autoptr(GString) error = g_string_new(NULL);
    hide_some();
    ck_assert_msg(report_write(&grade, error), "%s", error->str);
    g_autofree char *json = content("results.json");
    const char *tests = strstr(json, "\"tests\": ");
    const char *above = strstr(json, "\"output\": ");
    ck_assert(tests && above && above < tests);
    g_autofree char *output = g_strndup(above, strcspn(above, "\n"));
    ck_assert_ptr_nonnull(strstr(output, "stuck_too"));
    ck_assert_ptr_null(strstr(output, "`stuck`"));
    ck_assert_ptr_nonnull(strstr(output, "0.00 of 1.50 points"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("report.html");
    TCase *tests = tcase_create("report.html");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_opens_closes);
    tcase_add_test(tests, links_lead_to_places_that_are_there_once);
    tcase_add_test(tests, headings_leave_out_no_level);
    tcase_add_test(tests, failures_are_open_and_told_once);
    tcase_add_test(tests, what_is_not_written_is_no_failure);
    tcase_add_test(tests, tables_and_pictures_say_what_they_are);
    tcase_add_test(tests, a_folder_keeps_no_earlier_pictures);
    tcase_add_test(tests, where_the_new_can_not_be_read_the_old_stays);
    tcase_add_loop_test(tests, what_is_handed_out_has_nothing_hidden, 0, G_N_ELEMENTS(handed_out));
    tcase_add_test(tests, where_nothing_is_hidden_there_is_one_report);
    tcase_add_test(tests, gradescope_is_told_nothing_hidden_but_in_tests);
    suite_add_tcase(suite, tests);
    return suite;
}
