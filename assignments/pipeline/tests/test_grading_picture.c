/*
 * The curves of a right run part between the windows that are judged. Who looks at them is told what is judged,
 * where that is, and on which data.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

static void setup(void)
{
    grading_begin("pipeline");
}

START_TEST(the_picture_of_convergence_says_what_is_judged)
{
    struct graded graded = grading_run("convergence_cifar10");
    g_autofree char *path =
        g_build_filename(grading_out, "convergence_cifar10-run-1-curve.gnuplot", NULL);
    g_autofree char *script = NULL;
    ck_assert(g_file_get_contents(path, &script, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(script, "Judged is each window by itself"));
    ck_assert_ptr_nonnull(strstr(script, "title \"what is judged: 5 steps each\""));
    static const int begins[] = {0, 100, 200, 400, 600}; /* as the rubric says */
    for (guint i = 0; i < G_N_ELEMENTS(begins); i++) {
        g_autofree char *window =
            g_strdup_printf("rectangle from %d,graph 0 to %d,graph 1", begins[i], begins[i] + 5);
        ck_assert_msg(strstr(script, window) != NULL, "no %s", window);
    }
    const bool instead = strstr(graded.printed, "Fashion-MNIST in place of CIFAR-10: training");
    ck_assert_ptr_nonnull(strstr(script, instead ? "trained on Fashion-MNIST (CIFAR-10 is not here)"
                                                 : "trained on CIFAR-10\""));
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pictures of graded pipelines");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_picture_of_convergence_says_what_is_judged);
    suite_add_tcase(suite, tests);
    return suite;
}
