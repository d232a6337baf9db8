/*
 * What one student gets back for one assignment: a report without what is hidden, and words about points, a person's comments
 * and what was odd.
 */
#ifndef CLASS_EXPORTS_FEEDBACK_H
#define CLASS_EXPORTS_FEEDBACK_H

#include "class/exports/exports.h"

/* Writes report.html and points.md into a folder, which it makes. False, with a line in exports->problems, if there is no
 * report that may be handed out now; then nothing is written. */
bool feedback_write(struct exports *exports, const struct gathered_grade *grade,
                    const char *folder);

#endif
