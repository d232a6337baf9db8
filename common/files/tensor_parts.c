/* Which part of which whole a tensor of a file is: writing it; see tensor_parts.h. */
#include "common/files/tensor_parts.h"

#include "common/base/fatal.h"
#include "common/files/tensor_file_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_json(struct tensor_file *file, const char *kind, const char *name, json_t *value)
{
    char key[TENSOR_PARTS_NAME_SIZE + 16];
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    if (text == NULL)
        fatal("\"%s\" can't be described: it is not UTF-8 text, or no memory is left", name);
    if (snprintf(key, sizeof key, "%s.%s", kind, name) >= (int)sizeof key)
        fatal("the name \"%s\" is too long", name);
    tensor_file_set_metadata(file, key, text);
    free(text);
}

/* A new reference, or NULL. */
static json_t *describe_slice(const char *whole, const struct slice *slice)
{
    json_t *shape = json_array(), *pieces = json_array();
    for (int d = 0; d < slice->whole.dimensions; d++) {
        const struct slice_pieces *along = &slice->along[d];
        json_t *list = json_array();
        for (int i = 0; i < along->count; i++)
            json_array_append_new(list,
                                  json_pack("[i, i]", along->piece[i].begin, along->piece[i].end));
        json_array_append_new(shape, json_integer(slice->whole.size[d]));
        json_array_append_new(pieces, list);
    }
    return json_pack("{s:s, s:o, s:o}", "whole", whole, "shape", shape, "pieces", pieces);
}

void tensor_file_add_slice(struct tensor_file *file, const char *name, struct tensor *tensor,
                           const char *whole, const struct slice *slice)
{
    char fault[SLICE_ERROR_SIZE], found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (slice_fault(slice, fault) != NULL)
        fatal("\"%s\" can't be a part of \"%s\": %s", name, whole, fault);
    if (!shape_equal(tensor->shape, slice_shape(slice)))
        fatal("\"%s\" has shape %s; that slice of \"%s\" has %s", name,
              shape_text(tensor->shape, found), whole, shape_text(slice_shape(slice), expected));
    tensor_file_add(file, name, tensor);
    if (!slice_is_all(slice) || strcmp(name, whole) != 0)
        set_json(file, "slice", name, describe_slice(whole, slice));
}

/* ---- arenas ------------------------------------------------------------------------------------ */

struct arena {
    json_t *parts; /* an array */
};

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL || (arena->parts = json_array()) == NULL)
        fatal("no memory left for the description of an arena");
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    json_decref(arena->parts);
    free(arena);
}

void arena_add(struct arena *arena, const char *whole, const struct slice *slice)
{
    char fault[SLICE_ERROR_SIZE];
    if (slice_fault(slice, fault) != NULL)
        fatal("\"%s\" can't be in an arena: %s", whole, fault);
    if (json_array_append_new(arena->parts, describe_slice(whole, slice)) != 0)
        fatal("\"%s\" can't be described: it is not UTF-8 text, or no memory is left", whole);
}

static json_t *arena_of(const struct tensor_file *file, const char *name)
{
    char key[TENSOR_PARTS_NAME_SIZE + 16];
    snprintf(key, sizeof key, "arena.%s", name);
    const char *text = tensor_file_metadata(file, key);
    return text != NULL ? json_loads(text, 0, NULL) : NULL;
}

void tensor_file_set_arena(struct tensor_file *file, const char *name, const struct arena *arena)
{
    json_t *old = arena_of(file, name);
    if (old != NULL)
        fatal("there is an arena \"%s\" in this file already", name);
    set_json(file, "arena", name, json_incref(arena->parts));
}

/* So many elements has an arena that this program described itself. */
static size_t elements_of(const struct tensor_file *file, const char *name)
{
    json_t *arena = arena_of(file, name), *part, *along, *piece;
    size_t elements = 0, i, d, k;
    if (arena == NULL)
        fatal("there is no arena \"%s\" in this file: tensor_file_set_arena comes first", name);
    json_array_foreach(arena, i, part)
    {
        size_t count = 1;
        json_array_foreach(json_object_get(part, "pieces"), d, along)
        {
            size_t size = 0;
            json_array_foreach(along, k, piece) size +=
                (size_t)(json_integer_value(json_array_get(piece, 1)) -
                         json_integer_value(json_array_get(piece, 0)));
            count *= size;
        }
        elements += count;
    }
    json_decref(arena);
    return elements;
}

void tensor_file_add_range(struct tensor_file *file, const char *name, struct tensor *tensor,
                           const char *arena, const char *ending, size_t begin)
{
    const size_t elements = elements_of(file, arena);
    if (begin >= elements || tensor->elements == 0)
        return;
    const size_t count = tensor->elements < elements - begin ? tensor->elements : elements - begin;
    struct tensor *view = tensor_view(tensor, 0, shape_flat(count));
    tensor_file_add(file, name, view);
    tensor_free(view);
    set_json(file, "slice", name,
             json_pack("{s:s, s:s, s:I, s:I}", "arena", arena, "ending", ending, "begin",
                       (json_int_t)begin, "end", (json_int_t)(begin + count)));
}
