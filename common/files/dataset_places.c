/*
 * Where the files of data sets are, and how they stand (dataset.h).
 */
#include "common/files/dataset_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct data_place dataset_fashion_mnist = {
    .set = "fashion-mnist",
    .variable = "FASHION_MNIST_DIR",
    .place = {"datasets/fashion-mnist", "/usr/share/datasets/fashion-mnist"},
    .file = {[DATASET_TRAIN] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
             [DATASET_TEST] = {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}}};

const struct data_place dataset_cifar10 = {
    .set = "cifar10",
    .variable = "CIFAR10_DIR",
    .place = {"datasets/cifar-10-batches-bin"},
    .file = {[DATASET_TRAIN] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                "data_batch_4.bin", "data_batch_5.bin"},
             [DATASET_TEST] = {"test_batch.bin"}}};

const struct data_place dataset_text = {
    .set = "text", .variable = "TEXT_FILE", .place = {"datasets/text.txt"}};

/* Where a data set is, by its name with or without options; NULL: it needs no files. */
static const struct data_place *place_of(const char *name)
{
    static const struct data_place *const all[] = {&dataset_fashion_mnist, &dataset_cifar10,
                                                   &dataset_text};
    const size_t length = strcspn(name, ":");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strlen(all[i]->set) == length && strncmp(name, all[i]->set, length) == 0)
            return all[i];
    return NULL;
}

bool dataset_has_files(const char *name)
{
    return place_of(name) != NULL;
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* The files of one split in a folder, from path[count] on, that can be read; returns the new count. */
static int files_in(const char *folder, const char *const *name, int count,
                    char path[DATASET_MOST_FILES][DATASET_PATH_SIZE])
{
    for (; *name != NULL; name++)
        if (idx_find_file(folder, *name, path[count]))
            count++;
    return count;
}

/* Is there any of these files, whether or not it can be read? */
static bool has_any(const char *folder, const char *const *name)
{
    char path[DATASET_PATH_SIZE];
    for (; *name != NULL; name++)
        if (idx_find_file(folder, *name, path) || (errno != ENOENT && errno != ENOTDIR))
            return true;
    return false;
}

/* The folder, or file, that is read: the first with training data, else the first one. */
static const char *chosen_place(const struct data_place *where)
{
    const char *chosen = dataset_place(where->variable);
    char path[DATASET_MOST_FILES][DATASET_PATH_SIZE];
    for (int i = 0; chosen == NULL && where->place[i] != NULL; i++) {
        const int found = files_in(where->place[i], where->file[DATASET_TRAIN], 0, path);
        if (found > 0 && where->file[DATASET_TRAIN][found] == NULL)
            chosen = where->place[i];
    }
    return chosen != NULL ? chosen : where->place[0];
}

int dataset_files(const char *name, char path[DATASET_MOST_FILES][DATASET_PATH_SIZE])
{
    const struct data_place *where = place_of(name);
    if (where == NULL)
        return 0;
    const char *place = chosen_place(where);
    if (where->file[DATASET_TRAIN][0] == NULL)
        return snprintf(path[0], DATASET_PATH_SIZE, "%s", place) < DATASET_PATH_SIZE;
    int count = files_in(place, where->file[DATASET_TRAIN], 0, path);
    return files_in(place, where->file[DATASET_TEST], count, path);
}

/* ---- how it stands ---------------------------------------------------------------------------------- */

/* Does it have to be there? A variable says so, or something of it that is at one of its places. */
static bool should_be_there(const struct data_place *where)
{
    bool should = dataset_place(where->variable) != NULL;
    for (int i = 0; !should && where->place[i] != NULL; i++)
        should = where->file[DATASET_TRAIN][0] == NULL
                     ? access(where->place[i], F_OK) == 0 || errno != ENOENT
                     : has_any(where->place[i], where->file[DATASET_TRAIN]);
    return should;
}

/* Is anything of the test data there, in files of its own? */
static bool has_test_files(const struct data_place *where)
{
    char path[DATASET_MOST_FILES][DATASET_PATH_SIZE];
    return where->file[DATASET_TEST][0] != NULL &&
           files_in(chosen_place(where), where->file[DATASET_TEST], 0, path) > 0;
}

enum dataset_state dataset_look(const char *name, char error[DATASET_ERROR_SIZE])
{
    const struct data_place *where = place_of(name);
    if (dataset_count(name, DATASET_TRAIN, error) < 1)
        return where != NULL && !should_be_there(where) ? DATASET_ABSENT : DATASET_WRONG;
    const bool good =
        where == NULL || !has_test_files(where) || dataset_count(name, DATASET_TEST, error) > 0;
    return good ? DATASET_READY : DATASET_WRONG;
}

bool dataset_present(const char *name, char error[DATASET_ERROR_SIZE])
{
    return dataset_look(name, error) == DATASET_READY;
}

enum dataset_state dataset_examine(const char *name, char error[DATASET_ERROR_SIZE])
{
    const struct data_place *where = place_of(name);
    const enum dataset_state state = dataset_look(name, error);
    if (where == NULL || state != DATASET_READY)
        return state;
    for (int split = DATASET_TRAIN; split <= DATASET_TEST; split++) {
        if (split == DATASET_TEST && !has_test_files(where))
            continue;
        struct dataset *dataset =
            dataset_open(name, (enum dataset_split)split, true, true, 1, error);
        if (dataset == NULL)
            return DATASET_WRONG;
        dataset_close(dataset);
    }
    return DATASET_READY;
}
