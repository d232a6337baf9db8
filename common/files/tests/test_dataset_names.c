/*
 * Data sets that there are not: names that say nothing, variables that name no
 * folder, and parts that were not opened.
 */
#include "common/base/fatal.h"
#include "common/files/dataset.h"
#include "tests/support/dataset_files.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <unistd.h>

static char error[DATASET_ERROR_SIZE];

/* A wrong environment variable is an error, even where the data would be found elsewhere. */
START_TEST(wrong_variable)
{
    setenv("FASHION_MNIST_DIR", "/nowhere", 1);
    ck_assert(!dataset_present("fashion-mnist", error));
    dataset_files_assert_says(error, "FASHION_MNIST_DIR names \"/nowhere\"");
    dataset_files_assert_says(error, "datasets/get fashion-mnist");
    setenv("CIFAR10_DIR", "/nowhere", 1);
    ck_assert(!dataset_present("cifar10", error));
    dataset_files_assert_says(error, "CIFAR10_DIR names \"/nowhere\"");
    dataset_files_assert_says(error, "datasets/get cifar10");
}
END_TEST

static const struct {
    const char *name;
    const char *words;
} bad_names[] = {
    {"", "there is no data set \"\""},
    {"mnist", "it must be fashion-mnist, cifar10, synthetic, text or synthetic-text"},
    {"cifar10:train=5", "there is no data set"},
    {"synthetical", "there is no data set"},
    {"synthetic:", "\"\" is no option"},
    {"synthetic:train", "\"train\" is no option"},
    {"synthetic:train=", "train is a number from 1"},
    {"synthetic:train=5,", "\"\" is no option"},
    {"synthetic:train=5x", "\"train=5x\""},
    {"synthetic:train= 5", "\"train= 5\""},
    {"synthetic:train=0", "train is a number from 1"},
    {"synthetic:train=-5", "train is a number from 1"},
    {"synthetic:train=99999999999999999999", "train is a number from 1"},
    {"synthetic:channels=5", "channels is a number from 1 to 4"},
    {"synthetic:classes=1", "classes is a number from 2 to 65536"},
    {"synthetic:classes=65536,height=256,width=256", "at most 536870911 pixels in all pictures"},
    {"synthetic:colour=3", "there are channels, height, width, train, test and classes"},
    {"synthetic:height=256,width=256,train=1000000", "too many"},
    {"texts", "there is no data set"},
    {"text:", "\"\" is no option; there is tokens, as in text:tokens=2"},
    {"text:tokens=1", "tokens is a number from 2 to 65536"},
    {"text:tokens=65537", "tokens is a number from 2 to 65536"},
    {"text:train=5", "\"train=5\" is no option"},
    {"synthetic-text:vocabulary=1", "vocabulary is a number from 2 to 65536"},
    {"synthetic-text:tokens=64,test=0", "test is a number from 1"},
    {"synthetic-text:width=3", "there are tokens, vocabulary, train and test"},
    {"synthetic-texts", "there is no data set"},
};

START_TEST(bad_name)
{
    struct data_shape data;
    ck_assert(!dataset_describe(bad_names[_i].name, &data, error));
    dataset_files_assert_says(error, bad_names[_i].words);
    ck_assert_int_eq(dataset_count(bad_names[_i].name, DATASET_TRAIN, error), -1);
    ck_assert_ptr_null(dataset_open(bad_names[_i].name, DATASET_TRAIN, true, true, 1, error));
}
END_TEST

/* --- misuse ------------------------------------------------------------------ */

#define SMALL "synthetic:channels=2,height=5,width=7,train=300,test=200,classes=4"

static void exit_at_once(void)
{
    _exit(EXIT_FAILURE); /* without a search for leaks */
}

/* Misuse ends the program with status 1. */
START_TEST(fatal_misuse)
{
    fatal_set_hook(exit_at_once);
    struct dataset *labels = dataset_open(SMALL, DATASET_TRAIN, false, true, 1, error);
    struct dataset *images = dataset_open(SMALL, DATASET_TRAIN, true, false, 1, error);
    int32_t label;
    static float inputs[70];
    int number = _i == 3 ? -1 : _i == 2 ? 300 : 0;
    if (_i == 0)
        dataset_gather_inputs(labels, &number, 1, inputs);
    else if (_i == 1)
        dataset_gather_labels(images, &number, 1, &label);
    else if (_i == 2)
        dataset_gather_inputs(images, &number, 1, inputs);
    else if (_i == 3)
        dataset_gather_labels(labels, &number, 1, &label);
    else
        dataset_open(SMALL, DATASET_TRAIN, false, false, 1, error);
}
END_TEST

Suite *test_suite(void)
{
    int names = (int)(sizeof bad_names / sizeof *bad_names);

    Suite *suite = suite_create("dataset_names");
    TCase *tests = tcase_create("dataset_names");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, dataset_files_begin, dataset_files_end);
    tcase_add_test(tests, wrong_variable);
    tcase_add_loop_test(tests, bad_name, 0, names);
    suite_add_tcase(suite, tests);
    TCase *misuse = tcase_create("misuse");
    tcase_add_loop_exit_test(misuse, fatal_misuse, 1, 0, 5);
    suite_add_tcase(suite, misuse);
    return suite;
}
