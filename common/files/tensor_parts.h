/*
 * Tensors of a file that are parts of wholes, and say of which.
 *
 * A tensor is a slice of a whole (common/base/slice.h), or a flat range of an
 * arena: of slices of wholes, one behind the other. A range may begin and end in
 * the middle of one. A tensor that says nothing is a whole of its own name.
 *
 * In the file's metadata, as JSON:
 *
 *     "slice.NAME"    {"whole": "layers.1.weight", "shape": [128, 64],
 *                      "pieces": [[[0, 64]], [[0, 64]]]}        of each dimension, [begin, end)
 *                     or {"arena": "stage", "ending": ".gradient", "begin": 512, "end": 1024}
 *     "arena.stage"   [{"whole": …, "shape": …, "pieces": …}, …]
 *
 * The wholes of a range are named by the arena, with the ending behind: one arena
 * describes parameters, gradients and optimizer state.
 *
 * Reading trusts nothing; what does not fit together is an error.
 */
#ifndef COMMON_FILES_TENSOR_PARTS_H
#define COMMON_FILES_TENSOR_PARTS_H

#include "common/base/slice.h"
#include "common/files/tensor_file.h"

#define TENSOR_PARTS_NAME_SIZE 256 /* of the name of a whole, with its ending */

/* ---- writing ----------------------------------------------------------------------------------- */

/* Adds a tensor (tensor_file_add) that is this slice of that whole; fatal where shapes differ. */
void tensor_file_add_slice(struct tensor_file *file, const char *name, struct tensor *tensor,
                           const char *whole, const struct slice *slice);

struct arena; /* slices of wholes, one behind the other */

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is allowed */
void arena_add(struct arena *arena, const char *whole, const struct slice *slice);

/* Describes an arena in the file, under a name that must be new. */
void tensor_file_set_arena(struct tensor_file *file, const char *name, const struct arena *arena);
/* Adds a flat tensor: of that arena of the file the elements from `begin` on. What lies behind the
 * arena's end is padding and left out; of nothing but padding nothing is added. */
void tensor_file_add_range(struct tensor_file *file, const char *name, struct tensor *tensor,
                           const char *arena, const char *ending, size_t begin);

/* ---- reading ----------------------------------------------------------------------------------- */

/* Some elements of a tensor and what they are: of a slice of a whole, counted row by row, the
 * elements first, …, first + count - 1. */
struct tensor_part {
    char whole[TENSOR_PARTS_NAME_SIZE];
    struct slice slice;
    size_t first, count;
    size_t in_tensor; /* where they begin in the tensor */
};

/* What tensor `index` of the file consists of: an array of *count parts, in order, which the caller
 * frees (free). NULL, and an error, where its metadata is wrong. */
struct tensor_part *tensor_file_parts(const struct tensor_file *file, int index, int *count,
                                      char error[TENSOR_FILE_ERROR_SIZE]);

#endif
