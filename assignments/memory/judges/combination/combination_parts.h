/*
 * What combination_numbers.c and combination_gradients.c share.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_COMBINATION_COMBINATION_PARTS_H
#define ASSIGNMENTS_MEMORY_JUDGES_COMBINATION_COMBINATION_PARTS_H

#include "assignments/memory/judges/combination/combination.h"
#include "grader/truth/reference.h"

/* A step between two snapshots. */
struct combination {
    const struct outcome *run;
    struct combination_place place;
    struct shares *shares;
    struct reference *reference;
    int step;
    struct wholes *before, *after;
};

/* "layers.1.weight.exp_avg"; state -1: of the parameter. A new string. */
char *memory_combination_name(const struct combination *c, int layer, int parameter, int state);
/* All ranks' parts together; they stay those of wholes. NULL after setting the verdict. */
const struct tensor *memory_combination_assemble(const struct combination *c, struct wholes *wholes,
                                                 int layer, int parameter, int state,
                                                 struct verdict *verdict);
/* Was the state made of the gradient that the reference has? That becomes the one that was found, which is right up to
 * rounding. False after setting the verdict, with the mistake if it is known. */
bool memory_combination_gradient_is_right(struct combination *c, int layer, int parameter,
                                          struct verdict *verdict);

#endif
