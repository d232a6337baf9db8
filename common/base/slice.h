/*
 * A slice: which part of a whole tensor another tensor is.
 *
 * Along each dimension the part has one or more pieces of the whole, in the order
 * in which they stand in the part. A block of rows has one piece; the rows of a
 * fused q, k, v that belong to some heads are three:
 *
 *     struct slice rows = slice_along(SHAPE(128, 64), 0, 32, 64);
 *     struct slice fused = slice_along(SHAPE(192, 64), 0, 16, 32);       q
 *     slice_add(&fused, 0, 80, 96);                                      k
 *     slice_add(&fused, 0, 144, 160);                                    v
 *
 * The part's shape is the sum of its pieces along each dimension: (32, 64) and
 * (48, 64) here. No element of the whole is in a part twice.
 */
#ifndef COMMON_BASE_SLICE_H
#define COMMON_BASE_SLICE_H

#include "common/base/tensor.h"

#define SLICE_MAX_PIECES 4

struct slice_piece {
    int begin, end; /* indices of the whole: begin, …, end - 1 */
};

struct slice_pieces {
    int count;
    struct slice_piece piece[SLICE_MAX_PIECES];
};

struct slice {
    struct shape whole;
    struct slice_pieces along[TENSOR_MAX_DIMENSIONS];
};

/* All of the whole. */
struct slice slice_all(struct shape whole);
/* Of one dimension the indices begin, …, end - 1, of the others all. Fatal where that is no slice. */
struct slice slice_along(struct shape whole, int dimension, int begin, int end);
/* One more piece along a dimension, behind those that are there. Fatal where that is no slice. */
void slice_add(struct slice *slice, int dimension, int begin, int end);

/* For what comes from outside: NULL, or what is wrong with it, in text. */
#define SLICE_ERROR_SIZE 160
const char *slice_fault(const struct slice *slice, char text[SLICE_ERROR_SIZE]);

struct shape slice_shape(const struct slice *slice); /* of the part */
bool slice_is_all(const struct slice *slice);
/* Where element `element` of the part, counted row by row, stands in the whole. */
size_t slice_place(const struct slice *slice, size_t element);

/* Calls `each` for the part's elements first, …, first + count - 1, in runs that are contiguous in
 * the part and in the whole: `length` elements from `in_part` and from `in_whole` on. */
typedef void slice_run_function(size_t in_part, size_t in_whole, size_t length, void *user);
void slice_walk(const struct slice *slice, size_t first, size_t count, slice_run_function *each,
                void *user);

/* Copies a part out of a whole, or into it. Both are of one dtype, on the CPU, and of the slice's
 * shapes; else fatal. */
void slice_copy_out(const struct slice *slice, const struct tensor *whole, struct tensor *part);
void slice_copy_in(const struct slice *slice, const struct tensor *part, struct tensor *whole);
/* A copy of the part: a new tensor of workspace, of the whole's dtype. */
struct tensor *slice_part_new(const struct slice *slice, const struct tensor *whole);

#endif
