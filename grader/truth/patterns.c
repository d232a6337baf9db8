/*
 * Patterns over a matrix of coefficients; see patterns.h. Each shape is a row of a table.
 */
#include "grader/truth/patterns.h"

#include <glib.h>
#include <math.h>

/* ---- the shapes ---------------------------------------------------------------------------------- */

/* Is element (i, j) in it? k: the column, place, shift or width; n: how many columns. */
typedef bool member_function(int i, int j, int k, int n);

static bool every(int i, int j, int k, int n)
{
    (void)i, (void)j, (void)k, (void)n;
    return true;
}

static bool column(int i, int j, int k, int n)
{
    (void)i, (void)n;
    return j == k;
}

static bool but_column(int i, int j, int k, int n)
{
    (void)i, (void)n;
    return j != k;
}

static bool diagonal(int i, int j, int k, int n)
{
    (void)k, (void)n;
    return i == j;
}

static bool diagonal_one(int i, int j, int k, int n)
{
    (void)n;
    return i == j && i == k;
}

static bool diagonal_but(int i, int j, int k, int n)
{
    (void)n;
    return i == j && i != k;
}

static bool shifted(int i, int j, int k, int n)
{
    return j == (i + k) % n;
}

static bool reversed(int i, int j, int k, int n)
{
    (void)k;
    return i + j == n - 1;
}

static bool lower(int i, int j, int k, int n)
{
    (void)k, (void)n;
    return j <= i;
}

static bool upper(int i, int j, int k, int n)
{
    (void)k, (void)n;
    return j >= i;
}

static bool groups(int i, int j, int k, int n)
{
    (void)n;
    return i / k == j / k;
}

static bool strided_groups(int i, int j, int k, int n)
{
    (void)n;
    return i % k == j % k;
}

static const struct shape {
    member_function *has;
    bool square;                  /* it takes as many rows as columns, and more than one */
    int first, less_than_columns; /* its numbers: first … columns - less; 0, 0: it has none */
} shapes[PATTERN_SHAPES] = {
    [PATTERN_EVERY] = {every, false, 0, 0},
    [PATTERN_COLUMN] = {column, false, 0, 1},
    [PATTERN_BUT_COLUMN] = {but_column, false, 0, 1},
    [PATTERN_DIAGONAL] = {diagonal, true, 0, 0},
    [PATTERN_DIAGONAL_ONE] = {diagonal_one, true, 0, 1},
    [PATTERN_DIAGONAL_BUT] = {diagonal_but, true, 0, 1},
    [PATTERN_SHIFTED] = {shifted, true, 1, 1},
    [PATTERN_REVERSED] = {reversed, true, 0, 0},
    [PATTERN_LOWER_TRIANGLE] = {lower, true, 0, 0},
    [PATTERN_UPPER_TRIANGLE] = {upper, true, 0, 0},
    [PATTERN_GROUPS] = {groups, true, 2, 1},
    [PATTERN_STRIDED_GROUPS] = {strided_groups, true, 2, 1},
};

static bool are_groups(enum pattern_shape shape)
{
    return shape == PATTERN_GROUPS || shape == PATTERN_STRIDED_GROUPS;
}

void pattern_choices(const struct pattern *pattern, int rows, int columns, int *first, int *count)
{
    const struct shape *shape = &shapes[pattern->shape];
    bool possible = !shape->square || (rows == columns && rows > 1);
    *first = shape->first;
    *count = shape->less_than_columns ? columns - shape->less_than_columns - shape->first + 1 : 1;
    *count = possible ? MAX(*count, 0) : 0;
}

static bool is_meant(enum pattern_which which, int number, int first, int last, int own)
{
    switch (which) {
    case PATTERN_ANY:
        return true;
    case PATTERN_FIRST:
        return number == first;
    case PATTERN_LAST:
        return number == last;
    case PATTERN_OWN:
        return number == own;
    case PATTERN_NOT_FIRST:
        return number != first;
    case PATTERN_NOT_LAST:
        return number != last;
    case PATTERN_NOT_OWN:
        return own >= 0 && number != own;
    }
    return false;
}

bool pattern_means(const struct pattern *pattern, int number, int rows, int columns, int own)
{
    int first, count;
    pattern_choices(pattern, rows, columns, &first, &count);
    if (are_groups(pattern->shape) && columns % number != 0)
        return false;
    bool numbered = shapes[pattern->shape].less_than_columns > 0;
    return !numbered || is_meant(pattern->which, number, first, first + count - 1, own);
}

static double share_at(const struct pattern *pattern, int j, int columns)
{
    bool grows = pattern->growth != 0;
    return grows ? pattern->share * pow(pattern->growth, columns - 1 - j) : pattern->share;
}

void pattern_add(const struct pattern *pattern, int number, int rows, int columns, int own,
                 double *value)
{
    member_function *has = shapes[pattern->shape].has;
    for (int i = 0; has && i < rows; i++)
        for (int j = 0; is_meant(pattern->rows, i, 0, rows - 1, own) && j < columns; j++)
            if (has(i, j, number, columns))
                value[i * columns + j] += share_at(pattern, j, columns);
}

/* ---- shapes that are read off -------------------------------------------------------------------- */

static bool is_near(const struct pattern_matrix *matrix, int i, int j, double expected)
{
    double found = matrix->value[i * matrix->columns + j];
    return fabs(found - expected) <= matrix->tolerance;
}

static bool is_permuted(const struct pattern_matrix *matrix, const struct pattern *pattern)
{
    int n = matrix->columns;
    bool same = true;
    g_autofree bool *taken = g_new0(bool, MAX(n, 1));
    for (int i = 0; i < n; i++) {
        int ones = 0;
        for (int j = 0; j < n; j++) {
            bool one = is_near(matrix, i, j, share_at(pattern, j, n));
            if (!one && !is_near(matrix, i, j, 0))
                return false;
            if (one && taken[j])
                return false;
            taken[j] = taken[j] || one;
            ones += one;
            same = same && one == (i == j);
        }
        if (ones != 1)
            return false;
    }
    return !same;
}

/* How many of the diagonal are missing; -1: it is something else. */
static int missing_of(const struct pattern_matrix *matrix, const struct pattern *pattern)
{
    int n = matrix->columns, missing = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            bool zero = is_near(matrix, i, j, 0);
            if (!zero && (i != j || !is_near(matrix, i, j, share_at(pattern, j, n))))
                return -1;
            missing += zero && i == j;
        }
    return missing;
}

static bool fits_read_off(const struct pattern_matrix *matrix, const struct pattern *pattern,
                          int *number)
{
    if (matrix->rows != matrix->columns || pattern->rows != PATTERN_ANY)
        return false;
    *number = 0;
    if (pattern->shape == PATTERN_PERMUTED)
        return is_permuted(matrix, pattern);
    int missing = missing_of(matrix, pattern);
    *number = MAX(missing, 0);
    return missing > 0 && missing < matrix->columns;
}

/* ---- a whole matrix ------------------------------------------------------------------------------ */

static bool is_all(const struct pattern_matrix *matrix, const double *expected)
{
    for (int i = 0; i < matrix->rows; i++)
        for (int j = 0; j < matrix->columns; j++)
            if (!is_near(matrix, i, j, expected[i * matrix->columns + j]))
                return false;
    return true;
}

bool pattern_fits(const struct pattern_matrix *matrix, const struct pattern *pattern, int *number)
{
    int first, count, found = 0, rows = matrix->rows, columns = matrix->columns;
    if (!number)
        number = &found;
    if (pattern_is_read_off(pattern->shape))
        return fits_read_off(matrix, pattern, number);
    pattern_choices(pattern, rows, columns, &first, &count);
    for (int k = first; k < first + count; k++) {
        g_autofree double *expected = g_new0(double, MAX(rows * columns, 1));
        if (!pattern_means(pattern, k, rows, columns, matrix->own))
            continue;
        pattern_add(pattern, k, rows, columns, matrix->own, expected);
        *number = k;
        if (is_all(matrix, expected))
            return true;
    }
    return false;
}

bool pattern_lacks(const struct pattern_matrix *matrix, double share, const bool *missing)
{
    for (int i = 0; i < matrix->rows; i++)
        for (int j = 0; j < matrix->columns; j++)
            if (!is_near(matrix, i, j, i == j && !missing[i] ? share : 0))
                return false;
    return true;
}
