/* The grader against the mutants of every assignment, in a hurry: each of them, or those of the
 * assignment's sample, by the checks that it is about and, of these, by the first run where that is
 * enough. `make mutants` grades all of them by all checks. */
#include "common/base/environment.h"
#include "grader/rubric/rubric.h"
#include "tests/mutants/headlines.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static char *const *assignments; /* those with mutants */

static struct rubric *load_rubric(const char *assignment)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    g_autofree char *path = g_build_filename("assignments", assignment, "rubric.cfg", NULL);
    struct rubric *rubric = rubric_load(path, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    return rubric;
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
    struct rubric *rubric = load_rubric(assignments[_i]);
    GPtrArray *mutants = mutants_read(assignments[_i]);
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
    ck_assert_int_ge(wrong, 1);
    ck_assert_int_ge(right, 1);
    GPtrArray *sample = mutants_sample(mutants);
    guint right_of_sample = 0;
    for (guint i = 0; i < sample->len; i++)
        right_of_sample += mutant_is_right(sample->pdata[i]);
    ck_assert_uint_ge(right_of_sample, 1);
    ck_assert_uint_gt(sample->len, right_of_sample);
    g_ptr_array_unref(sample);
    g_ptr_array_unref(mutants);
    rubric_free(rubric);
}
END_TEST

START_TEST(every_check_is_failed_by_a_mutant)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    g_autofree char *folder = mutants_folder(assignments[_i]);
    struct rubric *rubric = load_rubric(assignments[_i]);
    ck_assert_msg(rubric_is_covered(rubric, "rubric.cfg", folder, errors), "%s", errors->str);
    rubric_free(rubric);
}
END_TEST

/* Somebody has read what each report begins with; none of it is false, and under 3% lead astray. */
START_TEST(headlines_are_true)
{
    const struct mutants_headlines count = mutants_count_headlines(assignments[_i]);
    GPtrArray *mutants = mutants_read(assignments[_i]);
    for (guint i = 0; i < mutants->len; i++) {
        const struct mutant *mutant = mutants->pdata[i];
        ck_assert_msg(mutant_is_right(mutant) ||
                          mutants_has_headline(assignments[_i], mutant->name),
                      "headlines.md has no row of %s: make mutants ARGS=\"--fast --headlines\"",
                      mutant->name);
    }
    ck_assert_int_eq(count.unread, 0);
    ck_assert_int_eq(count.wrong, 0);
    ck_assert_int_lt(100 * count.misleading, 3 * count.rows);
    g_ptr_array_unref(mutants);
}
END_TEST

START_TEST(wrong_ones_are_caught_and_right_ones_accepted)
{
    const char *assignment = assignments[_i];
    GPtrArray *mutants = mutants_read(assignment), *sample = mutants_sample(mutants);
    struct mutant_work *work = g_new0(struct mutant_work, sample->len);
    g_autoptr(GString) surprises = g_string_new(NULL);
    struct mutants_kit kit;
    ck_assert_msg(mutants_kit_open(&kit, assignment, test_build_folder(), NULL, surprises), "%s",
                  surprises->str);
    for (guint i = 0; i < sample->len; i++) {
        work[i] = (struct mutant_work){.mutant = sample->pdata[i], .look = MUTANT_FAST};
        mutant_result_init(&work[i].result);
    }
    ck_assert(mutants_look(&kit, work, sample->len, 2, NULL));
    for (guint i = 0; i < sample->len; i++) {
        if (work[i].result.surprises->len > 0)
            g_string_append_printf(surprises, "%s: %s", work[i].mutant->name,
                                   work[i].result.surprises->str);
        mutant_result_clear(&work[i].result);
    }
    mutants_kit_close(&kit);
    fputs(surprises->str, stderr); /* too long for a message where many are surprising */
    ck_assert_msg(surprises->len == 0, "not judged as its file says: see above");
    g_free(work);
    g_ptr_array_unref(sample);
    g_ptr_array_unref(mutants);
}
END_TEST

Suite *test_suite(void)
{
    environment_start_again((char *[]){(char *)"test_mutants", NULL});
    int count;
    assignments = test_assignments("mutants", &count);
    Suite *suite = suite_create("mutants");
    TCase *files = tcase_create("files");
    TCase *grading = tcase_create("grading");
    tcase_add_loop_test(files, every_mutant_says_what_must_come_of_it, 0, count);
    tcase_add_loop_test(files, every_check_is_failed_by_a_mutant, 0, count);
    tcase_add_loop_test(files, headlines_are_true, 0, count);
    tcase_add_loop_test(grading, wrong_ones_are_caught_and_right_ones_accepted, 0, count);
    tcase_set_timeout(grading, 900);
    suite_add_tcase(suite, files);
    suite_add_tcase(suite, grading);
    return suite;
}
