/* Handing in the pipeline: the solutions can be packed and their curves drawn. */
#include "common/files/curve.h"
#include "handin/handin.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

static void write_curve(const char *path)
{
    struct curve_writer *file = curve_create(path);
    for (int step = 0; step < 30; step++)
        curve_append(file, &(struct curve_point){.step = step,
                                                 .samples = 64 * (step + 1),
                                                 .loss = 2.4 / (1 + step),
                                                 .accuracy = 0.5});
    curve_finish(file);
}

static int handin(const char *command, const char *folder)
{
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_autofree char *curves = g_build_filename(folder, "curves", NULL);
    char *arguments[] = {"handin",   (char *)command, "--assignment", "pipeline",  "--out", out,
                         "--curves", curves,          "--submission", "solutions", NULL};
    return handin_main(10, arguments);
}

START_TEST(the_solutions_can_be_handed_in)
{
    char *folder = test_folder_new();
    g_autofree char *curves = g_build_filename(folder, "curves", NULL);
    g_autofree char *curve = g_build_filename(curves, "curve.csv", NULL);
    g_autofree char *path = g_build_filename(folder, "out", "submission.md", NULL), *text = NULL;
    ck_assert_int_eq(g_mkdir(curves, 0755), 0);
    write_curve(curve);
    ck_assert_int_eq(handin("pack", folder), 0);
    ck_assert_int_eq(handin("plot", folder), 0);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(text, "](data:image/png;base64,iVBOR"));
    ck_assert_ptr_nonnull(strstr(text, "void distribute_layers("));
    ck_assert_ptr_null(strstr(text, "No answer."));
    struct test_run tar = test_run_command("tar -tzf %s/out/pipeline.tar.gz", folder);
    ck_assert_ptr_nonnull(strstr(tar.output, "pipeline/train_step_afab.c\n"));
    test_run_clear(&tar);
    test_folder_free(folder);
}
END_TEST

/* Nobody is kept from handing in by a curve that a run left behind, by one that is missing in the kit, or by a
 * picture that can't be drawn. */
START_TEST(damaged_curves_stop_nobody)
{
    char *folder = test_folder_new();
    g_autofree char *curves = g_build_filename(folder, "curves", NULL);
    g_autofree char *good = g_build_filename(curves, "good.csv", NULL);
    g_autofree char *bad = g_build_filename(curves, "bad.csv", NULL);
    g_autofree char *archive = g_build_filename(folder, "out", "pipeline.tar.gz", NULL);
    g_autofree char *path = g_build_filename(folder, "out", "submission.md", NULL);
    g_autofree char *picture = g_build_filename(curves, "curves.png", NULL);
    ck_assert_int_eq(g_mkdir(curves, 0755), 0);
    ck_assert(g_file_set_contents(bad, CURVE_HEADER "\n", -1, NULL));

    ck_assert_int_eq(handin("plot", folder), 1); /* there is nothing to draw */
    ck_assert_int_eq(handin("pack", folder), 0);
    ck_assert(g_file_test(archive, G_FILE_TEST_EXISTS));
    g_autofree char *without = NULL, *with = NULL, *tabled = NULL;
    ck_assert(g_file_get_contents(path, &without, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(without, "bad.csv: holds no step"));
    ck_assert_ptr_nonnull(strstr(without, "There is no learning curve."));

    write_curve(good);
    ck_assert_int_eq(handin("plot", folder), 0);
    ck_assert_int_eq(handin("pack", folder), 0);
    ck_assert(g_file_get_contents(path, &with, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(with, "bad.csv: holds no step"));
    ck_assert_ptr_nonnull(strstr(with, "](data:image/png;base64,iVBOR"));
    ck_assert_ptr_nonnull(strstr(with, "(one process) | good |"));

    ck_assert_int_eq(g_unlink(picture), 0);
    ck_assert_int_eq(g_mkdir(picture, 0755), 0); /* where gnuplot would write */
    ck_assert_int_eq(handin("pack", folder), 0);
    ck_assert(g_file_get_contents(path, &tabled, NULL, NULL));
    ck_assert_ptr_null(strstr(tabled, "](data:image/png;base64,"));
    ck_assert_ptr_nonnull(strstr(tabled, "(one process) | good |"));
    test_folder_free(folder);
}
END_TEST

/* As the grader does: a question that nothing was added to is no answer, and a short answer is one. */
START_TEST(an_answer_is_more_than_the_skeleton_has)
{
    char *folder = test_folder_new();
    struct test_run copied =
        test_run_command("bash -c \"mkdir %s/mine && cp -R skeleton/pipeline %s/mine && sed -i "
                         "'s/^## How it was tested/Each rank computes its stage.\\n\\n&/' "
                         "%s/mine/pipeline/answers.md\"",
                         folder, folder, folder);
    ck_assert_int_eq(copied.status, 0);
    struct test_run packed =
        test_run_command("%s/handin/handin pack --assignment pipeline --submission %s/mine "
                         "--out %s/out --curves %s/curves",
                         test_build_folder(), folder, folder, folder);
    ck_assert_msg(packed.status == 0, "%s", packed.output);
    ck_assert_ptr_null(strstr(packed.output, "nothing is written below “How it works”"));
    ck_assert_ptr_nonnull(strstr(packed.output, "nothing is written below “How it was tested”"));
    test_run_clear(&copied);
    test_run_clear(&packed);
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("handing in the pipeline");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, the_solutions_can_be_handed_in);
    tcase_add_test(tests, damaged_curves_stop_nobody);
    tcase_add_test(tests, an_answer_is_more_than_the_skeleton_has);
    suite_add_tcase(suite, tests);
    return suite;
}
