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
/* For a file that stays mapped while others may change it: if it becomes shorter, what ends the process says
 * so. (After MPI_Init, which wants to be the first to handle signals.) */
void file_watch(const char *path, const struct mapped_file *file);
/* Writes the error and returns false. */
bool dataset_error(char error[DATASET_ERROR_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The folder or file that an environment variable names, or NULL. */
const char *dataset_place(const char *variable);

/* What tells the files of one split from others: the same wherever the same samples are read, packed or
 * not. From sizes, headers, and a part of the content that is small. */
struct dataset_identity {
    int samples;
    uint64_t fingerprint;
};

/* --- dataset_places.c ------------------------------------------------------- */

/* Where the files of a data set are looked for. */
struct data_place {
    const char *set;
    const char *variable;                       /* that names the only place */
    const char *place[3];                       /* without it: in this order; ends with NULL */
    const char *file[2][DATASET_MAX_FILES + 1]; /* of each split; none: the place is the file */
};
extern const struct data_place dataset_fashion_mnist, dataset_cifar10, dataset_text;

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

/* Read one file, gzip or not. Images must be height × width, labels below classes. */
bool idx_open_images(const char *path, int height, int width, struct dataset *dataset,
                     char error[DATASET_ERROR_SIZE]);
bool idx_open_labels(const char *path, int classes, struct dataset *dataset,
                     char error[DATASET_ERROR_SIZE]);

/* Checksums of the samples in one file. */
#define IDX_FIRST 64
struct idx_sums {
    int samples;
    uint32_t first; /* CRC-32 of the first IDX_FIRST samples, or of as many as there are */
    uint32_t all;   /* of all labels; of images as `first` */
};
bool idx_sum_images(const char *path, int height, int width, struct idx_sums *sums,
                    char error[DATASET_ERROR_SIZE]);
bool idx_sum_labels(const char *path, struct idx_sums *sums, char error[DATASET_ERROR_SIZE]);

/* --- dataset_idx_pair.c ----------------------------------------------------- */

/* The IDX files of one split of Fashion-MNIST: false, with where was looked, if there are none. */
struct idx_files {
    char images[DATASET_PATH_SIZE];
    char labels[DATASET_PATH_SIZE];
};
bool idx_find(enum dataset_split split, struct idx_files *files, char error[DATASET_ERROR_SIZE]);
/* The path of one file in a folder, unpacked, else packed. False, and errno, if neither can be read. */
bool idx_find_file(const char *folder, const char *name, char path[DATASET_PATH_SIZE]);

/* Do both files belong together? The number of samples must be the same; and where one of them is of the
 * original data set, by its checksum, the other must be, too. */
bool idx_identify(const struct idx_files *files, int height, int width,
                  struct dataset_identity *identity, char error[DATASET_ERROR_SIZE]);

/* --- dataset_cifar.c -------------------------------------------------------- */

/* The folder of the CIFAR-10 files, or NULL with an error. */
const char *cifar_folder(char error[DATASET_ERROR_SIZE]);
bool cifar_identify(const char *folder, enum dataset_split split, struct dataset_identity *identity,
                    char error[DATASET_ERROR_SIZE]);
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
bool dataset_text_identify(const struct text_options *options, enum dataset_split split,
                           struct dataset_identity *identity, char error[DATASET_ERROR_SIZE]);
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
