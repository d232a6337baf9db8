/*
 * Data that are not there, damaged, or not the same for all ranks: the program ends on all
 * ranks before the first step, and says once what is wrong and where. Rank 0 opens the
 * images and the last rank the labels, so neither sees it by itself.
 */
#include "assignments/pipeline/tests/support/trained.h"
#include "tests/support/dataset_files.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN "--batch 6 --micro-batches 2 --model mlp:depth=2,width=8 --epochs 2 --quiet"

static int times_in(const char *text, const char *words)
{
    int times = 0;
    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        times++;
    return times;
}

/* It ends with status 1, and says these words once. */
static void says_once(const struct test_run *run, const char *words)
{
    ck_assert_msg(run->status == 1, "status %d:\n" TEST_LONG, run->status, run->output);
    ck_assert_msg(times_in(run->output, words) == 1, "“%s”:\n" TEST_LONG, words, run->output);
    ck_assert_msg(times_in(run->output, "--data") == 1, TEST_LONG, run->output);
}

static void refused(int ranks, const char *arguments, const char *words)
{
    struct trained run = trained_run("solutions", ranks, arguments);
    says_once(&(struct test_run){.status = run.status, .output = run.output}, words);
    trained_clear(&run);
}

START_TEST(missing_data_is_explained)
{
    g_setenv("FASHION_MNIST_DIR", "/nowhere", TRUE);
    refused(2, RUN, "FASHION_MNIST_DIR names \"/nowhere\"");
}
END_TEST

START_TEST(damaged_images_are_explained)
{
    dataset_files_write_fashion_mnist(dataset_files_folder, 24, 3);
    ck_assert_int_eq(truncate(dataset_files_path("train-images-idx3-ubyte"), 5000), 0);
    refused(4, RUN, "train-images-idx3-ubyte: 5000 bytes, expected 18832");
}
END_TEST

START_TEST(labels_of_another_set_are_noticed)
{
    static const char labels[8 + 18] = {0, 0, 8, 1, 0, 0, 0, 18};
    dataset_files_write_fashion_mnist(dataset_files_folder, 24, 3);
    dataset_files_write("train-labels-idx1-ubyte", labels, sizeof labels);
    refused(2, RUN, "has 24 images, but");
}
END_TEST

/* Each rank is given the folder that its computer has. */
static struct test_run run_in_two_folders(const char *other)
{
    g_autofree char *script = g_build_filename(dataset_files_folder, "elsewhere", NULL);
    g_autofree char *program = test_program(false, "solutions/pipeline"), *text = NULL;
    text = g_strdup_printf("#!/bin/sh\n[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && "
                           "export FASHION_MNIST_DIR='%s'\nexec '%s' \"$@\"\n",
                           other, program);
    ck_assert(g_file_set_contents(script, text, -1, NULL));
    ck_assert_int_eq(g_chmod(script, 0755), 0);
    return test_run_command("exec tools/launch 2 %s " RUN, script);
}

START_TEST(ranks_that_see_other_data_are_told)
{
    g_autofree char *other = g_build_filename(dataset_files_folder, "other", NULL);
    ck_assert_int_eq(g_mkdir(other, 0755), 0);
    dataset_files_write_fashion_mnist(dataset_files_folder, 24, 3);
    dataset_files_write_fashion_mnist(other, 24, 3);
    struct test_run run = run_in_two_folders(other); /* another folder, the same samples */
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    test_run_clear(&run);

    dataset_files_write_fashion_mnist(other, 24, 4);
    run = run_in_two_folders(other);
    says_once(&run, "the ranks see different data: rank 0 has 24 samples");
    test_run_clear(&run);

    dataset_files_write_fashion_mnist(other, 12, 3); /* so that rank 1 would be through sooner */
    run = run_in_two_folders(other);
    g_autofree char *words = g_strdup_printf("rank 1 12 in %s/train-images", other);
    says_once(&run, words);
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("data of the pipeline");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, dataset_files_begin, dataset_files_end);
    tcase_add_test(tests, missing_data_is_explained);
    tcase_add_test(tests, damaged_images_are_explained);
    tcase_add_test(tests, labels_of_another_set_are_noticed);
    tcase_add_test(tests, ranks_that_see_other_data_are_told);
    suite_add_tcase(suite, tests);
    return suite;
}
