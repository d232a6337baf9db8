/*
 * The real data sets, where they are: what is read is compared with facts about
 * their files, found with Python's gzip.
 */
#include "common/files/dataset.h"
#include "tests/support/dataset_files.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIXELS 784

static char error[DATASET_ERROR_SIZE];

START_TEST(real_fashion_mnist)
{
    static const int train_labels[] = {9, 0, 0, 3, 0, 2, 7, 2, 5, 5};
    static const int test_labels[] = {9, 2, 1, 1, 6, 1, 4, 6, 5, 7};
    unsetenv("FASHION_MNIST_DIR");
    if (!dataset_present("fashion-mnist", error)) {
        fprintf(stderr, "Fashion-MNIST is not here: its test is left out (%s)\n", error);
        return;
    }
    for (int split = DATASET_TRAIN; split <= DATASET_TEST; split++) {
        bool train = split == DATASET_TRAIN;
        struct dataset *dataset =
            dataset_open("fashion-mnist", (enum dataset_split)split, true, true, 1, error);
        ck_assert_msg(dataset != NULL, "%s", error);
        ck_assert_int_eq(dataset_samples(dataset), train ? 60000 : 10000);
        static float inputs[PIXELS];
        int of_class[10] = {0};
        double sum = 0, squares = 0;
        for (int i = 0; i < dataset_samples(dataset); i++) {
            int32_t label;
            dataset_gather_inputs(dataset, &i, 1, inputs);
            dataset_gather_labels(dataset, &i, 1, &label);
            of_class[label]++;
            if (i < 10)
                ck_assert_int_eq(label, train ? train_labels[i] : test_labels[i]);
            double image_sum = 0; /* back to bytes */
            for (int p = 0; p < PIXELS; p++) {
                image_sum += (inputs[p] * 0.3530 + 0.2860) * 255;
                sum += inputs[p];
                squares += inputs[p] * inputs[p];
            }
            if (i == 0)
                ck_assert_double_eq_tol(image_sum, train ? 76247 : 33456, 0.1);
        }
        for (int c = 0; c < 10; c++)
            ck_assert_int_eq(of_class[c], train ? 6000 : 1000);
        double count = (double)dataset_samples(dataset) * PIXELS;
        ck_assert_double_eq_tol(sum / count, 0, train ? 1e-3 : 1e-2);
        ck_assert_double_eq_tol(sqrt(squares / count), 1, train ? 1e-3 : 1e-2);
        dataset_close(dataset);
    }
}
END_TEST

/* ---- files of the original that do not belong together ------------------------------------------- */

#define HERE         "datasets/fashion-mnist/"
#define TRAIN_IMAGES "train-images-idx3-ubyte"
#define TRAIN_LABELS "train-labels-idx1-ubyte"
#define TEST_IMAGES  "t10k-images-idx3-ubyte"
#define TEST_LABELS  "t10k-labels-idx1-ubyte"
static const struct pair {
    const char *images, *labels; /* commands that write them */
    const char *words;           /* NULL: they are accepted */
} pairs[] = {
    {"cat " HERE TRAIN_IMAGES, "cat " HERE TRAIN_LABELS, NULL},
    {"cat " HERE TEST_IMAGES, "cat " HERE TEST_LABELS, NULL}, /* small, but they belong together */
    {"cat " HERE TRAIN_IMAGES, "cat " HERE TEST_LABELS, "has 10000 labels"},
    /* of the same number */
    {"cat " HERE TRAIN_IMAGES,
     "head -c 8 " HERE TRAIN_LABELS "; for i in 1 2 3 4 5 6; do tail -c +9 " HERE TEST_LABELS
     "; done",
     "has labels of Fashion-MNIST's test set"},
    {"cat " HERE TRAIN_IMAGES,
     "head -c 8 " HERE TRAIN_LABELS "; tail -c 1000 " HERE TRAIN_LABELS
     "; tail -c +9 " HERE TRAIN_LABELS " | head -c 59000",
     "has other labels than that: CRC-32"},
    {"cat " HERE TRAIN_IMAGES,
     "head -c 59999 " HERE TRAIN_LABELS "; printf '\\1\\1\\1\\1\\1\\1\\1\\1\\1'",
     "has other labels than that: CRC-32"},
    {"head -c 16 " HERE TEST_IMAGES "; tail -c 7840000 " HERE TRAIN_IMAGES, "cat " HERE TEST_LABELS,
     "has other images than that: CRC-32"},
    /* parts */
    {"printf '\\0\\0\\10\\3\\0\\0\\0\\144\\0\\0\\0\\34\\0\\0\\0\\34'; tail -c +17 " HERE
         TRAIN_IMAGES " | head -c 78400",
     "printf '\\0\\0\\10\\1\\0\\0\\0\\144'; tail -c +9 " HERE TRAIN_LABELS " | head -c 100", NULL},
    {"printf '\\0\\0\\10\\3\\0\\0\\0\\144\\0\\0\\0\\34\\0\\0\\0\\34'; tail -c +17 " HERE
         TRAIN_IMAGES " | head -c 78400",
     "printf '\\0\\0\\10\\1\\0\\0\\0\\144'; tail -c +9 " HERE TEST_LABELS " | head -c 100",
     "has labels of Fashion-MNIST's test set"},
    /* other images, with labels of their own */
    {"head -c 16 " HERE TRAIN_IMAGES "; tail -c +17 " HERE TRAIN_IMAGES " | tr '\\377' '\\376'",
     "head -c 8 " HERE TRAIN_LABELS "; tail -c +9 " HERE TRAIN_LABELS " | tr '\\1' '\\2'", NULL},
};

START_TEST(labels_belong_to_their_images)
{
    unsetenv("FASHION_MNIST_DIR");
    if (access(HERE TRAIN_IMAGES, R_OK) != 0 || !dataset_present("fashion-mnist", error))
        return;
    dataset_files_begin();
    const struct pair *pair = &pairs[_i];
    char command[1024];
    snprintf(command, sizeof command, "{ %s; } >%s && { %s; } >%s", pair->images,
             dataset_files_path(TRAIN_IMAGES), pair->labels, dataset_files_path(TRAIN_LABELS));
    ck_assert_int_eq(system(command), 0);
    const int count = dataset_count("fashion-mnist", DATASET_TRAIN, error);
    ck_assert_msg((count > 0) == (pair->words == NULL), "%s | %s: %d: %s", pair->images,
                  pair->labels, count, count > 0 ? "accepted" : error);
    if (pair->words != NULL) {
        dataset_files_assert_says(error, pair->words);
        dataset_files_assert_says(error, TRAIN_IMAGES);
        dataset_files_assert_says(error, TRAIN_LABELS);
    }
    dataset_files_end();
}
END_TEST

static char *given_cifar; /* CIFAR10_DIR as this program was given it */

START_TEST(real_cifar)
{
    if (given_cifar == NULL)
        return;
    setenv("CIFAR10_DIR", given_cifar, 1);
    struct dataset *dataset = dataset_open("cifar10", DATASET_TRAIN, true, true, 1, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    int samples = dataset_samples(dataset);
    static float inputs[3 * 1024];
    double sum[3] = {0}, squares[3] = {0};
    for (int i = 0; i < samples; i++) {
        dataset_gather_inputs(dataset, &i, 1, inputs);
        for (int p = 0; p < 3 * 1024; p++) {
            sum[p / 1024] += inputs[p];
            squares[p / 1024] += inputs[p] * inputs[p];
        }
    }
    for (int channel = 0; channel < 3; channel++) {
        double count = samples * 1024.0;
        ck_assert_double_eq_tol(sum[channel] / count, 0, 0.02);
        ck_assert_double_eq_tol(sqrt(squares[channel] / count), 1, 0.02);
    }
    dataset_close(dataset);
}
END_TEST

Suite *test_suite(void)
{
    const char *cifar = getenv("CIFAR10_DIR");
    given_cifar = cifar == NULL || cifar[0] == '\0' ? NULL : strdup(cifar); /* to the end */

    Suite *suite = suite_create("dataset_real");
    TCase *tests = tcase_create("dataset_real");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, real_fashion_mnist);
    tcase_add_loop_test(tests, labels_belong_to_their_images, 0,
                        (int)(sizeof pairs / sizeof pairs[0]));
    tcase_add_test(tests, real_cifar);
    suite_add_tcase(suite, tests);
    return suite;
}
