/* The grader against mutants of the solutions, in a hurry: each of them by the checks that it is
 * about and, of these, by the first run where that is enough. `make mutants` grades all of them by
 * all checks. */
#include "grader/judges/mistakes.h"
#include "grader/rubric.h"
#include "grader/tests/mutants_look.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>

#define FEWEST_WRONG 100
#define FEWEST_RIGHT 20

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

START_TEST(wrong_ones_are_caught_and_right_ones_accepted)
{
    g_autofree char *build = build_folder();
    GPtrArray *mutants = mutants_read(MUTANTS_FOLDER);
    struct mutant_work *work = g_new0(struct mutant_work, mutants->len);
    GString *surprises = g_string_new(NULL);
    struct mutants_kit kit;
    ck_assert_msg(mutants_kit_open(&kit, build, surprises), "%s", surprises->str);
    for (guint i = 0; i < mutants->len; i++) {
        work[i] = (struct mutant_work){.mutant = mutants->pdata[i], .look = MUTANT_FAST};
        mutant_result_init(&work[i].result);
    }
    ck_assert(mutants_look(&kit, work, mutants->len, 2, NULL));
    for (guint i = 0; i < mutants->len; i++) {
        if (work[i].result.surprises->len > 0)
            g_string_append_printf(surprises, "%s: %s", work[i].mutant->name,
                                   work[i].result.surprises->str);
        mutant_result_clear(&work[i].result);
    }
    mutants_kit_close(&kit);
    ck_assert_msg(surprises->len == 0, "%s", surprises->str);
    g_string_free(surprises, TRUE);
    g_free(work);
    g_ptr_array_unref(mutants);
}
END_TEST

/* Judges use one thread each; the libraries read that when they are loaded. */
static void start_again_with_one_thread(char **argv)
{
    if (g_getenv("OMP_NUM_THREADS"))
        return;
    setenv("OMP_NUM_THREADS", "1", 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    (void)argc;
    start_again_with_one_thread(argv);
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
