/*
 * The solutions of every assignment get all points that can be judged here; its
 * skeleton gets none, and its first TODO is named.
 */
#include "grader/run/runner_command.h"
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

static char *const *assignments;

#define MOST_LINES 75 /* of the terminal's report */

static struct graded grade(const char *assignment, const char *submission)
{
    grading_begin(assignment);
    struct graded graded = grading_call("--assignment", assignment, "--submission", submission,
                                        "--out", grading_out, NULL);
    ck_assert_msg(graded.status == 0, TEST_LONG, graded.printed);
    g_auto(GStrv) lines = g_strsplit(graded.printed, "\n", -1);
    ck_assert_msg(g_strv_length(lines) <= MOST_LINES, "%u lines", g_strv_length(lines));
    return graded;
}

/* Is it for a person, or does it, or what comes before it, need a simulator or data that this machine
 * does not have? */
static bool may_be_open(const struct rubric *rubric, const struct rubric_check *check)
{
    if (!check->judge)
        return true;
    for (guint i = 0; i < check->runs->len; i++) {
        const struct rubric_run *run = RUBRIC_RUNS(check, i);
        g_autofree char *missing = NULL;
        if ((run->simulated && !test_has_simulator()) || !runner_arguments(run, &missing, NULL))
            return true;
    }
    for (guint i = 0; i < check->after->len; i++)
        if (may_be_open(rubric, rubric_find(rubric, check->after->pdata[i])))
            return true;
    return false;
}

START_TEST(the_solutions_get_full_marks)
{
    struct graded graded = grade(assignments[_i], "solutions");
    g_autofree char *path = g_build_filename("assignments", assignments[_i], "rubric.cfg", NULL);
    g_autoptr(GString) errors = g_string_new(NULL);
    struct rubric *rubric = rubric_load(path, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    ck_assert_uint_eq(json_array_size(graded.tests), rubric->checks->len);
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        const char *status = graded_status(&graded, check->name);
        ck_assert_msg(strcmp(status, "passed") == 0 || (!*status && may_be_open(rubric, check)),
                      "%s: \"%s\"\n" TEST_LONG, check->name, status,
                      graded_output(&graded, check->name));
    }
    rubric_free(rubric);
    json_t *extra = json_object_get(graded.results, "extra_data");
    double judged = json_number_value(json_object_get(extra, "judged_points")) +
                    json_number_value(json_object_get(extra, "judged_bonus"));
    ck_assert_double_gt(judged, 0);
    ck_assert_double_eq_tol(json_number_value(json_object_get(graded.results, "score")), judged,
                            1e-9);
    static const char *const reports[] = {"report.md", "report.html", "results.json"};
    for (guint k = 0; k < G_N_ELEMENTS(reports); k++) {
        g_autofree char *report = g_build_filename(grading_out, reports[k], NULL);
        ck_assert(g_file_test(report, G_FILE_TEST_IS_REGULAR));
    }
    graded_clear(&graded);
    grading_end();
}
END_TEST

START_TEST(an_untouched_skeleton_gets_nothing_and_is_told_where_to_begin)
{
    struct graded graded = grade(assignments[_i], "skeleton");
    ck_assert_double_eq(json_number_value(json_object_get(graded.results, "score")), 0);
    grading_assert_says(json_string_value(json_object_get(graded.results, "output")),
                        "Begin with `");
    grading_assert_says(graded.printed, "Nothing is written yet. Begin with skeleton/");
    grading_assert_says(graded.printed, "is still to be written");
    ck_assert_msg(!strstr(graded.printed, "FAIL"), TEST_LONG, graded.printed);
    ck_assert_msg(!strstr(graded.printed, "for a person"), TEST_LONG, graded.printed);
    graded_clear(&graded);
    grading_end();
}
END_TEST

Suite *test_suite(void)
{
    int count;
    assignments = test_assignments(NULL, &count);
    Suite *suite = suite_create("full marks");
    TCase *tests = tcase_create("grade");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, the_solutions_get_full_marks, 0, count);
    tcase_add_loop_test(tests, an_untouched_skeleton_gets_nothing_and_is_told_where_to_begin, 0,
                        count);
    suite_add_tcase(suite, tests);
    return suite;
}
