/*
 * The picture of memory over time: a row per rank, its live bytes over a step
 * stacked by kind, and its peak with what was being done then.
 *
 * All rows have one scale. Of many ranks some are drawn, the one with the highest
 * peak among them.
 */
#ifndef GRADER_PICTURES_PICTURE_MEMORY_H
#define GRADER_PICTURES_PICTURE_MEMORY_H

#include "grader/trace/live_memory.h"

/* What the memory is of. */
struct memory_scene {
    const struct live_memory *memory; /* [ranks] */
    const struct log_file *logs;      /* [ranks] */
    int ranks;
    int step;                 /* as it was given to live_memory_new */
    const char *const *names; /* of the rows, [ranks]; NULL: "rank 0", … */
    const char *axis;         /* what the moments' times count; NULL: time */
};

/* Draws to PATH.svg and PATH.png; leaves the script beside them, PATH.gnuplot. False and an error if
 * that does not work. */
bool picture_of_memory(const struct memory_scene *scene, const char *title, const char *path,
                       GString *error);

#endif
