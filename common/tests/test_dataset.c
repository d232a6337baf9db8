/*
 * Data sets: what the loaders read is compared with bytes that the test wrote
 * itself, or with facts about the real files found with Python's gzip; what
 * they refuse is compared with the words of the error.
 */
#include "common/dataset.h"
#include "common/dataset_parts.h"
#include "common/fatal.h"
#include "common/random.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define IMAGES "train-images-idx3-ubyte"
#define LABELS "train-labels-idx1-ubyte"
#define PIXELS 784

static char folder[64]; /* a new one for each test */
static char error[DATASET_ERROR_SIZE];

static void begin(void)
{
    strcpy(folder, "/tmp/test-dataset-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("FASHION_MNIST_DIR", folder, 1);
    setenv("CIFAR10_DIR", folder, 1);
}

static void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* --- files that the test writes ---------------------------------------------- */

static const char *path_of(const char *name)
{
    static char path[4][128]; /* so that a few can be used at the same time */
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

static void write_plain(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_packed(const char *name, const void *bytes, size_t size)
{
    gzFile file = gzopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

static void append_byte(const char *name)
{
    FILE *file = fopen(path_of(name), "ab");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputc('x', file), 'x');
    ck_assert_int_eq(fclose(file), 0);
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
    write_plain(IMAGES, make_images(), sizeof images_file);
    write_plain(LABELS, labels_file, sizeof labels_file);
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
    write_plain(IMAGES, make_images(), sizeof images_file);
    write_plain(IMAGES ".gz", "rubbish", 7);
    write_plain(LABELS, labels_file, sizeof labels_file);
    check_three_images();
}
END_TEST

START_TEST(labels_open_without_images)
{
    write_plain(IMAGES, "rubbish", 7); /* there to be found, but not to be read */
    write_plain(LABELS, labels_file, sizeof labels_file);
    struct dataset *dataset = dataset_open("fashion-mnist", DATASET_TRAIN, false, true, 1, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    dataset_close(dataset);
    ck_assert_ptr_null(dataset_open("fashion-mnist", DATASET_TRAIN, true, false, 1, error));
}
END_TEST

START_TEST(images_open_without_labels)
{
    write_plain(IMAGES, make_images(), sizeof images_file);
    write_plain(LABELS, "rubbish", 7);
    struct dataset *dataset = dataset_open("fashion-mnist", DATASET_TRAIN, true, false, 1, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    dataset_close(dataset);
}
END_TEST

START_TEST(working_folder_comes_first)
{
    char command[256];
    snprintf(command, sizeof command, "mkdir -p %s/datasets/fashion-mnist", folder);
    ck_assert_int_eq(system(command), 0);
    write_plain("datasets/fashion-mnist/" IMAGES, make_images(), sizeof images_file);
    write_plain("datasets/fashion-mnist/" LABELS, labels_file, sizeof labels_file);
    unsetenv("FASHION_MNIST_DIR");
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), 3);
    setenv("FASHION_MNIST_DIR", "", 1); /* empty is as good as not there */
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), 3);
}
END_TEST

/* Facts about the real files, where they are. */
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

#define RECORD 3073

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
    write_plain(name, bytes, (size_t)records * RECORD);
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

/* --- the synthetic set ------------------------------------------------------- */

#define SMALL "synthetic:channels=2,height=5,width=7,train=300,test=200,classes=4"

START_TEST(synthetic_shape)
{
    struct shape sample;
    int classes;
    ck_assert(dataset_describe(SMALL, &sample, &classes, error));
    ck_assert(shape_equal(sample, SHAPE(2, 5, 7)));
    ck_assert_int_eq(classes, 4);
    ck_assert_int_eq(dataset_count(SMALL, DATASET_TRAIN, error), 300);
    ck_assert_int_eq(dataset_count(SMALL, DATASET_TEST, error), 200);
    ck_assert(dataset_present(SMALL, error));
    ck_assert(dataset_describe("synthetic", &sample, &classes, error));
    ck_assert(shape_equal(sample, SHAPE(1, 28, 28)));
    ck_assert_int_eq(classes, 10);
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

/* --- what must be refused ---------------------------------------------------- */

static void check_words(const char *words)
{
    ck_assert_msg(strstr(error, words) != NULL, "the error \"%s\" lacks \"%s\"", error, words);
}

/* Opening the three images fails, with these words and the file's path. */
static void check_refused(const char *name, const char *words)
{
    error[0] = '\0';
    ck_assert_ptr_null(dataset_open("fashion-mnist", DATASET_TRAIN, true, true, 1, error));
    check_words(name);
    check_words(words);
    check_words("datasets/get fashion-mnist");
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}

static void write_three(bool packed)
{
    (packed ? write_packed : write_plain)(packed ? IMAGES ".gz" : IMAGES, make_images(),
                                          sizeof images_file);
    (packed ? write_packed : write_plain)(packed ? LABELS ".gz" : LABELS, labels_file,
                                          sizeof labels_file);
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
    (packed ? write_packed : write_plain)(name, bytes, size);
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
    (packed ? write_packed : write_plain)(packed ? IMAGES ".gz" : IMAGES, bytes, sizeof bytes);
    check_refused(IMAGES, !packed ? "2368 bytes, expected"
                          : more  ? "784 bytes too early"
                                  : "longer than the 1584 bytes");
}
END_TEST

START_TEST(idx_images_without_their_labels)
{
    static const uint8_t two[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 0};
    write_three(false);
    write_plain(LABELS, two, sizeof two);
    check_refused(IMAGES, "has 3 images");
    ck_assert_int_eq(dataset_count("fashion-mnist", DATASET_TRAIN, error), -1);
    check_words("2 labels");
}
END_TEST

/* Cut after every length, a file is refused. */
START_TEST(idx_truncated)
{
    bool packed = _i == 1;
    write_three(packed);
    const char *name = packed ? IMAGES ".gz" : IMAGES;
    struct stat status;
    ck_assert_int_eq(stat(path_of(name), &status), 0);
    for (off_t size = status.st_size - 1; size >= 0; size -= size > 100 ? 17 : 1) {
        ck_assert_int_eq(truncate(path_of(name), size), 0);
        check_refused(name, size == 0 ? "is empty" : packed && size > 100 ? "byte" : "");
    }
}
END_TEST

START_TEST(idx_trailing_byte)
{
    bool packed = _i == 1;
    write_three(packed);
    append_byte(packed ? IMAGES ".gz" : IMAGES);
    check_refused(IMAGES, packed ? "1 bytes follow the end" : "2369 bytes, expected 2368");
}
END_TEST

START_TEST(idx_wrong_checksum)
{
    write_three(true);
    FILE *file = fopen(path_of(IMAGES ".gz"), "r+b");
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
    ck_assert_int_eq(unlink(path_of(IMAGES)), 0);
    ck_assert_int_eq(mkfifo(path_of(IMAGES), 0600), 0);
    error[0] = '\0';
    ck_assert_ptr_null(dataset_open("fashion-mnist", DATASET_TRAIN, true, true, 1, error));
    check_words("is not a regular file");
    ck_assert_int_eq(unlink(path_of(IMAGES)), 0);
    ck_assert_int_eq(symlink("/dev/zero", path_of(IMAGES)), 0);
    ck_assert_ptr_null(dataset_open("fashion-mnist", DATASET_TRAIN, true, true, 1, error));
    check_words("is not a regular file");
}
END_TEST

/* A wrong environment variable is an error, even where the data would be found elsewhere. */
START_TEST(wrong_variable)
{
    setenv("FASHION_MNIST_DIR", "/nowhere", 1);
    ck_assert(!dataset_present("fashion-mnist", error));
    check_words("FASHION_MNIST_DIR names \"/nowhere\"");
    check_words("datasets/get fashion-mnist");
    setenv("CIFAR10_DIR", "/nowhere", 1);
    ck_assert(!dataset_present("cifar10", error));
    check_words("CIFAR10_DIR names \"/nowhere\"");
    check_words("datasets/get cifar10");
}
END_TEST

START_TEST(cifar_refused)
{
    write_all_cifar();
    ck_assert_int_eq(unlink(path_of("data_batch_4.bin")), 0);
    ck_assert(!dataset_present("cifar10", error));
    check_words("data_batch_4.bin: can't be read");
    ck_assert_ptr_null(dataset_open("cifar10", DATASET_TRAIN, true, true, 1, error));
    check_words("data_batch_4.bin");
    check_words("No such file");

    write_cifar("data_batch_4.bin", 6, 1);
    append_byte("data_batch_4.bin");
    for (int opens = 0; opens < 2; opens++) {
        if (opens == 1)
            ck_assert_ptr_null(dataset_open("cifar10", DATASET_TRAIN, true, true, 1, error));
        else
            ck_assert_int_eq(dataset_count("cifar10", DATASET_TRAIN, error), -1);
        check_words("data_batch_4.bin: 3074 bytes, expected a whole number of records");
        check_words("at byte 3073");
    }

    uint8_t record[2 * RECORD] = {0};
    record[RECORD] = 10;
    write_plain("data_batch_4.bin", record, sizeof record);
    ck_assert_ptr_null(dataset_open("cifar10", DATASET_TRAIN, true, true, 1, error));
    check_words("data_batch_4.bin: byte 3073 (record 1): label 10, expected 0 to 9");
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

static const struct {
    const char *name;
    const char *words;
} bad_names[] = {
    {"", "there is no data set \"\""},
    {"mnist", "there are fashion-mnist, cifar10 and synthetic"},
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
    {"synthetic:classes=1", "classes is a number from 2 to 256"},
    {"synthetic:colour=3", "there are channels, height, width, train, test and classes"},
    {"synthetic:height=256,width=256,train=1000000", "too many"},
};

START_TEST(bad_name)
{
    struct shape sample;
    int classes;
    ck_assert(!dataset_describe(bad_names[_i].name, &sample, &classes, error));
    check_words(bad_names[_i].words);
    ck_assert_int_eq(dataset_count(bad_names[_i].name, DATASET_TRAIN, error), -1);
    ck_assert_ptr_null(dataset_open(bad_names[_i].name, DATASET_TRAIN, true, true, 1, error));
}
END_TEST

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

int main(void)
{
    const char *cifar = getenv("CIFAR10_DIR");
    given_cifar = cifar == NULL || cifar[0] == '\0' ? NULL : strdup(cifar);
    int names = (int)(sizeof bad_names / sizeof *bad_names);
    int spoils = (int)(sizeof spoiled / sizeof *spoiled);

    Suite *suite = suite_create("dataset");
    TCase *test_case = tcase_create("dataset");
    tcase_set_timeout(test_case, 60);
    tcase_add_checked_fixture(test_case, begin, end);
    tcase_add_test(test_case, idx_unpacked);
    tcase_add_test(test_case, idx_packed);
    tcase_add_test(test_case, idx_unpacked_is_preferred);
    tcase_add_test(test_case, labels_open_without_images);
    tcase_add_test(test_case, images_open_without_labels);
    tcase_add_test(test_case, working_folder_comes_first);
    tcase_add_test(test_case, real_fashion_mnist);
    tcase_add_test(test_case, cifar_records);
    tcase_add_test(test_case, cifar_parts_alone);
    tcase_add_test(test_case, real_cifar);
    tcase_add_test(test_case, synthetic_shape);
    tcase_add_test(test_case, synthetic_depends_on_the_seed_alone);
    tcase_add_test(test_case, synthetic_can_be_learned);
    tcase_add_test(test_case, epoch_order_is_a_permutation);
    tcase_add_loop_test(test_case, idx_spoiled_byte, 0, 2 * spoils);
    tcase_add_loop_test(test_case, idx_wrong_count, 0, 4);
    tcase_add_test(test_case, idx_images_without_their_labels);
    tcase_add_loop_test(test_case, idx_truncated, 0, 2);
    tcase_add_loop_test(test_case, idx_trailing_byte, 0, 2);
    tcase_add_test(test_case, idx_wrong_checksum);
    tcase_add_test(test_case, idx_no_regular_file);
    tcase_add_test(test_case, wrong_variable);
    tcase_add_test(test_case, cifar_refused);
    tcase_add_loop_test(test_case, bad_name, 0, names);
    suite_add_tcase(suite, test_case);
    TCase *misuse = tcase_create("misuse");
    tcase_add_loop_exit_test(misuse, fatal_misuse, 1, 0, 5);
    suite_add_tcase(suite, misuse);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(given_cifar);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
