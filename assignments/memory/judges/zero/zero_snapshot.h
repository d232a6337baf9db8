/*
 * A snapshot of ranks that share a model's state, as flat arrays: of each rank, which of all parameters it holds, of the
 * state of which, and their values. All parameters stand in one row, layer by layer, as in a stage that has all layers.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_SNAPSHOT_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_SNAPSHOT_H

#include "grader/evidence/wholes.h"
#include "grader/truth/reference.h"

enum zero_kind { ZERO_PARAMETERS, ZERO_STATE, ZERO_SECOND_STATE, ZERO_MASTERS, ZERO_KINDS };

struct zero_numbers {
    float *value; /* [parameters of the model] */
    bool *there;  /* likewise: the rank holds it */
    size_t count; /* that are there */
};

struct zero_snapshot {
    int step, ranks;
    size_t count; /* parameters of the model */
    const struct model *model;
    struct zero_numbers *of[ZERO_KINDS]; /* [rank] */
};

/* What ranks stored before a step; the model must outlive it. The caller frees with memory_zero_snapshot_free; NULL after
 * setting the verdict. */
struct zero_snapshot *memory_zero_snapshot_new(const struct outcome *run, const struct model *model,
                                               enum optimizer_kind optimizer, int step,
                                               struct verdict *verdict);
void memory_zero_snapshot_free(struct zero_snapshot *snapshot); /* NULL is allowed */

/* "element 3 of layers.1.weight" */
char *memory_zero_place(const struct model *model, size_t element);
const char *memory_zero_kind_name(enum zero_kind kind, enum optimizer_kind optimizer);

/* The rank that holds an element; the lowest. -1: none. */
int memory_zero_holder(const struct zero_snapshot *snapshot, enum zero_kind kind, size_t element);

/* All elements of a kind together. Each must be on exactly one rank, or, copies, on every one (whose bits are not compared: those
 * of the lowest are taken), and be finite. For g_free; NULL after setting the verdict. */
float *memory_zero_merge(const struct zero_snapshot *snapshot, enum zero_kind kind, bool copies,
                         struct verdict *verdict);

#endif
