/*
 * The real data sets, where they are: what is read is compared with facts about
 * their files, found with Python's gzip.
 */
#include "common/files/dataset.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    tcase_add_test(tests, real_cifar);
    suite_add_tcase(suite, tests);
    return suite;
}
