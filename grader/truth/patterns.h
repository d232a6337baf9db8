/*
 * Patterns over a matrix of coefficients: which parts are in a tensor, and where.
 *
 * Element (i, j) says how much of part j is in row i. Rows are slices, the copies of several ranks, or
 * the micro-batches whose inputs were used; columns are the ranks' shares or slices, or the
 * micro-batches whose output gradients were used. A pattern says where a matrix has its share; it is 0
 * elsewhere. All of it is exact up to the matrix's tolerance.
 */
#ifndef GRADER_TRUTH_PATTERNS_H
#define GRADER_TRUTH_PATTERNS_H

#include <stdbool.h>

struct pattern_matrix {
    int rows, columns;
    const double *value; /* value[i * columns + j] */
    double tolerance;    /* on every element */
    int own;             /* the column of the rank that is judged; -1: there is none */
};

enum pattern_shape {
    PATTERN_NOTHING,
    PATTERN_EVERY,
    PATTERN_COLUMN,         /* one column: every row has the same part, as after a broadcast … */
    PATTERN_BUT_COLUMN,     /* … all but one: a part is missing */
    PATTERN_DIAGONAL,       /* each row its own part */
    PATTERN_DIAGONAL_ONE,   /* of the diagonal only one … */
    PATTERN_DIAGONAL_BUT,   /* … all but one */
    PATTERN_SHIFTED,        /* row i has part i + s, and behind the last comes the first */
    PATTERN_REVERSED,       /* the last part first */
    PATTERN_LOWER_TRIANGLE, /* row i has the parts up to i … */
    PATTERN_UPPER_TRIANGLE, /* … from i on */
    PATTERN_GROUPS,         /* row i has the parts of its group: of w neighbours … */
    PATTERN_STRIDED_GROUPS, /* … of all i with the same i mod w */
    /* So many that they are read off a matrix, not gone through. */
    PATTERN_PERMUTED,         /* one part in each row and column, and not the diagonal */
    PATTERN_PART_OF_DIAGONAL, /* some are missing, and some are not */
};
#define PATTERN_SHAPES (PATTERN_PART_OF_DIAGONAL + 1)

/* Which column, place on the diagonal, or row is meant. Of a shift (by 1 … n - 1): the first is by one
 * to the next part, the last by one to the part before. Of groups: their width w, from 2 on. */
enum pattern_which {
    PATTERN_ANY,
    PATTERN_FIRST,
    PATTERN_LAST,
    PATTERN_OWN,
    PATTERN_NOT_FIRST,
    PATTERN_NOT_LAST,
    PATTERN_NOT_OWN,
};

struct pattern {
    enum pattern_shape shape;
    enum pattern_which which; /* of the columns, places, shifts or widths */
    enum pattern_which rows;  /* only in these; elsewhere 0 */
    double share;
    double growth; /* the share of column j is share · growth^(columns - 1 - j); 0 counts as 1 */
};

/* The numbers that `which` of the shape goes through: from *first, *count of them; no more than one and
 * 0 where the shape has none. 0 of them: the shape needs another matrix, or groups have no width. */
void pattern_choices(const struct pattern *pattern, int rows, int columns, int *first, int *count);
/* Is that number meant, in a matrix whose judged rank has column `own`? */
bool pattern_means(const struct pattern *pattern, int number, int rows, int columns, int own);
/* Adds the pattern's share to every element that has it, with `number` as its column, place, shift or
 * width. Not of shapes that are read off. */
void pattern_add(const struct pattern *pattern, int number, int rows, int columns, int own,
                 double *value);
static inline bool pattern_is_read_off(enum pattern_shape shape)
{
    return shape == PATTERN_PERMUTED || shape == PATTERN_PART_OF_DIAGONAL;
}

/* Does the matrix have the pattern, and nothing besides? *number, if not NULL, becomes the column,
 * place, shift or width; of a part of the diagonal, how many are missing; else 0. */
bool pattern_fits(const struct pattern_matrix *matrix, const struct pattern *pattern, int *number);
/* Is it the diagonal but for these places? */
bool pattern_lacks(const struct pattern_matrix *matrix, double share, const bool *missing);

#endif
