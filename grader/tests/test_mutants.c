/* The grader against mutants of the solutions, in a hurry: each of them by the checks that it is
 * about. `make mutants` grades all of them by all checks. */
#include "grader/judges/mistakes.h"
#include "grader/rubric.h"
#include "grader/tests/mutants.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>

#define FEWEST_WRONG 25
#define FEWEST_RIGHT 6

/* BUILD/tests/…/test_mutants is running. */
static char *build_folder(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    ck_assert_ptr_nonnull(self);
    char *tests = strstr(self, "/tests/");
    ck_assert_ptr_nonnull(tests);
    return g_strndup(self, (gsize)(tests - self));
}

static void check_names(const struct mutant *mutant, const GPtrArray *names,
                        const struct rubric *rubric)
{
    for (guint i = 0; i < names->len; i++) {
        const struct rubric_check *check = rubric_find(rubric, names->pdata[i]);
        ck_assert_msg(check && check->judge, "%s.cfg: no judge decides about \"%s\"", mutant->name,
                      (char *)names->pdata[i]);
    }
}

START_TEST(every_mutant_says_what_must_come_of_it)
{
    GString *errors = g_string_new(NULL);
    struct rubric *rubric = rubric_load("assignments/pipeline/rubric.cfg", errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    GPtrArray *mutants = mutants_read(MUTANTS_FOLDER);
    int wrong = 0, right = 0;
    for (guint i = 0; i < mutants->len; i++) {
        const struct mutant *mutant = mutants->pdata[i];
        ck_assert_msg(mutant->trouble->len == 0, "%s.cfg: %s", mutant->name, mutant->trouble->str);
        ck_assert_msg(mutant->fast->len > 0, "%s.cfg: nothing to look at", mutant->name);
        check_names(mutant, mutant->fails, rubric);
        check_names(mutant, mutant->passes, rubric);
        check_names(mutant, mutant->fast, rubric);
        wrong += !mutant_is_right(mutant);
        right += mutant_is_right(mutant);
    }
    ck_assert_int_ge(wrong, FEWEST_WRONG);
    ck_assert_int_ge(right, FEWEST_RIGHT);
    g_ptr_array_unref(mutants);
    rubric_free(rubric);
    g_string_free(errors, TRUE);
}
END_TEST

START_TEST(every_check_is_failed_by_a_mutant)
{
    GString *errors = g_string_new(NULL);
    struct rubric *rubric = rubric_load("assignments/pipeline/rubric.cfg", errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    ck_assert_msg(rubric_is_covered(rubric, MUTANTS_FOLDER, errors), "%s", errors->str);
    rubric_free(rubric);
    g_string_free(errors, TRUE);
}
END_TEST

struct work {
    const struct mutant *mutant;
    const char *build;
    GString *surprises;
};

static void grade_one(gpointer data, gpointer unused)
{
    struct work *work = data;
    (void)unused;
    g_autofree char *checks = mutant_fast_checks(work->mutant);
    struct mutant_result result = mutant_grade(work->mutant, work->build, checks, "1");
    g_string_assign(work->surprises, result.surprises->str);
    mutant_result_clear(&result);
}

START_TEST(wrong_ones_are_caught_and_right_ones_accepted)
{
    g_autofree char *build = build_folder();
    GPtrArray *mutants = mutants_read(MUTANTS_FOLDER);
    struct work *work = g_new0(struct work, mutants->len);
    GString *surprises = g_string_new(NULL);
    GThreadPool *pool = g_thread_pool_new(grade_one, NULL, 2, FALSE, NULL);
    for (guint i = 0; i < mutants->len; i++) {
        work[i] = (struct work){mutants->pdata[i], build, g_string_new(NULL)};
        g_thread_pool_push(pool, &work[i], NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < mutants->len; i++) {
        if (work[i].surprises->len > 0)
            g_string_append_printf(surprises, "%s: %s", work[i].mutant->name,
                                   work[i].surprises->str);
        g_string_free(work[i].surprises, TRUE);
    }
    ck_assert_msg(surprises->len == 0, "%s", surprises->str);
    g_string_free(surprises, TRUE);
    g_free(work);
    g_ptr_array_unref(mutants);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mutants");
    TCase *files = tcase_create("files");
    TCase *grading = tcase_create("grading");
    tcase_add_test(files, every_mutant_says_what_must_come_of_it);
    tcase_add_test(files, every_check_is_failed_by_a_mutant);
    tcase_add_test(grading, wrong_ones_are_caught_and_right_ones_accepted);
    tcase_set_timeout(grading, 900);
    suite_add_tcase(suite, files);
    suite_add_tcase(suite, grading);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
