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

/* What the labels of synthetic images are a function of. */
struct synthetic_labels {
    uint64_t seed, stream;
    uint32_t classes;
};

struct dataset {
    struct data_shape shape;
    int samples;
    bool has_inputs, has_labels; /* they were opened */
    /* images */
    struct image_run run[DATASET_MAX_FILES]; /* in the order of their numbers; none: not opened */
    int runs;
    uint8_t *label; /* one per sample, or NULL: not opened, or synthetic */
    size_t label_bytes;
    float value[DATASET_MAX_CHANNELS][256]; /* the float that a byte becomes */
    /* what is given back by dataset_close() */
    struct mapped_file file[DATASET_MAX_FILES];
    int files;
    uint8_t *unpacked; /* images that are not in a mapped file, or NULL */
    size_t unpacked_bytes;
    struct synthetic *synthetic;              /* makes the images instead of `run`, or NULL */
    struct synthetic_labels synthetic_labels; /* instead of `label`, where there are classes */
    /* text: inputs and labels are the same tokens */
    uint16_t *token; /* one sample's behind the other's, and one more; or NULL */
    size_t tokens;
    struct synthetic_text *synthetic_text; /* makes the tokens instead, or NULL */
};

/* --- dataset_file.c --------------------------------------------------------- */

/* Maps a regular file. False with an error that names it, and the remedy, if that can't be done. */
bool file_map(const char *path, const char *remedy, struct mapped_file *file,
              char error[DATASET_ERROR_SIZE]);
void file_unmap(struct mapped_file *file);
/* Writes the error and returns false. */
bool dataset_error(char error[DATASET_ERROR_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The folder or file that an environment variable names, or NULL. */
const char *dataset_place(const char *variable);

/* --- dataset_options.c ------------------------------------------------------ */

/* A whole number behind the name of a data set, and the int that it becomes. */
struct dataset_option {
    const char *name;
    size_t offset; /* within the struct of options */
    int least, most;
};
/* Reads ":name=number,name=number" behind the name of `set`, or ""; what is not given stays. */
bool dataset_options_read(const char *set, const struct dataset_option *known, size_t count,
                          const char *text, void *options, char error[DATASET_ERROR_SIZE]);

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
                    uint64_t seed, struct dataset *dataset);
int32_t synthetic_label(const struct synthetic_labels *labels, size_t number);
/* The bytes of one image, which belong to the set. */
const uint8_t *synthetic_sample(struct synthetic *set, size_t number);
void synthetic_free(struct synthetic *set); /* NULL is allowed */

/* --- dataset_text.c --------------------------------------------------------- */

struct text_options {
    int tokens; /* of a sample */
};
bool dataset_text_parse(const char *text, struct text_options *options,
                        char error[DATASET_ERROR_SIZE]);
/* How many different characters the file has, or -1. */
int dataset_text_vocabulary(char error[DATASET_ERROR_SIZE]);
int dataset_text_count(const struct text_options *options, enum dataset_split split,
                       char error[DATASET_ERROR_SIZE]);
bool dataset_text_open(const struct text_options *options, enum dataset_split split,
                       struct dataset *dataset, char error[DATASET_ERROR_SIZE]);

/* --- dataset_synthetic_text.c ----------------------------------------------- */

struct synthetic_text_options {
    int tokens, vocabulary, train, test;
};
bool synthetic_text_parse(const char *text, struct synthetic_text_options *options,
                          char error[DATASET_ERROR_SIZE]);
void synthetic_text_open(const struct synthetic_text_options *options, enum dataset_split split,
                         uint64_t seed, struct dataset *dataset);
/* The tokens of one sample, from number `from` on (0: its inputs, 1: its labels). */
void synthetic_text_sample(const struct synthetic_text *set, size_t number, size_t from,
                           int32_t *tokens);
void synthetic_text_free(struct synthetic_text *set); /* NULL is allowed */

#endif
