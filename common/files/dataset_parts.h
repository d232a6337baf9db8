/*
 * Inside the data sets: what dataset.c and the readers of one format share.
 * Nobody else includes this.
 *
 * A reader fills an empty struct dataset (all zero) or returns false with an
 * error; dataset_close() gives back whatever it holds by then.
 */
#ifndef COMMON_FILES_DATASET_PARTS_H
#define COMMON_FILES_DATASET_PARTS_H

#include "common/files/dataset.h"

#define DATASET_MAX_FILES    5
#define DATASET_MAX_CHANNELS 4
#define DATASET_MAX_SAMPLES  1000000

/* A file as bytes in memory, read-only. */
struct mapped_file {
    const uint8_t *byte;
    size_t size;
};

/* Images that lie one behind the other, `stride` bytes from start to start. */
struct image_run {
    const uint8_t *first;
    size_t stride;
    int samples;
};

struct dataset {
    struct shape sample; /* channels, height, width */
    int classes;
    int samples;
    struct image_run run[DATASET_MAX_FILES]; /* in the order of their numbers; none: not opened */
    int runs;
    uint8_t *label; /* one per sample, or NULL: not opened */
    size_t label_bytes;
    float value[DATASET_MAX_CHANNELS][256]; /* the float that a byte becomes */
    /* what is given back by dataset_close() */
    struct mapped_file file[DATASET_MAX_FILES];
    int files;
    uint8_t *unpacked; /* images that are not in a mapped file, or NULL */
    size_t unpacked_bytes;
    struct synthetic *synthetic; /* makes the images instead of `run`, or NULL */
};

/* --- dataset_file.c --------------------------------------------------------- */

/* Maps a regular file. False with an error that names it if that can't be done. */
bool file_map(const char *path, struct mapped_file *file, char error[DATASET_ERROR_SIZE]);
void file_unmap(struct mapped_file *file);
/* Writes the error and returns false. */
bool dataset_error(char error[DATASET_ERROR_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The folder that an environment variable names, or NULL. */
const char *dataset_folder(const char *variable);

/* --- dataset_idx.c ---------------------------------------------------------- */

/* The IDX files of one split of Fashion-MNIST: false, with where was looked, if there are none. */
#define IDX_PATH_SIZE 4200
struct idx_files {
    char images[IDX_PATH_SIZE];
    char labels[IDX_PATH_SIZE];
};
bool idx_find(enum dataset_split split, struct idx_files *files, char error[DATASET_ERROR_SIZE]);

/* Read one file, gzip or not. Images must be height × width, labels below classes. */
bool idx_open_images(const char *path, int height, int width, struct dataset *dataset,
                     char error[DATASET_ERROR_SIZE]);
bool idx_open_labels(const char *path, int classes, struct dataset *dataset,
                     char error[DATASET_ERROR_SIZE]);
/* The number of samples that the headers of both files agree on, or -1. */
int idx_count(const struct idx_files *files, int height, int width, char error[DATASET_ERROR_SIZE]);

/* --- dataset_cifar.c -------------------------------------------------------- */

/* The folder of the CIFAR-10 files, or NULL with an error. */
const char *cifar_folder(char error[DATASET_ERROR_SIZE]);
int cifar_count(const char *folder, enum dataset_split split, char error[DATASET_ERROR_SIZE]);
/* Adds the records of one file to the data set. */
bool cifar_open_file(const char *path, bool inputs, bool labels, struct dataset *dataset,
                     char error[DATASET_ERROR_SIZE]);
bool cifar_open(const char *folder, enum dataset_split split, bool inputs, bool labels,
                struct dataset *dataset, char error[DATASET_ERROR_SIZE]);

/* --- dataset_synthetic.c ---------------------------------------------------- */

struct synthetic_options {
    int channels, height, width, train, test, classes;
};
/* Reads what stands behind "synthetic"; "" means the defaults. */
bool synthetic_parse(const char *text, struct synthetic_options *options,
                     char error[DATASET_ERROR_SIZE]);
void synthetic_open(const struct synthetic_options *options, enum dataset_split split, bool inputs,
                    bool labels, uint64_t seed, struct dataset *dataset);
/* The bytes of one image, which belong to the set. */
const uint8_t *synthetic_sample(struct synthetic *set, size_t number);
void synthetic_free(struct synthetic *set); /* NULL is allowed */

#endif
