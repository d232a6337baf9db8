/* The points of a student: the sum by hand, with a person's, late, and with reviews that can't count. */
#include "class/students/points.h"

#include "class/students/records.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *folder;
static struct student *student;
static GString *problems;

static void write_in(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(student->folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(parent, 0755), 0);
    ck_assert_msg(record_write_text(path, text, -1, problems), "%s", problems->str);
}

/* A grade of four checks: 1.2 of 2 points by judges, 0.25 more as a bonus, 0.5 for a person, 0.3 not judged. */
#define CHECK(name, state, bonus, points, most)                                                    \
    "{\"name\": \"" name "\", \"title\": \"T\", \"visibility\": \"visible\", \"seen\": \"\", "     \
    "\"state\": \"" state "\", \"bonus\": " bonus ", \"points\": " points                          \
    ", \"max_points\": " most "}"
static void write_grade(void)
{
    write_in("lesson/run.json", "{\"finished\": true, \"exit_status\": 0}");
    write_in(
        "lesson/record.json",
        "{\"points\": {\"got\": 1.2, \"judged\": 2.0, \"all\": 2.8}, "
        "\"bonus\": {\"got\": 0.25, \"judged\": 0.5, \"all\": 0.7}, \"checks\": [" CHECK(
            "a", "PASS", "false", "1.2",
            "1.2") "," CHECK("b", "FAIL", "false", "0",
                             "0.8") "," CHECK("open", "not judged", "false", "0",
                                              "0.3") "," CHECK("read", "for a person", "false", "0",
                                                               "0.5") "," CHECK("more", "PASS",
                                                                                "true", "0.25",
                                                                                "0.5") "," CHECK("r"
                                                                                                 "e"
                                                                                                 "a"
                                                                                                 "d"
                                                                                                 "_"
                                                                                                 "m"
                                                                                                 "o"
                                                                                                 "r"
                                                                                                 "e",
                                                                                                 "f"
                                                                                                 "o"
                                                                                                 "r"
                                                                                                 " "
                                                                                                 "a"
                                                                                                 " "
                                                                                                 "p"
                                                                                                 "e"
                                                                                                 "r"
                                                                                                 "s"
                                                                                                 "o"
                                                                                                 "n",
                                                                                                 "t"
                                                                                                 "r"
                                                                                                 "u"
                                                                                                 "e",
                                                                                                 "0",
                                                                                                 "0"
                                                                                                 "."
                                                                                                 "2") "]}");
}

static void begin(void)
{
    folder = test_folder_new();
    student = student_new(folder, "ada");
    problems = g_string_new(NULL);
    write_grade();
}

static void end(void)
{
    student_free(student);
    g_string_free(problems, TRUE);
    test_folder_free(folder);
}

static struct final_points points_now(void)
{
    struct graded *graded = graded_read(student, "lesson", problems);
    ck_assert_msg(graded != NULL, "%s", problems->str);
    const struct final_points points = points_of(student, graded, problems);
    graded_free(graded);
    return points;
}

START_TEST(nothing_is_reviewed_yet)
{
    const struct final_points points = points_now();
    ck_assert(points.is_graded);
    ck_assert_double_eq_tol(points.final, 1.45, 1e-12);
    ck_assert_double_eq_tol(points.all, 2.8, 1e-12);
    ck_assert_double_eq_tol(points.for_a_person, 0.7, 1e-12);
    ck_assert_double_eq_tol(points.not_reviewed, 0.7, 1e-12);
    ck_assert_double_eq_tol(points.not_judged, 0.3, 1e-12);
    ck_assert_str_eq(problems->str, "");
}
END_TEST

START_TEST(a_person_gives_points)
{
    write_in("review-lesson.json",
             "{\"items\": [{\"check\": \"read\", \"points\": 0.4, \"max_points\": "
             "0.5, \"comments\": [\"Good.\"], \"reviewers\": [\"x\"]}, "
             "{\"check\": \"read_more\", \"points\": 0.1}]}");
    const struct final_points points = points_now();
    ck_assert_double_eq_tol(points.by_person, 0.4, 1e-12);
    ck_assert_double_eq_tol(points.bonus, 0.35, 1e-12);
    ck_assert_double_eq_tol(points.not_reviewed, 0, 1e-12);
    ck_assert_double_eq_tol(points.final, 1.2 + 0.4 + 0.35, 1e-12);
    ck_assert_str_eq(problems->str, "");
}
END_TEST

/* 1.45 * 0.9 = 1.305, which is 1.31: a tie goes up, also where binary fractions lie a little below it. */
START_TEST(who_is_late_gets_less_of_all)
{
    student->factor = 0.9;
    ck_assert_double_eq_tol(points_now().final, 1.31, 1e-12);
    student->factor = 0;
    ck_assert_double_eq_tol(points_now().final, 0, 1e-12);
}
END_TEST

static const struct {
    const char *review;
    const char *words;
    double final;
} odd_reviews[] = {
    {"{\"items\": [{\"check\": \"read\", \"points\": 50}]}", "0 to 0.5; 0.5 count", 1.95},
    {"{\"items\": [{\"check\": \"read\", \"points\": -1}]}", "0 to 0.5; 0 count", 1.45},
    {"{\"items\": [{\"check\": \"b\", \"points\": 0.8}]}", "not for a person", 1.45},
    {"{\"items\": [{\"check\": \"nobody\", \"points\": 0.8}]}", "not for a person", 1.45},
    {"{\"items\": [{\"check\": \"read\"}]}", "is no review", 1.45},
    {"{\"items\": 3}", "is no review", 1.45},
    {"{\"items\": [", "review-lesson.json:1:", 1.45},
};

START_TEST(odd_reviews_are_told)
{
    write_in("review-lesson.json", odd_reviews[_i].review);
    ck_assert_double_eq_tol(points_now().final, odd_reviews[_i].final, 1e-12);
    ck_assert_msg(strstr(problems->str, odd_reviews[_i].words), "%s", problems->str);
}
END_TEST

START_TEST(no_grade_is_no_points)
{
    const struct final_points points = points_of(student, NULL, problems);
    ck_assert(!points.is_graded);
    ck_assert_double_eq(points.final, 0);
    ck_assert_double_eq(points.factor, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("points");
    TCase *tests = tcase_create("points");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, nothing_is_reviewed_yet);
    tcase_add_test(tests, a_person_gives_points);
    tcase_add_test(tests, who_is_late_gets_less_of_all);
    tcase_add_loop_test(tests, odd_reviews_are_told, 0, G_N_ELEMENTS(odd_reviews));
    tcase_add_test(tests, no_grade_is_no_points);
    suite_add_tcase(suite, tests);
    return suite;
}
