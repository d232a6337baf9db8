/*
 * How a data set stands: ready, absent or wrong; which files are read; and the number
 * that tells its samples from others.
 */
#include "common/files/dataset.h"
#include "tests/support/dataset_files.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define PIXELS 784
#define RECORD 3073

static char error[DATASET_ERROR_SIZE];

/* ---- files of `samples` samples ------------------------------------------------------------------ */

static void write_packed(const char *name, const void *bytes, size_t size)
{
    gzFile file = gzopen(dataset_files_path(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

/* Pixel p of image i is i + p + shift; label i is i % 10. */
static void write_idx(const char *images, const char *labels, uint8_t samples, int shift,
                      bool packed)
{
    static uint8_t image[16 + 256 * PIXELS], label[8 + 256];
    const uint8_t of_images[16] = {0, 0, 8, 3, 0, 0, 0, samples, 0, 0, 0, 28, 0, 0, 0, 28};
    const uint8_t of_labels[8] = {0, 0, 8, 1, 0, 0, 0, samples};
    memcpy(image, of_images, sizeof of_images);
    memcpy(label, of_labels, sizeof of_labels);
    for (int i = 0; i < samples; i++) {
        label[8 + i] = (uint8_t)(i % 10);
        for (int p = 0; p < PIXELS; p++)
            image[16 + i * PIXELS + p] = (uint8_t)(i + p + shift);
    }
    (packed ? write_packed : dataset_files_write)(images, image, 16 + samples * (size_t)PIXELS);
    (packed ? write_packed : dataset_files_write)(labels, label, 8 + (size_t)samples);
}

static void write_training(uint8_t samples)
{
    write_idx("train-images-idx3-ubyte", "train-labels-idx1-ubyte", samples, 0, false);
}

static void write_cifar(const char *name, int records, uint8_t pixel)
{
    static uint8_t bytes[20 * RECORD];
    memset(bytes, pixel, sizeof bytes);
    for (int i = 0; i < records; i++)
        bytes[i * RECORD] = (uint8_t)(i % 10);
    dataset_files_write(name, bytes, (size_t)records * RECORD);
}

static void write_all_cifar(void)
{
    dataset_files_write_cifar10(dataset_files_folder, 12);
}

static uint64_t fingerprint(const char *name)
{
    uint64_t found = 0;
    ck_assert_msg(dataset_identify(name, DATASET_TRAIN, &found, error) > 0, "%s", error);
    return found;
}

static void stands(const char *name, enum dataset_state state, const char *words)
{
    error[0] = '\0';
    ck_assert_int_eq(dataset_look(name, error), state);
    dataset_files_assert_says(error, words);
    ck_assert_int_eq(dataset_examine(name, error), state);
    ck_assert_int_eq(dataset_present(name, error), state == DATASET_READY);
}

/* ---- ready, absent, wrong ----------------------------------------------------------------------------- */

/* In a folder without `datasets`, and without variables, nothing is installed. */
static void nowhere(void)
{
    unsetenv("FASHION_MNIST_DIR");
    unsetenv("CIFAR10_DIR");
    unsetenv("TEXT_FILE");
    ck_assert_int_eq(chdir(dataset_files_folder), 0);
}

START_TEST(what_is_not_installed_is_absent)
{
    nowhere();
    stands("cifar10", DATASET_ABSENT, "run datasets/get cifar10");
    stands("text", DATASET_ABSENT, "datasets/text.txt");
    stands("synthetic", DATASET_READY, "");
    ck_assert(!dataset_has_files("synthetic") && !dataset_has_files("synthetic-text"));
    ck_assert(dataset_has_files("text:tokens=9") && dataset_has_files("cifar10"));
}
END_TEST

START_TEST(where_a_variable_points_it_must_be)
{
    char missing[128], words[256];
    snprintf(missing, sizeof missing, "%s", dataset_files_path("missing"));
    snprintf(words, sizeof words, "CIFAR10_DIR names \"%s\"", missing);
    setenv("CIFAR10_DIR", missing, 1);
    stands("cifar10", DATASET_WRONG, words);
    setenv("TEXT_FILE", missing, 1);
    stands("text", DATASET_WRONG, missing);
    unsetenv("TEXT_FILE");
    stands("fashion-mnist", DATASET_WRONG, "where train-images-idx3-ubyte");
    dataset_files_assert_says(error, "No such file or directory");
}
END_TEST

/* Half a data set at its usual place is no data set that is not installed. */
START_TEST(a_part_at_the_usual_place_is_wrong)
{
    nowhere();
    ck_assert_int_eq(system("mkdir -p datasets/cifar-10-batches-bin"), 0);
    write_cifar("datasets/cifar-10-batches-bin/data_batch_1.bin", 3, 0);
    stands("cifar10", DATASET_WRONG, "data_batch_2.bin");
}
END_TEST

/* Nor is one that this user may not read, or whose folder nobody may pass. */
START_TEST(what_may_not_be_read_is_wrong)
{
    nowhere();
    ck_assert_int_eq(system("mkdir -p datasets/cifar-10-batches-bin && touch datasets/text.txt"),
                     0);
    dataset_files_write_cifar10("datasets/cifar-10-batches-bin", 12);
    ck_assert_int_eq(system("chmod 0 datasets/cifar-10-batches-bin/* datasets/text.txt"), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chmod(".", 0755), 0);
        ck_assert_int_eq(setresuid(65534, 65534, 0), 0);
    }
    stands("cifar10", DATASET_WRONG, "Permission denied");
    stands("text", DATASET_WRONG, "Permission denied");
    if (getuid() == 65534)
        ck_assert_int_eq(setresuid(0, 0, 0), 0);
}
END_TEST

START_TEST(cut_off_images_are_seen_before_they_are_opened)
{
    write_training(3);
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), 3);
    ck_assert_int_eq(truncate(dataset_files_path("train-images-idx3-ubyte"), 1000), 0);
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), -1);
    dataset_files_assert_says(error, "1000 bytes, expected 2368");
    stands("fashion-mnist", DATASET_WRONG, "train-images-idx3-ubyte: 1000 bytes");
}
END_TEST

/* No training reads test data: they may be missing, but what is there must be right. */
START_TEST(test_data_need_not_be_there)
{
    write_training(3);
    stands("fashion-mnist", DATASET_READY, "");
    write_idx("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 2, 0, false);
    stands("fashion-mnist", DATASET_READY, "");
    ck_assert_int_eq(truncate(dataset_files_path("t10k-images-idx3-ubyte"), 99), 0);
    stands("fashion-mnist", DATASET_WRONG, "t10k-images-idx3-ubyte: 99 bytes");
    write_all_cifar();
    stands("cifar10", DATASET_READY, "");
    write_cifar("test_batch.bin", 2, 0);
    dataset_files_append_byte("test_batch.bin");
    stands("cifar10", DATASET_WRONG, "test_batch.bin: 6147 bytes");
}
END_TEST

/* What can only be seen by reading everything. */
START_TEST(damage_inside_is_found)
{
    write_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", 200, 0, true);
    ck_assert_int_eq(dataset_examine("fashion-mnist", error), DATASET_READY);
    FILE *file = fopen(dataset_files_path("train-images-idx3-ubyte.gz"), "r+b");
    ck_assert(file != NULL && fseek(file, -5, SEEK_END) == 0 && fputc(99, file) == 99);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(dataset_look("fashion-mnist", error), DATASET_READY);
    ck_assert_int_eq(dataset_examine("fashion-mnist", error), DATASET_WRONG);
    dataset_files_assert_says(error, "train-images-idx3-ubyte.gz");
    write_all_cifar();
    file = fopen(dataset_files_path("data_batch_4.bin"), "r+b");
    ck_assert(file != NULL && fseek(file, 7 * RECORD, SEEK_SET) == 0 && fputc(10, file) == 10);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(dataset_examine("cifar10", error), DATASET_WRONG);
    dataset_files_assert_says(error, "data_batch_4.bin: byte 21511 (record 7): label 10");
}
END_TEST

START_TEST(files_are_those_that_are_read)
{
    char path[DATASET_MOST_FILES][DATASET_PATH_SIZE];
    write_training(3);
    write_idx("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte", 2, 0, true);
    ck_assert_int_eq(dataset_files("fashion-mnist", path), 4);
    ck_assert_str_eq(path[0], dataset_files_path("train-images-idx3-ubyte"));
    ck_assert_str_eq(path[2], dataset_files_path("t10k-images-idx3-ubyte.gz"));
    write_all_cifar();
    ck_assert_int_eq(dataset_files("cifar10", path), 5);
    setenv("TEXT_FILE", "/some/text", 1);
    ck_assert_int_eq(dataset_files("text:tokens=9", path), 1);
    ck_assert_str_eq(path[0], "/some/text");
    ck_assert_int_eq(dataset_files("synthetic", path), 0);
}
END_TEST

/* ---- telling samples from others ------------------------------------------------------------------------ */

START_TEST(packed_or_not_the_samples_are_the_same)
{
    write_training(200);
    const uint64_t plain = fingerprint("fashion-mnist");
    ck_assert_int_eq(unlink(dataset_files_path("train-images-idx3-ubyte")), 0);
    ck_assert_int_eq(unlink(dataset_files_path("train-labels-idx1-ubyte")), 0);
    write_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", 200, 0, true);
    ck_assert_uint_eq(fingerprint("fashion-mnist"), plain);
}
END_TEST

START_TEST(other_samples_are_told_apart)
{
    write_training(200);
    const uint64_t before = fingerprint("fashion-mnist");
    FILE *file = fopen(dataset_files_path("train-labels-idx1-ubyte"), "r+b");
    ck_assert(file != NULL && fseek(file, -1, SEEK_END) == 0 && fputc(5, file) == 5);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_uint_ne(fingerprint("fashion-mnist"), before); /* one label, the last */
    write_idx("train-images-idx3-ubyte", "train-labels-idx1-ubyte", 200, 1, false);
    ck_assert_uint_ne(fingerprint("fashion-mnist"), before);

    write_all_cifar();
    const uint64_t cifar = fingerprint("cifar10");
    write_cifar("data_batch_2.bin", 12, 77);
    ck_assert_uint_ne(fingerprint("cifar10"), cifar);
    write_cifar("data_batch_2.bin", 11, 1); /* a record from one file to the next */
    write_cifar("data_batch_3.bin", 13, 2);
    ck_assert_uint_ne(fingerprint("cifar10"), cifar);

    setenv("TEXT_FILE", dataset_files_path("text"), 1);
    dataset_files_write("text", "abcdefghijkabcdefghijk", 22);
    const uint64_t text = fingerprint("text:tokens=2");
    dataset_files_write("text", "abcdefghijkabcdefgihjk", 22);
    ck_assert_uint_ne(fingerprint("text:tokens=2"), text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("dataset_places");
    TCase *tests = tcase_create("dataset_places");
    tcase_add_checked_fixture(tests, dataset_files_begin, dataset_files_end);
    tcase_add_test(tests, what_is_not_installed_is_absent);
    tcase_add_test(tests, where_a_variable_points_it_must_be);
    tcase_add_test(tests, a_part_at_the_usual_place_is_wrong);
    tcase_add_test(tests, what_may_not_be_read_is_wrong);
    tcase_add_test(tests, cut_off_images_are_seen_before_they_are_opened);
    tcase_add_test(tests, test_data_need_not_be_there);
    tcase_add_test(tests, damage_inside_is_found);
    tcase_add_test(tests, files_are_those_that_are_read);
    tcase_add_test(tests, packed_or_not_the_samples_are_the_same);
    tcase_add_test(tests, other_samples_are_told_apart);
    suite_add_tcase(suite, tests);
    return suite;
}
