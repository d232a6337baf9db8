/*
 * Reading .safetensors files (tensor_file.h), which may come from anybody.
 *
 * Every length is checked against the file's size before memory is asked for,
 * so a small file can't make the reader allocate much. The tensors' bytes must
 * cover the data exactly: no overlap, no hole, nothing behind them.
 */
#include "common/base/fatal.h"
#include "common/base/unreadable.h"
#include "common/files/tensor_file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH_BYTES       8
#define MAX_HEADER_BYTES   (16u << 20) /* a hundred thousand tensors */
#define MAX_NAME_IN_ERRORS 100

/* One tensor of the header, checked in itself. */
struct place {
    const char *name;
    enum dtype dtype;
    struct shape shape;
    uint64_t begin; /* within the data, which follows the header */
    uint64_t end;
};

struct reading {
    const char *path;
    int descriptor;
    uint64_t file_bytes;
    uint64_t data_at; /* where the data begins in the file */
    char *error;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct reading *reading, const char *format,
                                                       ...)
{
    int used = snprintf(reading->error, TENSOR_FILE_ERROR_SIZE, "%.200s: ", reading->path);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reading->error + used, TENSOR_FILE_ERROR_SIZE - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

static bool read_at(struct reading *reading, void *to, size_t bytes, uint64_t offset)
{
    char *next = to;
    while (bytes > 0) {
        ssize_t got = pread(reading->descriptor, next, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            unreadable_note(reading->path, errno);
            return fail(reading, "offset %" PRIu64 ": can't be read: %s", offset, strerror(errno));
        }
        if (got == 0)
            return fail(reading, "offset %" PRIu64 ": the file ends, %zu more bytes were expected",
                        offset, bytes);
        next += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return true;
}

/* ---- the header ---- */

static bool open_file(struct reading *reading)
{
    struct stat status;
    /* O_NONBLOCK: a pipe under this name must not hold us up. */
    reading->descriptor = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reading->descriptor < 0 || fstat(reading->descriptor, &status) != 0) {
        unreadable_note(reading->path, errno);
        return fail(reading, "can't be opened: %s", strerror(errno));
    }
    if (!S_ISREG(status.st_mode))
        return fail(reading, "is not a regular file");
    reading->file_bytes = (uint64_t)status.st_size;
    return true;
}

/* A new JSON object, or NULL. */
static json_t *read_header(struct reading *reading)
{
    uint64_t length;
    if (!read_at(reading, &length, sizeof length, 0))
        return NULL;
    uint64_t room = reading->file_bytes - LENGTH_BYTES;
    if (length > room || length > MAX_HEADER_BYTES) {
        fail(reading, "offset 0: a header of %" PRIu64 " bytes; expected at most %" PRIu64, length,
             room < MAX_HEADER_BYTES ? room : MAX_HEADER_BYTES);
        return NULL;
    }
    char *text = malloc(length == 0 ? 1 : length);
    if (text == NULL)
        fatal("no memory left for a header of %" PRIu64 " bytes", length);
    json_t *header = NULL;
    if (read_at(reading, text, length, LENGTH_BYTES)) {
        json_error_t problem;
        header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
        if (header == NULL) {
            fail(reading, "offset %d: the header is not JSON: %s", LENGTH_BYTES + problem.position,
                 problem.text);
        } else if (!json_is_object(header)) {
            fail(reading, "offset %d: the header is not a JSON object", LENGTH_BYTES);
            json_decref(header);
            header = NULL;
        }
    }
    free(text);
    reading->data_at = LENGTH_BYTES + length;
    return header;
}

static bool check_metadata(struct reading *reading, json_t *metadata)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return fail(reading, "offset %d: " TENSOR_FILE_METADATA " is not an object", LENGTH_BYTES);
    json_object_foreach(metadata, key, value) if (!json_is_string(value)) return fail(
        reading, "offset %d: metadata \"%.*s\" is not a string", LENGTH_BYTES, MAX_NAME_IN_ERRORS,
        key);
    return true;
}

/* A failure within tensor `name` of the header. */
#define FAIL_TENSOR(format, ...)                                                                   \
    fail(reading, "tensor \"%.*s\": " format, MAX_NAME_IN_ERRORS, place->name, __VA_ARGS__)

static bool read_dtype(struct reading *reading, json_t *description, struct place *place)
{
    const char *dtype = json_string_value(json_object_get(description, "dtype"));
    if (dtype != NULL && strcmp(dtype, "F32") == 0)
        place->dtype = DTYPE_FLOAT32;
    else if (dtype != NULL && strcmp(dtype, "BF16") == 0)
        place->dtype = DTYPE_BFLOAT16;
    else if (dtype != NULL && strcmp(dtype, "F16") == 0)
        place->dtype = DTYPE_FLOAT16;
    else if (dtype != NULL && strcmp(dtype, "I32") == 0)
        place->dtype = DTYPE_INT32;
    else
        return FAIL_TENSOR("dtype %.20s; expected F32, BF16, F16 or I32",
                           dtype == NULL ? "missing" : dtype);
    return true;
}

static bool read_shape(struct reading *reading, json_t *description, struct place *place)
{
    json_t *shape = json_object_get(description, "shape");
    size_t dimensions = json_array_size(shape);
    if (!json_is_array(shape) || dimensions > TENSOR_MAX_DIMENSIONS)
        return FAIL_TENSOR("shape is %s; expected an array of at most %d sizes",
                           json_is_array(shape) ? "longer" : "none", TENSOR_MAX_DIMENSIONS);
    int count = 1;
    place->shape.dimensions = (int)dimensions;
    for (size_t i = 0; i < dimensions; i++) {
        json_t *size = json_array_get(shape, i);
        json_int_t value = json_integer_value(size);
        if (!json_is_integer(size) || value < 0 || value > INT_MAX)
            return FAIL_TENSOR("size %zu of the shape is not a whole number in 0 … %d", i, INT_MAX);
        place->shape.size[i] = (int)value;
        if (__builtin_mul_overflow(count, (int)value, &count))
            return FAIL_TENSOR("its shape has more than %d elements", INT_MAX);
    }
    return true;
}

static bool read_offsets(struct reading *reading, json_t *description, struct place *place)
{
    json_t *offsets = json_object_get(description, "data_offsets");
    json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    uint64_t data_bytes = reading->file_bytes - reading->data_at;
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return FAIL_TENSOR("%s", "data_offsets is not an array of two whole numbers");
    json_int_t from = json_integer_value(begin), to = json_integer_value(end);
    if (from < 0 || to < from || (uint64_t)to > data_bytes)
        return FAIL_TENSOR("bytes %lld to %lld; expected places in order within 0 … %" PRIu64
                           ", as large as the file's data",
                           (long long)from, (long long)to, data_bytes);
    place->begin = (uint64_t)from;
    place->end = (uint64_t)to;
    uint64_t expected = (uint64_t)shape_count(place->shape) * dtype_bytes(place->dtype);
    if (place->end - place->begin != expected) {
        char text[SHAPE_TEXT_SIZE];
        return FAIL_TENSOR("%" PRIu64 " bytes at offset %" PRIu64 "; %s %s has %" PRIu64,
                           place->end - place->begin, reading->data_at + place->begin,
                           dtype_name(place->dtype), shape_text(place->shape, text), expected);
    }
    return true;
}

static bool read_place(struct reading *reading, json_t *description, struct place *place)
{
    if (!json_is_object(description))
        return FAIL_TENSOR("%s", "its description is not a JSON object");
    return read_dtype(reading, description, place) && read_shape(reading, description, place) &&
           read_offsets(reading, description, place);
}

static int by_place(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return (left->end > right->end) - (left->end < right->end);
}

/* Sorts the places; they must follow each other without overlap or hole to the file's end. */
static bool check_coverage(struct reading *reading, struct place *places, size_t count)
{
    uint64_t covered = 0;
    qsort(places, count, sizeof *places, by_place);
    for (size_t i = 0; i < count; i++) {
        const struct place *place = &places[i];
        if (place->begin != covered)
            return FAIL_TENSOR("begins at offset %" PRIu64 ", %s; expected offset %" PRIu64,
                               reading->data_at + place->begin,
                               place->begin < covered ? "inside another tensor" : "behind a hole",
                               reading->data_at + covered);
        covered = place->end;
    }
    if (reading->data_at + covered != reading->file_bytes)
        return fail(reading,
                    "the tensors end at offset %" PRIu64 "; the file is %" PRIu64 " bytes long",
                    reading->data_at + covered, reading->file_bytes);
    return true;
}

/* ---- the data ---- */

static bool read_tensors(struct reading *reading, const struct place *places, size_t count,
                         enum memory_kind kind, struct tensor_file *file)
{
    for (size_t i = 0; i < count; i++) {
        struct tensor *tensor = tensor_new(kind, places[i].dtype, DEVICE_CPU, places[i].shape);
        tensor_file_append(file, places[i].name, tensor);
        if (!read_at(reading, tensor->data, tensor_bytes(tensor),
                     reading->data_at + places[i].begin))
            return false;
    }
    return true;
}

static bool read_contents(struct reading *reading, json_t *header, enum memory_kind kind,
                          struct tensor_file *file)
{
    struct place *places = calloc(json_object_size(header) + 1, sizeof *places);
    if (places == NULL)
        fatal("no memory left for the names of %zu tensors", json_object_size(header));
    size_t count = 0;
    bool good = true;
    const char *name;
    json_t *description;
    json_object_foreach(header, name, description)
    {
        if (strcmp(name, TENSOR_FILE_METADATA) == 0) {
            good = check_metadata(reading, description) &&
                   json_object_update(file->metadata, description) == 0;
        } else {
            places[count].name = name;
            good = read_place(reading, description, &places[count]);
            count++;
        }
        if (!good)
            break;
    }
    good = good && check_coverage(reading, places, count) &&
           read_tensors(reading, places, count, kind, file);
    free(places);
    return good;
}

struct tensor_file *tensor_file_read(const char *path, enum memory_kind kind,
                                     char error[TENSOR_FILE_ERROR_SIZE])
{
    struct reading reading = {.path = path, .error = error};
    struct tensor_file *file = tensor_file_new();
    json_t *header = NULL;
    bool good = open_file(&reading) && (header = read_header(&reading)) != NULL &&
                read_contents(&reading, header, kind, file);
    json_decref(header);
    if (reading.descriptor >= 0)
        close(reading.descriptor);
    if (good)
        return file;
    tensor_file_free(file);
    return NULL;
}
