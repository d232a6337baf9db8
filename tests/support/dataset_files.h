/*
 * Files of data sets that a test writes itself, each test in a new folder that
 * FASHION_MNIST_DIR and CIFAR10_DIR name.
 */
#ifndef TESTS_SUPPORT_DATASET_FILES_H
#define TESTS_SUPPORT_DATASET_FILES_H

#include <stddef.h>

extern char dataset_files_folder[64];

/* A fixture. */
void dataset_files_begin(void);
void dataset_files_end(void);

/* The path of a file in the folder. It stays for the next three calls. */
const char *dataset_files_path(const char *name);

void dataset_files_write(const char *name, const void *bytes, size_t size);
void dataset_files_append_byte(const char *name);

/* Small training sets in any folder: images of one colour, all with this label; and five files of
 * CIFAR-10 with as many records each, with labels 0, 1, … */
void dataset_files_write_fashion_mnist(const char *folder, int samples, int label);
void dataset_files_write_cifar10(const char *folder, int records);

/* Fails the test if the words are not in the error. */
void dataset_files_assert_says(const char *error, const char *words);

#endif
