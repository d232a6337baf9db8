/*
 * The IDX files of Fashion-MNIST, packed or not: three images that the test wrote
 * itself must be read as they are, and damaged files be refused with words that
 * help.
 */
#include "common/files/dataset.h"
#include "tests/support/dataset_files.h"
#include "tests/support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define IMAGES "train-images-idx3-ubyte"
#define LABELS "train-labels-idx1-ubyte"
#define PIXELS 784

static char error[DATASET_ERROR_SIZE];

/* --- three images -------------------------------------------------------------- */

static void write_packed(const char *name, const void *bytes, size_t size)
{
    gzFile file = gzopen(dataset_files_path(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

/* Three images, pixel p of image i being i + 3p; labels 7, 0, 9. */
static const uint8_t labels_file[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9};
static uint8_t images_file[16 + 3 * PIXELS];

static const uint8_t *make_images(void)
{
    static const uint8_t header[16] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 28};
    memcpy(images_file, header, sizeof header);
    for (int i = 0; i < 3 * PIXELS; i++)
        images_file[16 + i] = (uint8_t)(i / PIXELS + 3 * (i % PIXELS));
    return images_file;
}

static void write_three(bool packed)
{
    (packed ? write_packed : dataset_files_write)(packed ? IMAGES ".gz" : IMAGES, make_images(),
                                                  sizeof images_file);
    (packed ? write_packed : dataset_files_write)(packed ? LABELS ".gz" : LABELS, labels_file,
                                                  sizeof labels_file);
}

static float expected_pixel(int image, int pixel)
{
    int byte = (image + 3 * pixel) % 256;
    return (float)((byte / 255.0 - 0.2860) / 0.3530);
}

/* --- what must work ---------------------------------------------------------- */

static void check_three_images(void)
{
    struct dataset *dataset = dataset_open("fashion-mnist", DATASET_TRAIN, true, true, 1, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    ck_assert_int_eq(dataset_samples(dataset), 3);
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), 3);
    const int number[] = {2, 0, 2};
    float inputs[3 * PIXELS];
    int32_t labels[3];
    dataset_gather_inputs(dataset, number, 3, inputs);
    dataset_gather_labels(dataset, number, 3, labels);
    for (int i = 0; i < 3; i++)
        for (int p = 0; p < PIXELS; p++)
            ck_assert_float_eq_tol(inputs[i * PIXELS + p], expected_pixel(number[i], p), 1e-6F);
    ck_assert_int_eq(labels[0], 9);
    ck_assert_int_eq(labels[1], 7);
    ck_assert_int_eq(labels[2], 9);
    dataset_close(dataset);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}

START_TEST(idx_unpacked)
{
    dataset_files_write(IMAGES, make_images(), sizeof images_file);
    dataset_files_write(LABELS, labels_file, sizeof labels_file);
    check_three_images();
}
END_TEST

START_TEST(idx_packed)
{
    write_packed(IMAGES ".gz", make_images(), sizeof images_file);
    write_packed(LABELS ".gz", labels_file, sizeof labels_file);
    check_three_images();
}
END_TEST

START_TEST(idx_unpacked_is_preferred)
{
    dataset_files_write(IMAGES, make_images(), sizeof images_file);
    dataset_files_write(IMAGES ".gz", "rubbish", 7);
    dataset_files_write(LABELS, labels_file, sizeof labels_file);
    check_three_images();
}
END_TEST

START_TEST(labels_open_without_images)
{
    dataset_files_write(IMAGES, "rubbish", 7); /* there to be found, but not to be read */
    dataset_files_write(LABELS, labels_file, sizeof labels_file);
    struct dataset *dataset = dataset_open("fashion-mnist", DATASET_TRAIN, false, true, 1, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    dataset_close(dataset);
    ck_assert_ptr_null(dataset_open("fashion-mnist", DATASET_TRAIN, true, false, 1, error));
}
END_TEST

START_TEST(images_open_without_labels)
{
    dataset_files_write(IMAGES, make_images(), sizeof images_file);
    dataset_files_write(LABELS, "rubbish", 7);
    struct dataset *dataset = dataset_open("fashion-mnist", DATASET_TRAIN, true, false, 1, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    dataset_close(dataset);
}
END_TEST

START_TEST(working_folder_comes_first)
{
    char command[256];
    snprintf(command, sizeof command, "mkdir -p %s/datasets/fashion-mnist", dataset_files_folder);
    ck_assert_int_eq(system(command), 0);
    dataset_files_write("datasets/fashion-mnist/" IMAGES, make_images(), sizeof images_file);
    dataset_files_write("datasets/fashion-mnist/" LABELS, labels_file, sizeof labels_file);
    unsetenv("FASHION_MNIST_DIR");
    ck_assert_int_eq(chdir(dataset_files_folder), 0);
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), 3);
    setenv("FASHION_MNIST_DIR", "", 1); /* empty is as good as not there */
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), 3);
}
END_TEST

/* --- what must be refused ---------------------------------------------------- */

/* Opening the three images fails, with these words and the file's path. */
static void check_refused(const char *name, const char *words)
{
    error[0] = '\0';
    ck_assert_ptr_null(dataset_open("fashion-mnist", DATASET_TRAIN, true, true, 1, error));
    dataset_files_assert_says(error, name);
    dataset_files_assert_says(error, words);
    dataset_files_assert_says(error, "datasets/get fashion-mnist");
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}

/* Spoils one byte of the content of the images or the labels; packed and not. */
struct spoiled {
    bool images;
    size_t at;
    uint8_t value;
    const char *words;
};

static const struct spoiled spoiled[] = {
    {true, 3, 1, "0x00000801 (this is a file of labels), expected 0x00000803"},
    {true, 0, 9, "magic number is 0x09000803"},
    {true, 7, 0, "0 samples"},
    {true, 4, 200, "3355443203 samples"},
    {true, 11, 27, "images of 27×28, expected 28×28"},
    {true, 12, 1, "images of 28×16777244"},
    {false, 3, 3, "0x00000803 (this is a file of images), expected 0x00000801"},
    {false, 7, 0, "0 samples"},
    {false, 9, 10, "label 10, expected 0 to 9"},
    {false, 8, 255, "byte 8"},
};

START_TEST(idx_spoiled_byte)
{
    const struct spoiled *spoil = &spoiled[_i / 2];
    bool packed = _i % 2 == 1;
    write_three(packed);
    uint8_t bytes[sizeof images_file];
    size_t size = spoil->images ? sizeof images_file : sizeof labels_file;
    memcpy(bytes, spoil->images ? make_images() : labels_file, size);
    bytes[spoil->at] = spoil->value;
    const char *name =
        spoil->images ? (packed ? IMAGES ".gz" : IMAGES) : (packed ? LABELS ".gz" : LABELS);
    (packed ? write_packed : dataset_files_write)(name, bytes, size);
    check_refused(spoil->images ? IMAGES : LABELS, spoil->words);
}
END_TEST

/* A header that promises one sample less or more than there are. */
START_TEST(idx_wrong_count)
{
    bool packed = _i % 2 == 1, more = _i / 2 == 1;
    write_three(packed);
    uint8_t bytes[sizeof images_file];
    memcpy(bytes, make_images(), sizeof bytes);
    bytes[7] = more ? 4 : 2;
    (packed ? write_packed : dataset_files_write)(packed ? IMAGES ".gz" : IMAGES, bytes,
                                                  sizeof bytes);
    check_refused(IMAGES, !packed ? "2368 bytes, expected"
                          : more  ? "784 bytes too early"
                                  : "longer than the 1584 bytes");
}
END_TEST

START_TEST(idx_images_without_their_labels)
{
    static const uint8_t two[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 0};
    write_three(false);
    dataset_files_write(LABELS, two, sizeof two);
    check_refused(IMAGES, "has 3 images");
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), -1);
    dataset_files_assert_says(error, "2 labels");
}
END_TEST

/* Cut after every length, a file is refused. */
START_TEST(idx_truncated)
{
    bool packed = _i == 1;
    write_three(packed);
    const char *name = packed ? IMAGES ".gz" : IMAGES;
    struct stat status;
    ck_assert_int_eq(stat(dataset_files_path(name), &status), 0);
    for (off_t size = status.st_size - 1; size >= 0; size -= size > 100 ? 17 : 1) {
        ck_assert_int_eq(truncate(dataset_files_path(name), size), 0);
        check_refused(name, size == 0 ? "is empty" : packed && size > 100 ? "byte" : "");
    }
}
END_TEST

START_TEST(idx_trailing_byte)
{
    bool packed = _i == 1;
    write_three(packed);
    dataset_files_append_byte(packed ? IMAGES ".gz" : IMAGES);
    check_refused(IMAGES, packed ? "1 bytes follow the end" : "2369 bytes, expected 2368");
}
END_TEST

START_TEST(idx_wrong_checksum)
{
    write_three(true);
    FILE *file = fopen(dataset_files_path(IMAGES ".gz"), "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, -8, SEEK_END), 0); /* the CRC */
    int byte = fgetc(file);
    ck_assert_int_eq(fseek(file, -8, SEEK_END), 0);
    ck_assert_int_ne(fputc(byte ^ 1, file), EOF);
    ck_assert_int_eq(fclose(file), 0);
    check_refused(IMAGES ".gz", "checksum is wrong");
}
END_TEST

START_TEST(idx_no_regular_file)
{
    write_three(false);
    ck_assert_int_eq(unlink(dataset_files_path(IMAGES)), 0);
    ck_assert_int_eq(mkfifo(dataset_files_path(IMAGES), 0600), 0);
    error[0] = '\0';
    ck_assert_ptr_null(dataset_open("fashion-mnist", DATASET_TRAIN, true, true, 1, error));
    dataset_files_assert_says(error, "is not a regular file");
    ck_assert_int_eq(unlink(dataset_files_path(IMAGES)), 0);
    ck_assert_int_eq(symlink("/dev/zero", dataset_files_path(IMAGES)), 0);
    ck_assert_ptr_null(dataset_open("fashion-mnist", DATASET_TRAIN, true, true, 1, error));
    dataset_files_assert_says(error, "is not a regular file");
}
END_TEST

/* A page that is behind the file's end: the process ends as it would, but not without a word. */
START_TEST(idx_cut_off_while_it_is_open)
{
    static uint8_t many[16 + 20 * PIXELS] = {0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 28, 0, 0, 0, 28};
    dataset_files_write(IMAGES, many, sizeof many);
    dataset_files_write(LABELS, labels_file, sizeof labels_file);
    FILE *said = tmpfile();
    ck_assert_ptr_nonnull(said);
    const pid_t pid = fork();
    if (pid == 0) {
        float inputs[PIXELS];
        const int last = 19;
        dup2(fileno(said), STDERR_FILENO);
        signal(SIGBUS, SIG_DFL); /* not Check's, nor a sanitizer's */
        struct dataset *dataset =
            dataset_open("fashion-mnist", DATASET_TRAIN, true, false, 1, error);
        if (dataset == NULL || truncate(dataset_files_path(IMAGES), 100) != 0)
            _exit(1);
        dataset_gather_inputs(dataset, &last, 1, inputs);
        _exit(2);
    }
    int status = 0;
    char words[600] = "";
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    rewind(said);
    ck_assert_uint_gt(fread(words, 1, sizeof words - 1, said), 0);
    dataset_files_assert_says(words, dataset_files_path(IMAGES));
    dataset_files_assert_says(words, "somebody made it shorter while it was open");
    fclose(said);
}
END_TEST

Suite *test_suite(void)
{
    int spoils = (int)(sizeof spoiled / sizeof *spoiled);

    Suite *suite = suite_create("dataset_idx");
    TCase *tests = tcase_create("dataset_idx");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, dataset_files_begin, dataset_files_end);
    tcase_add_test(tests, idx_unpacked);
    tcase_add_test(tests, idx_packed);
    tcase_add_test(tests, idx_unpacked_is_preferred);
    tcase_add_test(tests, labels_open_without_images);
    tcase_add_test(tests, images_open_without_labels);
    tcase_add_test(tests, working_folder_comes_first);
    tcase_add_loop_test(tests, idx_spoiled_byte, 0, 2 * spoils);
    tcase_add_loop_test(tests, idx_wrong_count, 0, 4);
    tcase_add_test(tests, idx_images_without_their_labels);
    tcase_add_loop_test(tests, idx_truncated, 0, 2);
    tcase_add_loop_test(tests, idx_trailing_byte, 0, 2);
    tcase_add_test(tests, idx_wrong_checksum);
    tcase_add_test(tests, idx_no_regular_file);
    tcase_add_test(tests, idx_cut_off_while_it_is_open);
    suite_add_tcase(suite, tests);
    return suite;
}
