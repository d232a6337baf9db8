/*
 * --corrupt everywhere: which numbers are moved, one after the other, and by how
 * much, before compare_with_baseline() is asked again. The program moves them,
 * the judge knows what must come of each.
 *
 * Of every layer's gradients, and of the outputs: the first, the middle and the
 * last number, by ten times what assert_close allows, which must be noticed, and
 * by a tenth of it, which is mere rounding and must not; and the middle one
 * clearly (corruption_clearly). Of gradients all numbers at once, too, by half of
 * what each may differ: only their norm shows that.
 */
#ifndef ASSIGNMENTS_PIPELINE_CORRUPTION_H
#define ASSIGNMENTS_PIPELINE_CORRUPTION_H

#include "common/training/assert_close.h"
#include "common/training/model.h"

enum corruption_size {
    CORRUPT_CLEARLY,
    CORRUPT_BEYOND_TOLERANCE,
    CORRUPT_WITHIN_TOLERANCE,
    CORRUPT_BEYOND_NORM
};
enum corruption_place { CORRUPT_FIRST, CORRUPT_MIDDLE, CORRUPT_LAST, CORRUPT_ALL };

struct corruption {
    int layer; /* whose gradients; -1: the outputs */
    enum corruption_place place;
    enum corruption_size size;
};

/* How many a model has, and number k of them, from 0. All of one size follow each other, the clear
 * ones first. */
int corruption_count(const struct model *model);
struct corruption corruption_number(const struct model *model, int k);

/* The index of the first number that is moved in a tensor of `count`, how many are, and what is added
 * to each. */
int corruption_index(struct corruption corruption, int count);
int corruption_length(struct corruption corruption, int count);
float corruption_of(struct corruption corruption, const struct tensor *tensor);

#endif
