/*
 * What tensor_file.c and tensor_file_read.c share, and nobody else sees.
 */
#ifndef COMMON_FILES_TENSOR_FILE_PRIVATE_H
#define COMMON_FILES_TENSOR_FILE_PRIVATE_H

#include "common/files/tensor_file.h"

#include <jansson.h>

#define TENSOR_FILE_METADATA "__metadata__"

struct tensor_file_entry {
    char *name;
    struct tensor *tensor;
};

struct tensor_file {
    int count;
    int capacity;
    struct tensor_file_entry *entry;
    json_t *metadata; /* an object of strings */
};

/* Takes over the tensor; that the name is new is the caller's care. */
void tensor_file_append(struct tensor_file *file, const char *name, struct tensor *tensor);

#endif
