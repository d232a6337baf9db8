/*
 * Sets of named tensors and the .safetensors format (tensor_file.h).
 *
 * Writing is here; reading, where nothing is trusted, in tensor_file_read.c.
 */
#include "common/files/tensor_file.h"
#include "common/base/fatal.h"
#include "common/files/tensor_file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the set ---- */

struct tensor_file *tensor_file_new(void)
{
    struct tensor_file *file = calloc(1, sizeof *file);
    if (file == NULL || (file->metadata = json_object()) == NULL)
        fatal("no memory left for a tensor file");
    return file;
}

void tensor_file_free(struct tensor_file *file)
{
    if (file == NULL)
        return;
    for (int i = 0; i < file->count; i++) {
        free(file->entry[i].name);
        tensor_free(file->entry[i].tensor);
    }
    free(file->entry);
    json_decref(file->metadata);
    free(file);
}

void tensor_file_append(struct tensor_file *file, const char *name, struct tensor *tensor)
{
    if (file->count == file->capacity) {
        int capacity = file->capacity == 0 ? 16 : 2 * file->capacity;
        struct tensor_file_entry *entry =
            realloc(file->entry, (size_t)capacity * sizeof *file->entry);
        if (entry == NULL)
            fatal("no memory left for %d names of tensors", capacity);
        file->entry = entry;
        file->capacity = capacity;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        fatal("no memory left for the name of a tensor");
    file->entry[file->count++] = (struct tensor_file_entry){.name = copy, .tensor = tensor};
}

void tensor_file_add(struct tensor_file *file, const char *name, struct tensor *tensor)
{
    tensor_need_numbers(tensor, "be put into a file");
    if (tensor_file_get(file, name) != NULL || strcmp(name, TENSOR_FILE_METADATA) == 0)
        fatal("the name \"%s\" is taken", name);
    if (tensor->data == NULL)
        fatal("tensor \"%s\" is on the meta device and has no values to store", name);
    tensor_file_append(file, name, tensor_retain(tensor));
}

void tensor_file_set_metadata(struct tensor_file *file, const char *key, const char *value)
{
    if (json_object_set_new(file->metadata, key, json_string(value)) != 0)
        fatal("metadata \"%s\" is not UTF-8 text, or no memory is left", key);
}

int tensor_file_count(const struct tensor_file *file)
{
    return file->count;
}

static const struct tensor_file_entry *entry_at(const struct tensor_file *file, int index)
{
    if (index < 0 || index >= file->count)
        fatal("tensor %d of a file with %d", index, file->count);
    return &file->entry[index];
}

const char *tensor_file_name(const struct tensor_file *file, int index)
{
    return entry_at(file, index)->name;
}

struct tensor *tensor_file_at(const struct tensor_file *file, int index)
{
    return entry_at(file, index)->tensor;
}

struct tensor *tensor_file_get(const struct tensor_file *file, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->entry[i].name, name) == 0)
            return file->entry[i].tensor;
    return NULL;
}

const char *tensor_file_metadata(const struct tensor_file *file, const char *key)
{
    return json_string_value(json_object_get(file->metadata, key));
}

/* ---- writing ---- */

static const char *format_dtype(enum dtype dtype)
{
    switch (dtype) {
    case DTYPE_FLOAT32:
        return "F32";
    case DTYPE_BFLOAT16:
        return "BF16";
    case DTYPE_FLOAT16:
        return "F16";
    case DTYPE_INT32:
        return "I32";
    }
    fatal("%d is no dtype", (int)dtype);
}

static json_t *describe(const struct tensor *tensor, size_t begin)
{
    json_t *shape = json_array();
    for (int i = 0; i < tensor->shape.dimensions; i++)
        json_array_append_new(shape, json_integer(tensor->shape.size[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", format_dtype(tensor->dtype), "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)(begin + tensor_bytes(tensor)));
}

/* The header's text, padded with spaces to a multiple of 8; NULL if it can't be made. */
static char *header_text(const struct tensor_file *file, size_t *length)
{
    json_t *header = json_object();
    bool good = header != NULL;
    if (good && json_object_size(file->metadata) > 0)
        good = json_object_set(header, TENSOR_FILE_METADATA, file->metadata) == 0;
    size_t offset = 0;
    for (int i = 0; good && i < file->count; i++) {
        const struct tensor *tensor = file->entry[i].tensor;
        good = json_object_set_new(header, file->entry[i].name, describe(tensor, offset)) == 0;
        offset += tensor_bytes(tensor);
    }
    char *text = good ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    if (text == NULL)
        return NULL;

    size_t used = strlen(text);
    *length = (used + 7) / 8 * 8;
    char *padded = malloc(*length);
    if (padded != NULL) {
        memset(padded, ' ', *length);
        memcpy(padded, text, used);
    }
    free(text);
    return padded;
}

static bool write_all(int descriptor, const void *data, size_t bytes)
{
    const char *next = data;
    while (bytes > 0) {
        ssize_t written = write(descriptor, next, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            if (written == 0)
                errno = ENOSPC;
            return false;
        }
        next += written;
        bytes -= (size_t)written;
    }
    return true;
}

/* Of one on the GPU, some numbers at a time. */
static bool write_tensor(int descriptor, const struct tensor *tensor)
{
    enum { TOGETHER = 1 << 20 };
    if (tensor->device == DEVICE_CPU)
        return write_all(descriptor, tensor->data, tensor_bytes(tensor));
    const size_t each = dtype_bytes(tensor->dtype);
    void *room = memory_block_new(TOGETHER * each);
    bool good = true;
    for (size_t i = 0; i < tensor->elements && good; i += TOGETHER) {
        const size_t left = tensor->elements - i, count = left < TOGETHER ? left : TOGETHER;
        tensor_get(tensor, i, count, room);
        good = write_all(descriptor, room, count * each);
    }
    memory_block_free(room, TOGETHER * each);
    return good;
}

static bool write_contents(const struct tensor_file *file, int descriptor, const char *header,
                           size_t header_length)
{
    uint64_t length = header_length; /* little-endian, as this machine is */
    if (!write_all(descriptor, &length, sizeof length) ||
        !write_all(descriptor, header, header_length))
        return false;
    for (int i = 0; i < file->count; i++)
        if (!write_tensor(descriptor, file->entry[i].tensor))
            return false;
    return true;
}

/* Writes to temporary and gives it its name; on failure nothing is left behind. */
static bool write_and_rename(const struct tensor_file *file, const char *temporary,
                             const char *path, char error[TENSOR_FILE_ERROR_SIZE])
{
    size_t header_length = 0;
    char *header = header_text(file, &header_length);
    if (header == NULL) {
        snprintf(error, TENSOR_FILE_ERROR_SIZE,
                 "%s: the header can't be made: a name is not UTF-8 text, or no memory is left",
                 path);
        return false;
    }
    const char *what = "created";
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = descriptor >= 0;
    if (good) {
        what = "written";
        good = write_contents(file, descriptor, header, header_length);
        int cause = errno;
        if (close(descriptor) != 0 && good) {
            good = false; /* some file systems report a full disk only now */
            cause = errno;
        }
        errno = cause;
        if (good) {
            what = "renamed to its final name";
            good = rename(temporary, path) == 0;
        }
    }
    if (!good) {
        int cause = errno;
        unlink(temporary);
        snprintf(error, TENSOR_FILE_ERROR_SIZE, "%.300s: can't be %s: %s%s", path, what,
                 strerror(cause),
                 cause == ENOSPC || cause == EDQUOT ? ": make room and run again" : "");
    }
    free(header);
    return good;
}

bool tensor_file_write(const struct tensor_file *file, const char *path,
                       char error[TENSOR_FILE_ERROR_SIZE])
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary) {
        snprintf(error, TENSOR_FILE_ERROR_SIZE, "%.300s…: the path is longer than %d bytes", path,
                 PATH_MAX);
        return false;
    }
    return write_and_rename(file, temporary, path, error);
}
