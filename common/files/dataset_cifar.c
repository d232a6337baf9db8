/*
 * CIFAR-10's binary files (https://www.cs.toronto.edu/~kriz/cifar.html): records
 * of one label byte and 3·32·32 pixel bytes, first all red, then all green, then
 * all blue ones, each row by row. The original has 10,000 records per file; any
 * whole number is accepted.
 */
#include "common/files/dataset_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define PIXEL_BYTES   3072
#define RECORD_BYTES  (1 + PIXEL_BYTES)
#define CLASSES       10
#define FIRST_RECORDS 4 /* of a file, that tell it from others */
#define GET_AGAIN     "get it again with datasets/get cifar10"

/* The number of records in a file of this size, or -1 with an error. */
static int records_in(const char *path, size_t size, char error[DATASET_ERROR_SIZE])
{
    size_t records = size / RECORD_BYTES;
    if (size % RECORD_BYTES != 0 || records < 1 || records > DATASET_MAX_SAMPLES) {
        dataset_error(error,
                      "%s: %zu bytes, expected a whole number of records of %d bytes, from 1 to "
                      "%d of them (the original file has 10000); the last one begins at byte "
                      "%zu; " GET_AGAIN,
                      path, size, RECORD_BYTES, DATASET_MAX_SAMPLES, records * RECORD_BYTES);
        return -1;
    }
    return (int)records;
}

static bool path_of(const char *folder, const char *name, char path[DATASET_PATH_SIZE],
                    char error[DATASET_ERROR_SIZE])
{
    if (snprintf(path, DATASET_PATH_SIZE, "%s/%s", folder, name) < DATASET_PATH_SIZE)
        return true;
    return dataset_error(error, "the path of the folder for CIFAR-10 is too long");
}

const char *cifar_folder(char error[DATASET_ERROR_SIZE])
{
    const char *chosen = dataset_place(dataset_cifar10.variable);
    const char *folder = chosen != NULL ? chosen : dataset_cifar10.place[0];
    struct stat status;
    errno = 0;
    if (stat(folder, &status) == 0 && S_ISDIR(status.st_mode))
        return folder;
    if (chosen == NULL && errno != 0 && errno != ENOENT)
        dataset_error(error, "%s, where CIFAR-10 may be, can't be looked into: %s", folder,
                      strerror(errno));
    else if (chosen != NULL)
        dataset_error(error,
                      "CIFAR10_DIR names \"%s\", which is no folder that can be read; correct it, "
                      "or unset it and run datasets/get cifar10",
                      chosen);
    else
        dataset_error(error,
                      "CIFAR-10 is not in %s; run datasets/get cifar10, or set CIFAR10_DIR to the "
                      "folder of data_batch_1.bin",
                      folder);
    return NULL;
}

/* Goes on with a checksum over the first records of a file, and its last one. */
static uint32_t add_to_sum(uint32_t sum, const struct mapped_file *file, int records)
{
    const int first = records < FIRST_RECORDS ? records : FIRST_RECORDS;
    const uint8_t *last = file->byte + (size_t)(records - 1) * RECORD_BYTES;
    sum = (uint32_t)crc32(sum, file->byte, (uInt)first * RECORD_BYTES);
    return (uint32_t)crc32(sum, last, RECORD_BYTES);
}

bool cifar_identify(const char *folder, enum dataset_split split, struct dataset_identity *identity,
                    char error[DATASET_ERROR_SIZE])
{
    uint32_t sum = 0, sizes = 0;
    *identity = (struct dataset_identity){0};
    for (const char *const *name = dataset_cifar10.file[split]; *name != NULL; name++) {
        char path[DATASET_PATH_SIZE];
        struct mapped_file file;
        if (!path_of(folder, *name, path, error) || !file_map(path, GET_AGAIN, &file, error))
            return false;
        const int records = records_in(path, file.size, error);
        if (records > 0) {
            identity->samples += records;
            sum = add_to_sum(sum, &file, records);
            sizes = (uint32_t)crc32(sizes, (const Bytef *)&records, sizeof records);
        }
        file_unmap(&file);
        if (records < 0)
            return false;
    }
    identity->fingerprint = (uint64_t)sizes << 32 | sum;
    return true;
}

/* Appends the labels of one file's records. */
static bool labels_append(const char *path, const struct mapped_file *file, int records,
                          struct dataset *dataset, char error[DATASET_ERROR_SIZE])
{
    size_t before = dataset->label_bytes;
    size_t after = before + (size_t)records;
    uint8_t *label = memory_allocate(MEMORY_WORKSPACE, after);
    if (before > 0)
        memcpy(label, dataset->label, before);
    memory_release(MEMORY_WORKSPACE, dataset->label, before);
    dataset->label = label;
    dataset->label_bytes = after;
    for (int i = 0; i < records; i++) {
        size_t at = (size_t)i * RECORD_BYTES;
        label[before + (size_t)i] = file->byte[at];
        if (file->byte[at] >= CLASSES)
            return dataset_error(error,
                                 "%s: byte %zu (record %d): label %d, expected 0 to %d; " GET_AGAIN,
                                 path, at, i, file->byte[at], CLASSES - 1);
    }
    return true;
}

bool cifar_open_file(const char *path, bool inputs, bool labels, struct dataset *dataset,
                     char error[DATASET_ERROR_SIZE])
{
    struct mapped_file file;
    if (!file_map(path, GET_AGAIN, &file, error))
        return false;
    int records = records_in(path, file.size, error);
    bool good = records >= 0 && (!labels || labels_append(path, &file, records, dataset, error));
    if (good)
        dataset->samples += records;
    if (good && inputs) {
        file_watch(path, &file);
        dataset->file[dataset->files++] = file;
        dataset->run[dataset->runs++] =
            (struct image_run){.first = file.byte + 1, .stride = RECORD_BYTES, .samples = records};
    } else {
        file_unmap(&file);
    }
    return good;
}

bool cifar_open(const char *folder, enum dataset_split split, bool inputs, bool labels,
                struct dataset *dataset, char error[DATASET_ERROR_SIZE])
{
    for (const char *const *name = dataset_cifar10.file[split]; *name != NULL; name++) {
        char path[DATASET_PATH_SIZE];
        if (!path_of(folder, *name, path, error) ||
            !cifar_open_file(path, inputs, labels, dataset, error))
            return false;
    }
    return true;
}
