/*
 * The two IDX files of a split of Fashion-MNIST: where they are, and whether they
 * belong together. A rank opens one of them, so nobody else would notice: a file of
 * images says nothing about its labels but their number. Those of the original are
 * known by checksum (CRC-32: against mistakes, not against malice). Any part of it, or
 * other images with labels of their own, is no original, and only counted.
 */
#include "common/files/dataset_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GET_BOTH_AGAIN "get both again with datasets/get fashion-mnist"

/* What the files of datasets/get's checksums hold. */
static const struct original {
    const char *what;
    int samples;
    uint32_t first_images; /* of the first IDX_FIRST */
    struct {
        uint32_t first, all;
    } labels;
} originals[] = {
    {"Fashion-MNIST's training set", 60000, 0x3e1a6164, {0x1d693c24, 0x2ed6e46a}},
    {"Fashion-MNIST's test set", 10000, 0xf7c1fdd3, {0x78248f1a, 0x242bc73f}},
};
#define ORIGINALS (sizeof originals / sizeof originals[0])

static const struct original *original_of_images(const struct idx_sums *images)
{
    for (size_t i = 0; i < ORIGINALS; i++)
        if (images->samples >= IDX_FIRST && images->first == originals[i].first_images)
            return &originals[i];
    return NULL;
}

static const struct original *original_of_labels(const struct idx_sums *labels)
{
    for (size_t i = 0; i < ORIGINALS; i++)
        if (labels->samples >= IDX_FIRST && labels->first == originals[i].labels.first)
            return &originals[i];
    return NULL;
}

/* Is it whole, and no part of the original, or changed behind its begin? */
static bool is_all_of(const struct original *original, const struct idx_sums *labels)
{
    return labels->samples == original->samples && labels->all == original->labels.all;
}

static bool check_pair(const struct idx_files *files, const struct idx_sums *images,
                       const struct idx_sums *labels, char error[DATASET_ERROR_SIZE])
{
    if (images->samples != labels->samples)
        return dataset_error(error, "%s has %d images, but %s has %d labels; " GET_BOTH_AGAIN,
                             files->images, images->samples, files->labels, labels->samples);
    const struct original *shown = original_of_images(images);
    const struct original *named = original_of_labels(labels);
    if (shown != NULL && named != NULL && shown != named)
        return dataset_error(error, "%s has images of %s, but %s has labels of %s; " GET_BOTH_AGAIN,
                             files->images, shown->what, files->labels, named->what);
    if (shown != NULL && labels->samples == shown->samples && !is_all_of(shown, labels))
        return dataset_error(error,
                             "%s has the images of %s, but %s has other labels than that: CRC-32 "
                             "%08x of its %d bytes of labels, expected %08x; " GET_BOTH_AGAIN,
                             files->images, shown->what, files->labels, labels->all,
                             labels->samples, shown->labels.all);
    if (named != NULL && is_all_of(named, labels) && shown == NULL)
        return dataset_error(error,
                             "%s has the labels of %s, but %s has other images than that: CRC-32 "
                             "%08x of the first %d, expected %08x; " GET_BOTH_AGAIN,
                             files->labels, named->what, files->images, images->first, IDX_FIRST,
                             named->first_images);
    return true;
}

bool idx_identify(const struct idx_files *files, int height, int width,
                  struct dataset_identity *identity, char error[DATASET_ERROR_SIZE])
{
    struct idx_sums images, labels;
    if (!idx_sum_images(files->images, height, width, &images, error) ||
        !idx_sum_labels(files->labels, &labels, error) ||
        !check_pair(files, &images, &labels, error))
        return false;
    *identity = (struct dataset_identity){.samples = images.samples,
                                          .fingerprint = (uint64_t)images.first << 32 | labels.all};
    return true;
}

/* ---- where they are ----------------------------------------------------------------------------- */

bool idx_find_file(const char *folder, const char *name, char path[DATASET_PATH_SIZE])
{
    static const char *const endings[] = {"", ".gz"};
    int cause = ENOENT; /* of the file that is there, where one is */
    for (int i = 0; i < 2; i++) {
        const int length = snprintf(path, DATASET_PATH_SIZE, "%s/%s%s", folder, name, endings[i]);
        if (length < DATASET_PATH_SIZE && access(path, R_OK) == 0)
            return true;
        cause = length >= DATASET_PATH_SIZE ? ENAMETOOLONG : errno != ENOENT ? errno : cause;
    }
    errno = cause;
    return false;
}

/* Finds both in a folder. If one can't be read, it is *missing, and errno says why. */
static bool find_both(const char *folder, const char *const *name, struct idx_files *files,
                      const char **missing)
{
    *missing = name[0];
    if (!idx_find_file(folder, name[0], files->images))
        return false;
    *missing = name[1];
    return idx_find_file(folder, name[1], files->labels);
}

bool idx_find(enum dataset_split split, struct idx_files *files, char error[DATASET_ERROR_SIZE])
{
    const struct data_place *where = &dataset_fashion_mnist;
    const char *const *name = where->file[split];
    const char *chosen = dataset_place(where->variable), *missing;
    if (chosen != NULL)
        return find_both(chosen, name, files, &missing) ||
               dataset_error(error,
                             "FASHION_MNIST_DIR names \"%s\", where %s (or %s.gz) can't be read: "
                             "%s; correct it, or unset it and run datasets/get fashion-mnist",
                             chosen, missing, missing, strerror(errno));
    for (int i = 0; where->place[i] != NULL; i++)
        if (find_both(where->place[i], name, files, &missing))
            return true;
    for (int i = 0; where->place[i] != NULL; i++)
        if (!find_both(where->place[i], name, files, &missing) && errno != ENOENT &&
            errno != ENOTDIR)
            return dataset_error(error, "%s/%s (or %s.gz) can't be read: %s", where->place[i],
                                 missing, missing, strerror(errno));
    return dataset_error(error,
                         "Fashion-MNIST is neither in %s nor in %s (%s and %s, or the same with "
                         ".gz); run datasets/get fashion-mnist, or set FASHION_MNIST_DIR",
                         where->place[0], where->place[1], name[0], name[1]);
}
