/*
 * Do forwards and backwards cost what they have to, in operations and bytes? And what is it that was done instead?
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_COSTS_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_COSTS_H

#include "assignments/memory/judges/recomputation/numbers.h"

/* A run that is judged. */
struct recomputation_case {
    const struct outcome *run;
    struct computations *computed; /* by the ranks */
    struct trial *right;           /* the judge's, as it should be … */
    struct trial *plain;           /* … and where nothing is recomputed */
    /* Bytes of a micro-batch that an own copy of each segment's input takes besides, where the layer before gives out what it was
     * given; and what is there twice while one is copied. */
    double copies, moment;
};

/* False after setting the verdict. Clear with recomputation_case_clear in any case. */
bool recomputation_case_read(struct recomputation_case *one, const struct outcome *run,
                             struct verdict *verdict);
void recomputation_case_clear(struct recomputation_case *one);

/* Each of these sets the verdict to a failure, and names the known mistake that explains it, unless … */

/* … outputs, gradients, parameters and running averages are those without recomputation: exactly, or up to rounding. */
bool recomputation_numbers_are_right(const struct recomputation_case *one, bool exactly,
                                     struct verdict *verdict);
/* … something is recomputed, where it is asked for. */
bool recomputation_recomputes(const struct recomputation_case *one, struct verdict *verdict);
/* … operations and bytes are due, to the last one. */
bool recomputation_costs_are_right(const struct recomputation_case *one, struct verdict *verdict);

/* A table of what was counted and what is due, for the explanation. */
void recomputation_explain(const struct recomputation_case *one, struct verdict *verdict);

#endif
