/*
 * Which stages a run had: the layers of each, as its rank's log states them. What
 * they stored is read as wholes (grader/evidence/wholes.h).
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_STAGES_H
#define ASSIGNMENTS_PIPELINE_JUDGES_STAGES_H

#include "assignments/pipeline/options.h"
#include "grader/evidence/wholes.h"

struct evidence_stage {
    int rank; /* that runs it: see placement.h */
    int first_layer;
    int layers;
    uint64_t parameter_bytes;
};

/* How many there are: more than one per rank where the schedule is interleaved. */
int stages_count(const struct outcome *run);

/* The layers of each stage, as its rank's log states them. They must be those of one pipeline:
 * each on its rank (placement.h), and together the stages hold each of the model's layers exactly
 * once, in order. The caller frees the array of stages_count (g_free); NULL after setting
 * the verdict. */
struct evidence_stage *stages_read(const struct outcome *run, int layers, struct verdict *verdict);
/* The stage that owns a layer. */
int stages_owner(const struct evidence_stage *stage, int stages, int layer);

/* What a stage stored of a whole, all of it or a part; NULL: nothing. */
const struct whole_part *stages_part(const struct wholes *wholes, const char *name, int stage);

#endif
