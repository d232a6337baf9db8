/*
 * Known combinations: tables of what a wrong tensor can be made of, and what mistake that is.
 *
 * A row says for each family of candidates (fit.h) which of them are in the tensor and how often
 * (patterns.h); families that it doesn't mention are not. A judge writes rows, with what is right among
 * them, and is told the one row that explains its tensors, or none. One is named only if
 *
 *   - the fits are certain and their coefficients are those of the row,
 *   - and no row with another name would explain the tensors as well, the right one included. So where
 *     two mistakes give the same numbers (p = m, two ranks, equal shares), none is named.
 */
#ifndef GRADER_TRUTH_COMBINATIONS_H
#define GRADER_TRUTH_COMBINATIONS_H

#include "grader/truth/fit.h"
#include "grader/truth/patterns.h"
#include "grader/verdict/judge.h"

#define COMBINATION_TERMS 6

/* `shape` of the family, each with a share of `times` (0: 1) · product of scale[s]^power[s] of the
 * problem, and with a growth (patterns.h) of the product of scale[s]^growth[s]. Terms of one family add
 * up. One whose shape is PATTERN_NOTHING ends the row. */
struct combination_term {
    int family;
    enum pattern_shape shape;
    enum pattern_which which, rows;
    double times;
    int power[FIT_SCALES];
    int growth[FIT_SCALES];
};

struct combination {
    struct mistake mistake; /* no name: this is right */
    struct combination_term term[COMBINATION_TERMS];
    /* Only where no other row explains it: it stands for what has no better name. */
    bool general;
};

/* The tensors to be explained together, by one row: the slices of one, or the copies of several ranks.
 * A family's matrix has the rows of each, one below the other; with several tensors they are its blocks.
 * All have candidates of the same families at the same places, in the same order. */
struct combination_blocks {
    int blocks;
    const struct fit_problem *problem; /* each with the scales of the first */
    struct fit *const *fit;            /* of each */
    /* Of each block, the column of the rank that holds it, for PATTERN_OWN; NULL: not known. */
    const int *own;
};

/* The matrix of a family, for patterns and pictures; value is for g_free. rows and columns are 0 if
 * there is no such family, or the blocks aren't alike. */
struct pattern_matrix combination_matrix(const struct combination_blocks *blocks, int family);

/* The row that says what they are made of, also the right one; NULL: none does, or several do. */
const struct combination *combination_find(const struct combination_blocks *blocks,
                                           const struct combination *table, int rows);
/* Its mistake; NULL if there is no row, or the right one. */
const struct mistake *combination_mistake(const struct combination_blocks *blocks,
                                          const struct combination *table, int rows);

#endif
