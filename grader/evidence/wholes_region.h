/*
 * Which elements of a tensor are meant, in words: "rows 64 to 127", "columns 0 to 15
 * and 32 to 47", "elements 100 to 1,499 (row by row)".
 */
#ifndef GRADER_EVIDENCE_WHOLES_REGION_H
#define GRADER_EVIDENCE_WHOLES_REGION_H

#include "common/base/tensor.h"

#include <glib.h>

/* Appends the elements whose byte in `marks` is not 0, and " is" or " are" behind `of` that.
 * At least one is marked. */
void wholes_region(GString *text, struct shape shape, const guint8 *marks, const char *of);

/* Where an element stands: "[3, 5]". */
void wholes_place(GString *text, struct shape shape, size_t element);

#endif
