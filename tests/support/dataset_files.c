/* Files of data sets; see dataset_files.h. */
#include "tests/support/dataset_files.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char dataset_files_folder[64];

void dataset_files_begin(void)
{
    strcpy(dataset_files_folder, "/tmp/test-dataset-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dataset_files_folder));
    setenv("FASHION_MNIST_DIR", dataset_files_folder, 1);
    setenv("CIFAR10_DIR", dataset_files_folder, 1);
}

void dataset_files_end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dataset_files_folder);
    ck_assert_int_eq(system(command), 0);
}

const char *dataset_files_path(const char *name)
{
    static char path[4][128]; /* so that a few can be used at the same time */
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", dataset_files_folder, name);
    return path[next];
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

void dataset_files_write(const char *name, const void *bytes, size_t size)
{
    write_file(dataset_files_path(name), bytes, size);
}

#define IMAGE_BYTES  784
#define RECORD_BYTES 3073
#define MOST         255

static void write_in(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[4300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    write_file(path, bytes, size);
}

void dataset_files_write_fashion_mnist(const char *folder, int samples, int label)
{
    static unsigned char images[16 + MOST * IMAGE_BYTES], labels[8 + MOST];
    const unsigned char count = (unsigned char)samples;
    const unsigned char of_images[16] = {0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28};
    const unsigned char of_labels[8] = {0, 0, 8, 1, 0, 0, 0, count};
    ck_assert(samples > 0 && samples <= MOST);
    memcpy(images, of_images, sizeof of_images);
    memset(images + sizeof of_images, 99, (size_t)samples * IMAGE_BYTES);
    memcpy(labels, of_labels, sizeof of_labels);
    memset(labels + sizeof of_labels, label, (size_t)samples);
    write_in(folder, "train-images-idx3-ubyte", images, 16 + (size_t)samples * IMAGE_BYTES);
    write_in(folder, "train-labels-idx1-ubyte", labels, 8 + (size_t)samples);
}

void dataset_files_write_cifar10(const char *folder, int records)
{
    static unsigned char bytes[MOST * RECORD_BYTES];
    ck_assert(records > 0 && records <= MOST);
    for (int file = 1; file <= 5; file++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", file);
        memset(bytes, 40 * file, sizeof bytes);
        for (int i = 0; i < records; i++)
            bytes[i * RECORD_BYTES] = (unsigned char)(i % 10);
        write_in(folder, name, bytes, (size_t)records * RECORD_BYTES);
    }
}

void dataset_files_append_byte(const char *name)
{
    FILE *file = fopen(dataset_files_path(name), "ab");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputc('x', file), 'x');
    ck_assert_int_eq(fclose(file), 0);
}

void dataset_files_assert_says(const char *error, const char *words)
{
    ck_assert_msg(strstr(error, words) != NULL, "the error \"%s\" lacks \"%s\"", error, words);
}
