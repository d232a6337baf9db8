/*
 * What the files wholes*.c share, and nobody else sees.
 */
#ifndef GRADER_EVIDENCE_WHOLES_PARTS_H
#define GRADER_EVIDENCE_WHOLES_PARTS_H

#include "grader/evidence/wholes.h"

struct wholes {
    const struct outcome *run;
    const char *when;
    int step;
    GPtrArray *file;   /* of struct wholes_file *, by rank */
    GPtrArray *all;    /* of struct whole *, which own their names */
    GHashTable *named; /* name to struct whole * */
};

#define WHOLE_PART(whole, i) (&g_array_index((whole)->parts, struct whole_part, i))

bool wholes_file_has_layer(const struct wholes_file *file, int layer);

#endif
