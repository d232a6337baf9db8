/*
 * The files of CIFAR-10: records that the test wrote itself must be read as they
 * are, and damaged files be refused with words that help.
 */
#include "common/files/dataset.h"
#include "tests/support/dataset_files.h"
#include "tests/support/test.h"

#include <string.h>
#include <unistd.h>

#define RECORD 3073

static char error[DATASET_ERROR_SIZE];

/* Record i: label i, then red = i, green = 100 + i, blue = 200 + i, all alike but for the first. */
static void write_cifar(const char *name, int first, int records)
{
    uint8_t bytes[4 * RECORD];
    for (int i = 0; i < records; i++) {
        uint8_t *record = bytes + i * RECORD;
        record[0] = (uint8_t)((first + i) % 10);
        for (int channel = 0; channel < 3; channel++)
            memset(record + 1 + 1024 * channel, 100 * channel + first + i, 1024);
        record[1] = 255;
    }
    dataset_files_write(name, bytes, (size_t)records * RECORD);
}

static void write_all_cifar(void)
{
    write_cifar("data_batch_1.bin", 0, 2);
    write_cifar("data_batch_2.bin", 2, 1);
    write_cifar("data_batch_3.bin", 3, 3);
    write_cifar("data_batch_4.bin", 6, 1);
    write_cifar("data_batch_5.bin", 7, 4);
    write_cifar("test_batch.bin", 20, 2);
}

START_TEST(cifar_records)
{
    write_all_cifar();
    ck_assert(dataset_present("cifar10", error));
    ck_assert_int_eq(dataset_count("cifar10", DATASET_TRAIN, error), 11);
    ck_assert_int_eq(dataset_count("cifar10", DATASET_TEST, error), 2);
    struct dataset *dataset = dataset_open("cifar10", DATASET_TRAIN, true, true, 1, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    static const double mean[] = {0.4914, 0.4822, 0.4465}, deviation[] = {0.2470, 0.2435, 0.2616};
    static float inputs[3 * 1024];
    for (int i = 0; i < 11; i++) {
        int32_t label;
        dataset_gather_inputs(dataset, &i, 1, inputs);
        dataset_gather_labels(dataset, &i, 1, &label);
        ck_assert_int_eq(label, i % 10);
        for (int p = 0; p < 3 * 1024; p++) {
            int channel = p / 1024;
            int byte = p == 0 ? 255 : 100 * channel + i;
            ck_assert_float_eq_tol(
                inputs[p], (float)((byte / 255.0 - mean[channel]) / deviation[channel]), 1e-6F);
        }
    }
    dataset_close(dataset);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

START_TEST(cifar_parts_alone)
{
    write_all_cifar();
    for (int part = 0; part < 2; part++) {
        struct dataset *dataset =
            dataset_open("cifar10", DATASET_TRAIN, part == 0, part == 1, 1, error);
        ck_assert_msg(dataset != NULL, "%s", error);
        ck_assert_int_eq(dataset_samples(dataset), 11);
        dataset_close(dataset);
    }
}
END_TEST

START_TEST(cifar_refused)
{
    write_all_cifar();
    ck_assert_int_eq(unlink(dataset_files_path("data_batch_4.bin")), 0);
    ck_assert(!dataset_present("cifar10", error));
    dataset_files_assert_says(error, "data_batch_4.bin: can't be opened");
    ck_assert_ptr_null(dataset_open("cifar10", DATASET_TRAIN, true, true, 1, error));
    dataset_files_assert_says(error, "data_batch_4.bin");
    dataset_files_assert_says(error, "No such file");

    write_cifar("data_batch_4.bin", 6, 1);
    dataset_files_append_byte("data_batch_4.bin");
    for (int opens = 0; opens < 2; opens++) {
        if (opens == 1)
            ck_assert_ptr_null(dataset_open("cifar10", DATASET_TRAIN, true, true, 1, error));
        else
            ck_assert_int_eq(dataset_count("cifar10", DATASET_TRAIN, error), -1);
        dataset_files_assert_says(
            error, "data_batch_4.bin: 3074 bytes, expected a whole number of records");
        dataset_files_assert_says(error, "at byte 3073");
    }

    uint8_t record[2 * RECORD] = {0};
    record[RECORD] = 10;
    dataset_files_write("data_batch_4.bin", record, sizeof record);
    ck_assert_ptr_null(dataset_open("cifar10", DATASET_TRAIN, true, true, 1, error));
    dataset_files_assert_says(error,
                              "data_batch_4.bin: byte 3073 (record 1): label 10, expected 0 to 9");
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("dataset_cifar");
    TCase *tests = tcase_create("dataset_cifar");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, dataset_files_begin, dataset_files_end);
    tcase_add_test(tests, cifar_records);
    tcase_add_test(tests, cifar_parts_alone);
    tcase_add_test(tests, cifar_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
