/*
 * Data sets: images with labels, and text, whose labels are the tokens that follow.
 *
 *     fashion-mnist  1×28×28, 10 classes; IDX files, unpacked or gzip, in
 *                    FASHION_MNIST_DIR, datasets/fashion-mnist or where
 *                    Debian's package puts them
 *     cifar10        3×32×32, 10 classes; binary records in CIFAR10_DIR or
 *                    datasets/cifar-10-batches-bin; any whole number of records per file
 *     synthetic      made from the seed alone; 1×28×28, 10 classes, learnable;
 *                    "synthetic:channels=3,height=32,width=32,train=512,test=128,classes=10"
 *                    (defaults: train=2048, test=512)
 *     text           the characters of the file that TEXT_FILE names, in UTF-8, or of
 *                    datasets/text.txt; a class for each that the file has; nine tenths of
 *                    it for training, the rest to test; "text:tokens=64": of a sample
 *     synthetic-text made from the seed alone, learnable:
 *                    "synthetic-text:tokens=64,vocabulary=64,train=2048,test=512"
 *
 * A folder, or file, that an environment variable names is the only one looked into.
 * Files are checked for sizes, magic numbers and label ranges, and whether they belong
 * together; an error names file, offset, found and expected, and what to do. Images are kept as bytes
 * and become floats, (byte/255 - mean) / deviation per channel, when gathered.
 * Images of unpacked files are mapped: ready at once, shared by all processes,
 * and not counted as memory; all others, and tokens, are counted as MEMORY_WORKSPACE. A
 * mapped file must not shrink while it is open.
 */
#ifndef COMMON_FILES_DATASET_H
#define COMMON_FILES_DATASET_H

#include "common/base/tensor.h"

/* What a data set's samples are. */
struct data_shape {
    struct shape input; /* of one sample: (channels, height, width) of an image, (tokens) of text */
    enum dtype dtype;   /* of the inputs: float32; int32 for tokens, numbered from 0 */
    int labels;         /* of one sample: 1 for an image, one for each token of a text */
    int classes;        /* labels are 0 … classes-1 */
};

/* For a list of what there is. */
#define DATASET_NAMES "fashion-mnist, cifar10, synthetic, text or synthetic-text"

enum dataset_split { DATASET_TRAIN, DATASET_TEST };

struct dataset;

#define DATASET_ERROR_SIZE 512

/* False and an error for a name that does not exist, and for text that can't be read: how many classes
 * it has is seen there. */
bool dataset_describe(const char *name, struct data_shape *shape, char error[DATASET_ERROR_SIZE]);
/* As people write it: "CIFAR-10". A name that does not exist is given back as it is. */
const char *dataset_title(const char *name);
/* Are its samples worked out each time that they are gathered, and not kept? */
bool dataset_is_made(const char *name);

enum dataset_state {
    DATASET_READY,
    DATASET_ABSENT, /* not installed: no variable names it, and nothing of it is where it is looked for */
    DATASET_WRONG /* where it should be is nothing, or something else, or a part of it is damaged */
};
/* How does it stand, by names, sizes, headers, and whether its files belong together? Training data must
 * be there; of test data, which no training reads, what is there must be right. With an error, unless it is
 * ready: where it was looked for, what was found and expected, and how to get it. */
enum dataset_state dataset_look(const char *name, char error[DATASET_ERROR_SIZE]);
/* The same by all that training reads: what is packed is unpacked, and every label looked at. */
enum dataset_state dataset_examine(const char *name, char error[DATASET_ERROR_SIZE]);
/* Is it ready to be opened? */
bool dataset_present(const char *name, char error[DATASET_ERROR_SIZE]);

/* How many samples a split has, without opening inputs or labels; -1 with an error. All its files are looked
 * at, and must belong together, whichever part is opened afterwards. */
int dataset_count(const char *name, enum dataset_split split, char error[DATASET_ERROR_SIZE]);
/* The same, with a number that tells these samples from others, for ranks that read them at different
 * places: in well under a millisecond (of a text, as long as to read it). 0 for sets that need no files. */
int dataset_identify(const char *name, enum dataset_split split, uint64_t *fingerprint,
                     char error[DATASET_ERROR_SIZE]);

/* The files that training and test data are read from, as far as they are there; 0 for sets that need
 * none. */
#define DATASET_MOST_FILES 6
#define DATASET_PATH_SIZE  4200
int dataset_files(const char *name, char path[DATASET_MOST_FILES][DATASET_PATH_SIZE]);
bool dataset_has_files(const char *name);

/* Opens inputs, labels or both (at least one). A new data set, or NULL with an error. */
struct dataset *dataset_open(const char *name, enum dataset_split split, bool inputs, bool labels,
                             uint64_t seed, char error[DATASET_ERROR_SIZE]);
void dataset_close(struct dataset *dataset);
int dataset_samples(const struct dataset *dataset);

/* Fills rows of a batch with samples number[0 … count-1]. inputs: (count, sample…) of the data set's
 * dtype; labels: (count, labels of a sample). */
void dataset_gather_inputs(const struct dataset *dataset, const int *number, int count,
                           void *inputs);
void dataset_gather_labels(const struct dataset *dataset, const int *number, int count,
                           int32_t *labels);

/* The order of an epoch is a function of (seed, epoch) alone. */
void dataset_epoch_order(uint64_t seed, int epoch, int samples, int *order);

#endif
