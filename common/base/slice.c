/* Parts of wholes: their pieces, and copying them; see slice.h. */
#include "common/base/slice.h"

#include "common/base/fatal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- making and checking ----------------------------------------------------------------------- */

struct slice slice_all(struct shape whole)
{
    struct slice slice = {.whole = whole};
    for (int d = 0; d < whole.dimensions; d++)
        slice.along[d] = (struct slice_pieces){1, {{0, whole.size[d]}}};
    return slice;
}

static void must_be_right(const struct slice *slice)
{
    char text[SLICE_ERROR_SIZE];
    const char *fault = slice_fault(slice, text);
    if (fault != NULL)
        fatal("there is no such slice: %s", fault);
}

struct slice slice_along(struct shape whole, int dimension, int begin, int end)
{
    struct slice slice = slice_all(whole);
    if (whole.dimensions == 0)
        fatal("the whole has no dimensions: is it a parameter that the layer does not have?");
    if (dimension < 0 || dimension >= whole.dimensions)
        fatal("there is no dimension %d to slice: the whole has %d", dimension, whole.dimensions);
    slice.along[dimension].piece[0] = (struct slice_piece){begin, end};
    must_be_right(&slice);
    return slice;
}

void slice_add(struct slice *slice, int dimension, int begin, int end)
{
    if (dimension < 0 || dimension >= slice->whole.dimensions)
        fatal("there is no dimension %d to slice: the whole has %d", dimension,
              slice->whole.dimensions);
    struct slice_pieces *along = &slice->along[dimension];
    if (along->count == SLICE_MAX_PIECES)
        fatal("a slice has at most %d pieces along a dimension", SLICE_MAX_PIECES);
    along->piece[along->count++] = (struct slice_piece){begin, end};
    must_be_right(slice);
}

static const char *pieces_fault(const struct slice *slice, int d, char text[SLICE_ERROR_SIZE])
{
    const struct slice_pieces *along = &slice->along[d];
    const int size = slice->whole.size[d];
    if (along->count < 1 || along->count > SLICE_MAX_PIECES) {
        snprintf(text, SLICE_ERROR_SIZE, "%d pieces along dimension %d; there are 1 to %d",
                 along->count, d, SLICE_MAX_PIECES);
        return text;
    }
    for (int i = 0; i < along->count; i++) {
        const struct slice_piece piece = along->piece[i];
        if (piece.begin < 0 || piece.end <= piece.begin || piece.end > size) {
            snprintf(text, SLICE_ERROR_SIZE,
                     "%d up to %d along dimension %d is not within 0 up to %d, or empty",
                     piece.begin, piece.end, d, size);
            return text;
        }
        for (int k = 0; k < i; k++)
            if (piece.begin < along->piece[k].end && along->piece[k].begin < piece.end) {
                snprintf(text, SLICE_ERROR_SIZE, "two pieces along dimension %d overlap", d);
                return text;
            }
    }
    return NULL;
}

const char *slice_fault(const struct slice *slice, char text[SLICE_ERROR_SIZE])
{
    int count = 1;
    if (slice->whole.dimensions < 0 || slice->whole.dimensions > TENSOR_MAX_DIMENSIONS) {
        snprintf(text, SLICE_ERROR_SIZE, "a whole of %d dimensions; there are at most %d",
                 slice->whole.dimensions, TENSOR_MAX_DIMENSIONS);
        return text;
    }
    for (int d = 0; d < slice->whole.dimensions; d++) {
        if (__builtin_mul_overflow(count, slice->whole.size[d], &count)) {
            snprintf(text, SLICE_ERROR_SIZE, "a whole of more than %d elements", INT_MAX);
            return text;
        }
        if (pieces_fault(slice, d, text) != NULL)
            return text;
    }
    return NULL;
}

/* ---- places ------------------------------------------------------------------------------------ */

static int pieces_size(const struct slice_pieces *along)
{
    int size = 0;
    for (int i = 0; i < along->count; i++)
        size += along->piece[i].end - along->piece[i].begin;
    return size;
}

struct shape slice_shape(const struct slice *slice)
{
    struct shape shape = {.dimensions = slice->whole.dimensions};
    for (int d = 0; d < shape.dimensions; d++)
        shape.size[d] = pieces_size(&slice->along[d]);
    return shape;
}

bool slice_is_all(const struct slice *slice)
{
    for (int d = 0; d < slice->whole.dimensions; d++)
        if (slice->along[d].count != 1 || slice->along[d].piece[0].begin != 0 ||
            slice->along[d].piece[0].end != slice->whole.size[d])
            return false;
    return true;
}

/* The whole's index for an index of the part, and how many follow it in the same piece. */
static int index_in_whole(const struct slice_pieces *along, int index, int *left)
{
    int i = 0;
    while (index >= along->piece[i].end - along->piece[i].begin) {
        index -= along->piece[i].end - along->piece[i].begin;
        i++;
    }
    *left = along->piece[i].end - along->piece[i].begin - index;
    return along->piece[i].begin + index;
}

/* The place in the whole, and how many elements from there on stand side by side in both. */
static size_t place_and_run(const struct slice *slice, struct shape part, size_t element,
                            size_t *run)
{
    size_t place = 0, stride = 1;
    *run = 1;
    for (int d = part.dimensions - 1; d >= 0; d--) {
        int left;
        const int index =
            index_in_whole(&slice->along[d], (int)(element % (size_t)part.size[d]), &left);
        if (d == part.dimensions - 1)
            *run = (size_t)left;
        place += (size_t)index * stride;
        stride *= (size_t)slice->whole.size[d];
        element /= (size_t)part.size[d];
    }
    return place;
}

size_t slice_place(const struct slice *slice, size_t element)
{
    size_t run;
    return place_and_run(slice, slice_shape(slice), element, &run);
}

void slice_walk(const struct slice *slice, size_t first, size_t count, slice_run_function *each,
                void *user)
{
    const struct shape part = slice_shape(slice);
    const bool all = slice_is_all(slice);
    for (size_t i = first; i < first + count;) {
        size_t run, place = i;
        if (all)
            run = count;
        else
            place = place_and_run(slice, part, i, &run);
        if (run > first + count - i)
            run = first + count - i;
        each(i, place, run, user);
        i += run;
    }
}

/* ---- copying ----------------------------------------------------------------------------------- */

struct copying {
    char *part, *whole;
    size_t bytes; /* of an element */
    bool in;
};

static void copy_run(size_t in_part, size_t in_whole, size_t length, void *user)
{
    const struct copying *copying = user;
    char *part = copying->part + in_part * copying->bytes;
    char *whole = copying->whole + in_whole * copying->bytes;
    memcpy(copying->in ? whole : part, copying->in ? part : whole, length * copying->bytes);
}

static void check(const struct slice *slice, const struct tensor *whole, const struct tensor *part)
{
    char expected[SHAPE_TEXT_SIZE], found[SHAPE_TEXT_SIZE];
    tensor_need_numbers(whole, "be sliced");
    tensor_need_numbers(part, "be sliced");
    if (!shape_equal(whole->shape, slice->whole) || whole->dtype != part->dtype)
        fatal("a slice of %s %s is not one of %s %s", dtype_name(part->dtype),
              shape_text(slice->whole, expected), dtype_name(whole->dtype),
              shape_text(whole->shape, found));
    if (!shape_equal(part->shape, slice_shape(slice)))
        fatal("a tensor of shape %s can't be a slice of shape %s", shape_text(part->shape, found),
              shape_text(slice_shape(slice), expected));
}

/* Both where the processor reads them. */
static void copy(const struct slice *slice, const struct tensor *whole, const struct tensor *part,
                 bool in)
{
    struct copying copying = {part->data, whole->data, dtype_bytes(part->dtype), in};
    slice_walk(slice, 0, part->elements, copy_run, &copying);
}

void slice_copy_out(const struct slice *slice, const struct tensor *whole, struct tensor *part)
{
    check(slice, whole, part);
    struct tensor *from = tensor_on_host(whole, "be sliced"), *to = tensor_host_room(part);
    copy(slice, from, to, false);
    tensor_bring(part, to);
    tensor_free(from);
}

struct tensor *slice_part_new(const struct slice *slice, const struct tensor *whole)
{
    struct tensor *part =
        tensor_new(MEMORY_WORKSPACE, whole->dtype, whole->device, slice_shape(slice));
    slice_copy_out(slice, whole, part);
    return part;
}

void slice_copy_in(const struct slice *slice, const struct tensor *part, struct tensor *whole)
{
    check(slice, whole, part);
    /* What of the whole is not the part's stays as it is. */
    struct tensor *from = tensor_on_host(part, "be sliced"),
                  *to = tensor_on_host(whole, "be sliced");
    copy(slice, to, from, true);
    tensor_bring(whole, to);
    tensor_free(from);
}
