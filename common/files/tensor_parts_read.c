/*
 * Which part of which whole a tensor of a file is: reading it, whoever wrote it;
 * see tensor_parts.h.
 */
#include "common/base/fatal.h"
#include "common/files/tensor_file_private.h"
#include "common/files/tensor_parts.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME_IN_ERRORS 100

struct reading {
    const struct tensor_file *file;
    const char *name; /* of the tensor */
    char *error;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct reading *reading, const char *format,
                                                       ...)
{
    int used = snprintf(reading->error, TENSOR_FILE_ERROR_SIZE,
                        "tensor \"%.*s\": ", MAX_NAME_IN_ERRORS, reading->name);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reading->error + used, TENSOR_FILE_ERROR_SIZE - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

/* Names get into reports: no line ends, and not without end. */
static bool set_name(struct reading *reading, struct tensor_part *part, const char *whole,
                     const char *ending)
{
    bool good = whole != NULL && whole[0] != '\0' && ending != NULL &&
                strlen(whole) + strlen(ending) < sizeof part->whole;
    for (const char *c = whole; good && *c != '\0'; c++)
        good = (unsigned char)*c >= ' ' && *c != 0x7f;
    for (const char *c = ending; good && *c != '\0'; c++)
        good = (unsigned char)*c >= ' ' && *c != 0x7f;
    if (!good)
        return fail(reading,
                    "its whole has no name, or one that is longer than %d bytes or has "
                    "control characters",
                    TENSOR_PARTS_NAME_SIZE - 1);
    memcpy(part->whole, whole, strlen(whole));
    strcpy(part->whole + strlen(whole), ending);
    return true;
}

static bool read_int(const json_t *value, int *number)
{
    const json_int_t integer = json_integer_value(value);
    *number = (int)integer;
    return json_is_integer(value) && integer >= 0 && integer <= INT_MAX;
}

static bool read_pieces(const json_t *list, struct slice_pieces *along)
{
    const size_t count = json_array_size(list);
    if (count < 1 || count > SLICE_MAX_PIECES)
        return false;
    along->count = (int)count;
    for (size_t i = 0; i < count; i++) {
        const json_t *piece = json_array_get(list, i);
        if (json_array_size(piece) != 2 ||
            !read_int(json_array_get(piece, 0), &along->piece[i].begin) ||
            !read_int(json_array_get(piece, 1), &along->piece[i].end))
            return false;
    }
    return true;
}

static bool read_slice(struct reading *reading, const json_t *description, const char *ending,
                       struct tensor_part *part)
{
    const json_t *shape = json_object_get(description, "shape");
    const json_t *pieces = json_object_get(description, "pieces");
    const size_t dimensions = json_array_size(shape);
    char text[SLICE_ERROR_SIZE];
    if (!json_is_array(shape) || dimensions > TENSOR_MAX_DIMENSIONS ||
        json_array_size(pieces) != dimensions)
        return fail(reading,
                    "shape and pieces of its whole are not lists of the same length, at "
                    "most %d",
                    TENSOR_MAX_DIMENSIONS);
    part->slice = (struct slice){.whole.dimensions = (int)dimensions};
    for (size_t d = 0; d < dimensions; d++)
        if (!read_int(json_array_get(shape, d), &part->slice.whole.size[d]) ||
            !read_pieces(json_array_get(pieces, d), &part->slice.along[d]))
            return fail(reading,
                        "dimension %zu of its whole is no size, or its pieces are not 1 to "
                        "%d pairs of whole numbers",
                        d, SLICE_MAX_PIECES);
    if (slice_fault(&part->slice, text) != NULL)
        return fail(reading, "%s", text);
    part->first = 0;
    part->count = shape_elements(slice_shape(&part->slice));
    return set_name(reading, part, json_string_value(json_object_get(description, "whole")),
                    ending);
}

/* ---- one slice ----------------------------------------------------------------------------------- */

static struct tensor_part *new_parts(size_t count)
{
    struct tensor_part *parts = calloc(count == 0 ? 1 : count, sizeof *parts);
    if (parts == NULL)
        fatal("no memory left for the %zu parts of a tensor", count);
    return parts;
}

static bool read_block(struct reading *reading, const json_t *description,
                       const struct tensor *tensor, struct tensor_part *part)
{
    char found[SHAPE_TEXT_SIZE], stated[SHAPE_TEXT_SIZE];
    if (!read_slice(reading, description, "", part))
        return false;
    if (!shape_equal(slice_shape(&part->slice), tensor->shape))
        return fail(reading, "it has shape %s; the slice that it says to be has %s",
                    shape_text(tensor->shape, found),
                    shape_text(slice_shape(&part->slice), stated));
    return true;
}

/* ---- a range of an arena --------------------------------------------------------------------------- */

/* A new reference to the array, or NULL after saying why. */
static json_t *read_arena(struct reading *reading, const char *name)
{
    char key[TENSOR_PARTS_NAME_SIZE + 16];
    const char *text = NULL;
    if (name != NULL && snprintf(key, sizeof key, "arena.%s", name) < (int)sizeof key)
        text = tensor_file_metadata(reading->file, key);
    json_t *arena = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_array(arena))
        return arena;
    json_decref(arena);
    fail(reading, "the file does not describe the arena that it says to be a range of");
    return NULL;
}

/* Those slices of the arena that the range has elements of. */
static bool read_range_parts(struct reading *reading, const json_t *arena, const char *ending,
                             size_t begin, size_t end, struct tensor_part *parts, int *count)
{
    size_t place = 0;
    *count = 0;
    for (size_t i = 0; i < json_array_size(arena); i++) {
        struct tensor_part *part = &parts[*count];
        if (!read_slice(reading, json_array_get(arena, i), ending, part))
            return false;
        const size_t from = begin > place ? begin : place;
        const size_t to = end < place + part->count ? end : place + part->count;
        part->first = from - place;
        part->in_tensor = from - begin;
        place += part->count;
        part->count = to > from ? to - from : 0;
        *count += part->count > 0;
    }
    if (end > place)
        return fail(reading, "it says to be the elements %zu up to %zu of an arena of %zu", begin,
                    end, place);
    return true;
}

static struct tensor_part *read_range(struct reading *reading, const json_t *description,
                                      const struct tensor *tensor, int *count)
{
    const json_t *begin = json_object_get(description, "begin");
    const json_t *end = json_object_get(description, "end");
    const json_int_t from = json_integer_value(begin), to = json_integer_value(end);
    if (!json_is_integer(begin) || !json_is_integer(end) || from < 0 || to <= from ||
        (size_t)(to - from) != tensor->elements) {
        fail(reading,
             "it has %zu elements, and its begin and end in the arena are not so far apart",
             tensor->elements);
        return NULL;
    }
    json_t *arena = read_arena(reading, json_string_value(json_object_get(description, "arena")));
    if (arena == NULL)
        return NULL;
    /* One more: each is read before it is known whether the range has elements of it. */
    struct tensor_part *parts = new_parts(json_array_size(arena) + 1);
    const bool good =
        read_range_parts(reading, arena, json_string_value(json_object_get(description, "ending")),
                         (size_t)from, (size_t)to, parts, count);
    json_decref(arena);
    if (good)
        return parts;
    free(parts);
    return NULL;
}

/* ---- any ------------------------------------------------------------------------------------------ */

static struct tensor_part *read_description(struct reading *reading, const json_t *description,
                                            const struct tensor *tensor, int *count)
{
    if (json_object_get(description, "arena") != NULL)
        return read_range(reading, description, tensor, count);
    struct tensor_part *parts = new_parts(1);
    *count = 1;
    if (read_block(reading, description, tensor, parts))
        return parts;
    free(parts);
    return NULL;
}

struct tensor_part *tensor_file_parts(const struct tensor_file *file, int index, int *count,
                                      char error[TENSOR_FILE_ERROR_SIZE])
{
    struct reading reading = {file, tensor_file_name(file, index), error};
    const struct tensor *tensor = file->entry[index].tensor;
    char key[TENSOR_PARTS_NAME_SIZE + 16];
    const char *text = NULL;
    if (snprintf(key, sizeof key, "slice.%s", reading.name) < (int)sizeof key)
        text = tensor_file_metadata(file, key);
    if (text != NULL) {
        json_t *description = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        struct tensor_part *parts =
            json_is_object(description)
                ? read_description(&reading, description, tensor, count)
                : (fail(&reading, "what part it is, is not said as a JSON object"), NULL);
        json_decref(description);
        return parts;
    }
    struct tensor_part *parts = new_parts(1);
    *count = 1;
    parts->slice = slice_all(tensor->shape);
    parts->count = tensor->elements;
    if (set_name(&reading, parts, reading.name, ""))
        return parts;
    free(parts);
    return NULL;
}
