/*
 * Wholes: what all ranks stored before or after a step, put together.
 *
 * A rank may hold a stage, a slice of a parameter, a copy of either, or a flat range
 * of an arena (common/files/tensor_parts.h). Here judges get the named tensors
 * that these are parts of, whoever holds them:
 *
 *     struct wholes *after = wholes_read(run, "after", 0, verdict);
 *     const struct tensor *gradient =
 *         wholes_assemble(after, "layers.1.weight.gradient", DTYPE_FLOAT32, &shape,
 *                         (struct wholes_rules){.copies = 1}, why);
 *
 * What is missing, held twice, of another whole, or not the same in two copies is said
 * with ranks and rows: "rows 64 to 127 of layers.1.weight (128, 64) are on no rank".
 */
#ifndef GRADER_EVIDENCE_WHOLES_H
#define GRADER_EVIDENCE_WHOLES_H

#include "common/files/tensor_parts.h"
#include "common/training/assert_close.h"
#include "grader/evidence/evidence.h"

/* What one rank stored of one of its stages. */
struct wholes_file {
    int rank;
    int stage, first_layer, layers; /* as the rank's log states */
    uint64_t parameter_bytes;
    struct tensor_file *file;
};

/* Elements of a whole that a rank stored. */
struct whole_part {
    const struct wholes_file *from;
    const struct tensor *tensor;
    struct tensor_part is;
};

struct whole {
    char *name;
    GArray *parts;         /* of struct whole_part, in the order of ranks */
    struct tensor *tensor; /* as assembled last, or NULL */
};

struct wholes;

/* Reads FOLDER/rank-R.stage-S.WHEN-STEP.safetensors for each stage that a rank's log states before
 * its first training step; when is "before" or "after". Their metadata must state rank and layers as
 * the log does. The caller frees with wholes_free; NULL after setting the verdict. */
struct wholes *wholes_read(const struct outcome *run, const char *when, int step,
                           struct verdict *verdict);
void wholes_free(struct wholes *wholes); /* NULL is allowed */

int wholes_files(const struct wholes *wholes);
const struct wholes_file *wholes_file(const struct wholes *wholes, int index);
/* The whole number under a key of a file's metadata; false if there is none. */
bool wholes_file_number(const struct wholes_file *file, const char *key, gint64 *number);

/* All wholes that any rank has a part of, in the order in which they were met. */
int wholes_count(const struct wholes *wholes);
const struct whole *wholes_at(const struct wholes *wholes, int index);
/* NULL: no rank has a part of it. */
const struct whole *wholes_find(const struct wholes *wholes, const char *name);
/* The lowest rank whose stage has a layer, as the logs state; -1: none has. */
int wholes_rank_of_layer(const struct wholes *wholes, int layer);

struct wholes_rules {
    int copies; /* on so many ranks each element has to be; 0: on one or more */
    const struct tolerance *closeness; /* of copies of float32; NULL: they have the same bytes */
    bool finite;                       /* no element of float32 may be NaN or infinite */
    /* Is a whole of this name one that a single rank may work with, for all? Then copies need not be alike,
     * and that of rank `one` is taken, or else that of the lowest. NULL: none is. */
    bool (*one_is_enough)(const char *name);
    int one;
};

/* The whole of that name, which stays the wholes' until it is assembled again. NULL, and in `why` (appended)
 * all that is wrong with it. shape: what it has to be; NULL: whatever the ranks agree on. */
const struct tensor *wholes_assemble(struct wholes *wholes, const char *name, enum dtype dtype,
                                     const struct shape *shape, struct wholes_rules rules,
                                     GString *why);
/* As it was assembled last; NULL: it was not, or could not be. */
const struct tensor *wholes_tensor(const struct wholes *wholes, const char *name);
/* The lowest rank that has this element of a whole; -1: none. */
int whole_holder(const struct whole *whole, size_t element);
static inline const struct whole_part *whole_part_at(const struct whole *whole, guint i)
{
    return &g_array_index(whole->parts, struct whole_part, i);
}
/* Are all elements of a float32 whole of this shape somewhere, as parts that can be compared with slices of it, copies
 * being alike or not? If not, false, and in `why` (appended) what is missing. */
bool wholes_can_be_compared(struct wholes *wholes, const char *name, const struct shape *shape,
                            GString *why);
/* Is a whole of this name a bias, or of one: "layers.3.bias", "layers.3.bias.gradient", "layers.3.bias.exp_avg"? Of ranks
 * that share a layer one alone may add it for all. */
bool whole_is_of_a_bias(const char *name);

#endif
