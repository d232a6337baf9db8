/*
 * The fuzzer's target: every reader of files that may come from anybody.
 *
 * The first byte chooses the reader, the rest is the file. Whatever it holds,
 * the reader must return, with a result or with an error: no crash, no
 * undefined behaviour, no leak, no end of the program. A log's records carry
 * checksums that a fuzzer can't guess, so the upper half of the first byte asks
 * for them to be put right. `make fuzz` runs it; write_seeds.c makes what it
 * starts from.
 */
#include "common/files/curve.h"
#include "common/files/dataset_parts.h"
#include "common/files/tensor_parts.h"
#include "common/log/log_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum reader { IDX_IMAGES, IDX_LABELS, CIFAR, TENSOR_FILE, CURVE, LOG, TEXT, READERS };

static char path[] = "/tmp/fuzz-loaders-XXXXXX"; /* of the file that is read */

/* What is true after every reading: it worked, or there are words that say why not. */
static void expect(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_loaders: %s\n", what);
        abort();
    }
}

/* --- one function per reader -------------------------------------------------- */

/* A folder in which each training file of CIFAR-10 is the file at `path`. */
static const char *cifar_of_links(void)
{
    static char folder[sizeof path + 8];
    if (folder[0] != '\0')
        return folder;
    snprintf(folder, sizeof folder, "%s.cifar", path);
    expect(mkdir(folder, 0700) == 0, "no folder to fuzz with");
    for (const char *const *name = dataset_cifar10.file[DATASET_TRAIN]; *name != NULL; name++) {
        char link[DATASET_PATH_SIZE];
        snprintf(link, sizeof link, "%s/%s", folder, *name);
        expect(symlink(path, link) == 0, "no links to fuzz with");
    }
    return folder;
}

/* What tells samples from others reads the same file in another way: what was opened can be told, and has
 * as many samples. */
static void fuzz_identity(enum reader reader, bool opened, int samples)
{
    char error[DATASET_ERROR_SIZE] = "";
    struct idx_sums sums = {0};
    struct dataset_identity identity = {0};
    bool good;
    if (reader == IDX_IMAGES)
        good = idx_sum_images(path, 28, 28, &sums, error);
    else if (reader == IDX_LABELS)
        good = idx_sum_labels(path, &sums, error);
    else
        good = cifar_identify(cifar_of_links(), DATASET_TRAIN, &identity, error);
    const int told = reader == CIFAR ? identity.samples / 5 : sums.samples;
    expect(good || error[0] != '\0', "a data set was not told, without an error");
    expect(!opened || (good && told == samples), "samples that were opened, and not told");
}

static void fuzz_dataset(enum reader reader)
{
    char error[DATASET_ERROR_SIZE] = "";
    struct dataset *dataset = memory_allocate(MEMORY_WORKSPACE, sizeof *dataset);
    memset(dataset, 0, sizeof *dataset);
    dataset->shape = (struct data_shape){
        .input = reader == CIFAR ? SHAPE(3, 32, 32) : SHAPE(1, 28, 28), .labels = 1, .classes = 10};
    dataset->has_inputs = reader != IDX_LABELS;
    dataset->has_labels = reader != IDX_IMAGES;
    bool good;
    if (reader == IDX_IMAGES)
        good = idx_open_images(path, 28, 28, dataset, error);
    else if (reader == IDX_LABELS)
        good = idx_open_labels(path, 10, dataset, error);
    else
        good = cifar_open_file(path, true, true, dataset, error);
    expect(good || error[0] != '\0', "a data set was refused without an error");
    for (int number = 0; good && number < dataset_samples(dataset); number++) {
        float inputs[3 * 32 * 32];
        int32_t label = 0;
        if (reader != IDX_LABELS)
            dataset_gather_inputs(dataset, &number, 1, inputs);
        if (reader != IDX_IMAGES)
            dataset_gather_labels(dataset, &number, 1, &label);
        expect(label >= 0 && label < 10, "a label out of range");
    }
    fuzz_identity(reader, good, dataset_samples(dataset));
    dataset_close(dataset);
    expect(memory_live(MEMORY_WORKSPACE) == 0, "a data set kept memory");
}

static void fuzz_text(void)
{
    char error[DATASET_ERROR_SIZE] = "";
    struct data_shape shape;
    setenv("TEXT_FILE", path, 1);
    const bool described = dataset_describe("text:tokens=2", &shape, error);
    expect(described ? shape.classes >= 2 : error[0] != '\0',
           "a text was refused without an error");
    struct dataset *dataset = dataset_open("text:tokens=2", DATASET_TRAIN, true, true, 1, error);
    expect(dataset == NULL || described, "a text that can't be described was opened");
    expect(dataset != NULL || error[0] != '\0', "a text was not opened, without an error");
    for (int number = 0; dataset != NULL && number < dataset_samples(dataset); number++) {
        int32_t inputs[2], labels[2];
        dataset_gather_inputs(dataset, &number, 1, inputs);
        dataset_gather_labels(dataset, &number, 1, labels);
        for (int t = 0; t < 2; t++)
            expect(inputs[t] < shape.classes && labels[t] < shape.classes, "a token out of range");
        expect(inputs[1] == labels[0], "labels that are not the next tokens");
    }
    uint64_t fingerprint;
    const int told = dataset_identify("text:tokens=2", DATASET_TRAIN, &fingerprint, error);
    expect(told == (dataset == NULL ? -1 : dataset_samples(dataset)), "another number of samples");
    dataset_close(dataset);
    expect(memory_live(MEMORY_WORKSPACE) == 0, "a text kept memory");
}

/* What part of what whole a tensor says to be lies within that whole, and is as large as it. */
static void check_parts(const struct tensor_file *file, int index)
{
    char error[TENSOR_FILE_ERROR_SIZE] = "", text[SLICE_ERROR_SIZE];
    int count = 0;
    size_t elements = 0;
    struct tensor_part *part = tensor_file_parts(file, index, &count, error);
    expect(part != NULL || error[0] != '\0', "parts were refused without an error");
    for (int i = 0; part != NULL && i < count; i++) {
        const struct slice *slice = &part[i].slice;
        elements += part[i].count;
        if (part[i].count == 0)
            continue;
        expect(slice_fault(slice, text) == NULL, "a slice that is none");
        expect(part[i].first + part[i].count <= shape_elements(slice_shape(slice)),
               "elements behind the slice's end");
    }
    expect(part == NULL || elements == tensor_file_at(file, index)->elements,
           "parts that are not as large as the tensor");
    free(part);
}

static void fuzz_tensor_file(void)
{
    char error[TENSOR_FILE_ERROR_SIZE] = "";
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    expect(file != NULL || error[0] != '\0', "a tensor file was refused without an error");
    for (int i = 0; file != NULL && i < tensor_file_count(file); i++) {
        struct tensor *tensor = tensor_file_get(file, tensor_file_name(file, i));
        expect(tensor != NULL, "a tensor that its name does not lead to");
        expect(shape_count(tensor->shape) == tensor->count, "a shape that is not the count's");
        unsigned sum = 0; /* every byte can be read */
        for (size_t b = 0; b < tensor_bytes(tensor); b++)
            sum += ((const uint8_t *)tensor->data)[b];
        expect(sum <= 255 * tensor_bytes(tensor), "the sum of bytes");
        check_parts(file, i);
    }
    tensor_file_free(file);
    expect(memory_live(MEMORY_WORKSPACE) == 0, "a tensor file kept memory");
}

static void fuzz_curve(void)
{
    char error[CURVE_ERROR_SIZE] = "";
    struct curve curve;
    bool good = curve_read(path, &curve, error);
    expect(good ? curve.count > 0 : error[0] != '\0', "a curve was refused without an error");
    curve_destroy(&curve);
}

static void fuzz_log(void)
{
    char error[LOG_ERROR_SIZE] = "";
    struct log_file log;
    bool good = log_read(path, &log, error);
    expect(good || error[0] != '\0', "a log was refused without an error");
    for (size_t i = 0; good && i < log.count; i++) {
        size_t end = log_end_of(&log, i);
        expect(end <= log.count, "the end of a record is nowhere");
    }
    if (good)
        log_destroy(&log);
}

/* --- the fuzzer's side --------------------------------------------------------- */

/* Gives every whole record its checksum and, if asked for, its number. */
static void repair_log(uint8_t *bytes, size_t size, bool sequence)
{
    for (size_t at = sizeof(struct log_header); at + sizeof(struct log_record) <= size;
         at += sizeof(struct log_record)) {
        struct log_record record;
        memcpy(&record, bytes + at, sizeof record);
        if (sequence)
            record.sequence = (at - sizeof(struct log_header)) / sizeof record + 1;
        record.check = 0;
        record.check = (uint32_t)XXH3_64bits(&record, sizeof record);
        memcpy(bytes + at, &record, sizeof record);
    }
}

static void file_remove(void)
{
    char command[sizeof path + 40];
    snprintf(command, sizeof command, "rm -rf %s %s.cifar", path, path);
    if (system(command) != 0)
        unlink(path);
}

/* Gives the one file at `path` this content. (No nameless file: some readers refuse links.) */
static void file_write(const uint8_t *bytes, size_t size)
{
    static int descriptor = -1;
    if (descriptor < 0) {
        descriptor = mkstemp(path);
        atexit(file_remove);
    }
    expect(descriptor >= 0 && pwrite(descriptor, bytes, size, 0) == (ssize_t)size &&
               ftruncate(descriptor, (off_t)size) == 0,
           "no file to fuzz with");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    enum reader reader = (data[0] & 15) % READERS;
    uint8_t *content = malloc(size);
    expect(content != NULL, "no memory to fuzz with");
    memcpy(content, data + 1, size - 1);
    if (reader == LOG && (data[0] & 16) != 0)
        repair_log(content, size - 1, (data[0] & 32) != 0);
    file_write(content, size - 1);
    free(content);
    switch (reader) {
    case IDX_IMAGES:
    case IDX_LABELS:
    case CIFAR:
        fuzz_dataset(reader);
        break;
    case TENSOR_FILE:
        fuzz_tensor_file();
        break;
    case CURVE:
        fuzz_curve();
        break;
    case LOG:
        fuzz_log();
        break;
    case TEXT:
        fuzz_text();
        break;
    case READERS:
        break;
    }
    return 0;
}
