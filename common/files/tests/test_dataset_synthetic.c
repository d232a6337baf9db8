/*
 * The synthetic data set: its shape is what the name says, its samples depend on
 * the seed alone and can be learned; and the order in which an epoch takes samples.
 */
#include "common/files/dataset.h"
#include "tests/support/test.h"

#include <math.h>

#define SMALL "synthetic:channels=2,height=5,width=7,train=300,test=200,classes=4"

static char error[DATASET_ERROR_SIZE];

START_TEST(synthetic_shape)
{
    struct data_shape data;
    ck_assert(dataset_describe(SMALL, &data, error));
    ck_assert(shape_equal(data.input, SHAPE(2, 5, 7)));
    ck_assert_int_eq(data.classes, 4);
    ck_assert_int_eq(dataset_count(SMALL, DATASET_TRAIN, error), 300);
    ck_assert_int_eq(dataset_count(SMALL, DATASET_TEST, error), 200);
    ck_assert(dataset_present(SMALL, error));
    ck_assert(dataset_describe("synthetic", &data, error));
    ck_assert(shape_equal(data.input, SHAPE(1, 28, 28)));
    ck_assert_int_eq(data.classes, 10);
}
END_TEST

static void gather_all(enum dataset_split split, uint64_t seed, int count, float *inputs,
                       int32_t *labels)
{
    int number[300];
    for (int i = 0; i < count; i++)
        number[i] = i;
    struct dataset *images = dataset_open(SMALL, split, true, false, seed, error);
    struct dataset *of_labels = dataset_open(SMALL, split, false, true, seed, error);
    ck_assert(images != NULL && of_labels != NULL);
    dataset_gather_inputs(images, number, count, inputs);
    dataset_gather_labels(of_labels, number, count, labels);
    dataset_close(images);
    dataset_close(of_labels);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}

static float first[300 * 70], second[300 * 70], test[200 * 70];
static int32_t first_label[300], second_label[300], test_label[200];

START_TEST(synthetic_depends_on_the_seed_alone)
{
    gather_all(DATASET_TRAIN, 5, 300, first, first_label);
    gather_all(DATASET_TRAIN, 5, 300, second, second_label);
    ck_assert_mem_eq(first, second, sizeof first);
    ck_assert_mem_eq(first_label, second_label, sizeof first_label);
    gather_all(DATASET_TRAIN, 6, 300, second, second_label);
    ck_assert_mem_ne(first, second, sizeof first);
    ck_assert_mem_ne(first_label, second_label, sizeof first_label);
    gather_all(DATASET_TEST, 5, 200, test, test_label);
    ck_assert_mem_ne(first, test, sizeof test);
}
END_TEST

/* Means learned from the training samples tell the classes of the test samples. */
START_TEST(synthetic_can_be_learned)
{
    gather_all(DATASET_TRAIN, 5, 300, first, first_label);
    gather_all(DATASET_TEST, 5, 200, test, test_label);
    double mean[4][70] = {{0}};
    int of_class[4] = {0};
    for (int i = 0; i < 300; i++) {
        of_class[first_label[i]]++;
        for (int p = 0; p < 70; p++)
            mean[first_label[i]][p] += first[i * 70 + p];
    }
    int right = 0;
    for (int i = 0; i < 200; i++) {
        int nearest = -1;
        double least = INFINITY;
        for (int c = 0; c < 4; c++) {
            double distance = 0;
            for (int p = 0; p < 70; p++)
                distance += pow(test[i * 70 + p] - mean[c][p] / of_class[c], 2);
            if (distance < least) {
                least = distance;
                nearest = c;
            }
        }
        right += nearest == test_label[i];
    }
    ck_assert_int_ge(right, 190);
    double sum = 0, squares = 0;
    for (int i = 0; i < 300 * 70; i++) {
        sum += first[i];
        squares += first[i] * first[i];
    }
    ck_assert_double_eq_tol(sum / (300 * 70), 0, 0.2);
    ck_assert_double_eq_tol(sqrt(squares / (300 * 70)), 1, 0.2);
}
END_TEST

/* As many as ImageNet has: more than a byte can tell apart. Of 5,000 labels that are drawn evenly,
 * some 6 in 1,000 classes are never drawn. */
START_TEST(synthetic_has_a_thousand_classes)
{
    static int number[5000];
    static int32_t label[5000];
    static bool drawn[1000];
    for (int i = 0; i < 5000; i++)
        number[i] = i;
    struct dataset *set = dataset_open("synthetic:height=1,width=1,train=5000,classes=1000",
                                       DATASET_TRAIN, false, true, 5, error);
    ck_assert_msg(set != NULL, "%s", error);
    dataset_gather_labels(set, number, 5000, label);
    int different = 0;
    for (int i = 0; i < 5000; i++) {
        ck_assert(label[i] >= 0 && label[i] < 1000);
        different += !drawn[label[i]];
        drawn[label[i]] = true;
    }
    ck_assert_int_ge(different, 980);
    dataset_close(set);
}
END_TEST

START_TEST(epoch_order_is_a_permutation)
{
    static int one[1000], same[1000], next[1000], other[1000];
    dataset_epoch_order(3, 0, 1000, one);
    dataset_epoch_order(3, 0, 1000, same);
    dataset_epoch_order(3, 1, 1000, next);
    dataset_epoch_order(4, 0, 1000, other);
    ck_assert_mem_eq(one, same, sizeof one);
    ck_assert_mem_ne(one, next, sizeof one);
    ck_assert_mem_ne(one, other, sizeof one);
    bool seen[1000] = {false};
    for (int i = 0; i < 1000; i++) {
        ck_assert(one[i] >= 0 && one[i] < 1000 && !seen[one[i]]);
        seen[one[i]] = true;
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("dataset_synthetic");
    TCase *tests = tcase_create("dataset_synthetic");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, synthetic_shape);
    tcase_add_test(tests, synthetic_depends_on_the_seed_alone);
    tcase_add_test(tests, synthetic_can_be_learned);
    tcase_add_test(tests, synthetic_has_a_thousand_classes);
    tcase_add_test(tests, epoch_order_is_a_permutation);
    suite_add_tcase(suite, tests);
    return suite;
}
