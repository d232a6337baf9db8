/*
 * Patterns over a matrix of coefficients: which parts are in a tensor, and where.
 *
 * Element (i, j) says how much of part j is in row i. Rows are slices, the copies of several ranks, or
 * the micro-batches whose inputs were used; columns are the ranks' shares or slices, or the
 * micro-batches whose output gradients were used. A pattern says where a matrix has its share; it is 0
 * elsewhere. All of it is exact up to the matrix's tolerance.
 *
 * Several rows can be one block: what each of several micro-batches gave to one rank's copy. Shapes then
 * go by block (the diagonal: block i has part i in all its rows), and a pattern can be of some rows of
 * each block only.
 */
#ifndef GRADER_TRUTH_PATTERNS_H
#define GRADER_TRUTH_PATTERNS_H

#include <stdbool.h>

struct pattern_matrix {
    int rows, columns;
    const double *value; /* value[i * columns + j] */
    double tolerance;    /* on every element */
    int rows_of_block;   /* 0 or 1: each row is a block */
    const int *own;      /* of each block, the column of the rank that holds it; NULL: not known */
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
    PATTERN_NOT_FIRST,
    PATTERN_NOT_LAST,
    PATTERN_OWN, /* of columns and places: that of the rank that holds the block */
};

struct pattern {
    enum pattern_shape shape;
    enum pattern_which which; /* of the columns, places, shifts or widths */
    enum pattern_which rows;  /* only in these of each block (of all, where each row is one) */
    double share;
    /* Row i of the n among which `rows` chooses has share · growth^(n - 1 - i). 0 counts as 1. */
    double growth;
};

#define PATTERN_OWN_INDEX (-1)

/* The numbers that `which` goes through in a matrix of this size: from *first, *count of them, of which
 * pattern_means says whether they are meant. One number, where the shape has none, and for PATTERN_OWN
 * (PATTERN_OWN_INDEX). *count is 0 where the shape needs another matrix. */
void pattern_choices(const struct pattern *pattern, const struct pattern_matrix *matrix, int *first,
                     int *count);
bool pattern_means(const struct pattern *pattern, const struct pattern_matrix *matrix, int number);
/* Adds the pattern's shares to value, which is as large as the matrix, with `number` as column, place,
 * shift or width. The matrix's own values are not read; not for shapes that are read off. */
void pattern_add(const struct pattern *pattern, const struct pattern_matrix *matrix, int number,
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

/* Draws the matrix, which has rows and columns, as a heat map, with its numbers in it where they fit, to
 * PATH.svg; the script stays beside it as PATH.gnuplot. rows, columns: what they are, in words. False: it
 * could not be drawn. */
bool pattern_picture(const struct pattern_matrix *matrix, const char *title, const char *rows,
                     const char *columns, const char *path);

#endif
