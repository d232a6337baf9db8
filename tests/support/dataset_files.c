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

void dataset_files_write(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(dataset_files_path(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
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
