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
    bool square;   /* it takes as many blocks as columns, and more than one */
    bool numbered; /* it has a column, place, shift or width: first … columns - 1 */
    int first;
} shapes[PATTERN_SHAPES] = {
    [PATTERN_EVERY] = {every, false, false, 0},
    [PATTERN_COLUMN] = {column, false, true, 0},
    [PATTERN_BUT_COLUMN] = {but_column, false, true, 0},
    [PATTERN_DIAGONAL] = {diagonal, true, false, 0},
    [PATTERN_DIAGONAL_ONE] = {diagonal_one, true, true, 0},
    [PATTERN_DIAGONAL_BUT] = {diagonal_but, true, true, 0},
    [PATTERN_SHIFTED] = {shifted, true, true, 1},
    [PATTERN_REVERSED] = {reversed, true, false, 0},
    [PATTERN_LOWER_TRIANGLE] = {lower, true, false, 0},
    [PATTERN_UPPER_TRIANGLE] = {upper, true, false, 0},
    [PATTERN_GROUPS] = {groups, true, true, 2},
    [PATTERN_STRIDED_GROUPS] = {strided_groups, true, true, 2},
};

static bool are_groups(enum pattern_shape shape)
{
    return shape == PATTERN_GROUPS || shape == PATTERN_STRIDED_GROUPS;
}

static int rows_of_block(const struct pattern_matrix *matrix)
{
    return MAX(matrix->rows_of_block, 1);
}

void pattern_choices(const struct pattern *pattern, const struct pattern_matrix *matrix, int *first,
                     int *count)
{
    const struct shape *shape = &shapes[pattern->shape];
    int blocks = matrix->rows / rows_of_block(matrix), n = matrix->columns;
    bool own = shape->numbered && pattern->which == PATTERN_OWN;
    bool possible = (!shape->square || (blocks == n && blocks > 1)) && (!own || matrix->own);
    *first = own ? PATTERN_OWN_INDEX : shape->first;
    *count = own || !shape->numbered ? 1 : n - shape->first;
    *count = possible ? MAX(*count, 0) : 0;
}

static bool is_meant(enum pattern_which which, int number, int first, int last)
{
    switch (which) {
    case PATTERN_ANY:
        return true;
    case PATTERN_FIRST:
        return number == first;
    case PATTERN_LAST:
        return number == last;
    case PATTERN_NOT_FIRST:
        return number != first;
    case PATTERN_NOT_LAST:
        return number != last;
    case PATTERN_OWN:
        return number == PATTERN_OWN_INDEX;
    }
    return false;
}

bool pattern_means(const struct pattern *pattern, const struct pattern_matrix *matrix, int number)
{
    const struct shape *shape = &shapes[pattern->shape];
    int n = matrix->columns;
    bool divides = !are_groups(pattern->shape) || (number > 0 && n % number == 0);
    return divides && (!shape->numbered || is_meant(pattern->which, number, shape->first, n - 1));
}

/* Which of the rows that `rows` chooses among a row is; *count becomes how many there are. */
static int row_among(const struct pattern_matrix *matrix, int i, int *count)
{
    int size = rows_of_block(matrix);
    *count = size > 1 ? size : matrix->rows;
    return size > 1 ? i % size : i;
}

static double share_at(const struct pattern *pattern, const struct pattern_matrix *matrix, int i)
{
    int count, row = row_among(matrix, i, &count);
    double growth = pattern->growth != 0 ? pattern->growth : 1;
    return is_meant(pattern->rows, row, 0, count - 1)
               ? pattern->share * pow(growth, count - 1 - row)
               : 0;
}

void pattern_add(const struct pattern *pattern, const struct pattern_matrix *matrix, int number,
                 double *value)
{
    member_function *has = shapes[pattern->shape].has;
    for (int i = 0; has && i < matrix->rows; i++) {
        int block = i / rows_of_block(matrix);
        int place = number == PATTERN_OWN_INDEX ? matrix->own[block] : number;
        for (int j = 0; j < matrix->columns; j++)
            if (has(block, j, place, matrix->columns))
                value[i * matrix->columns + j] += share_at(pattern, matrix, i);
    }
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
            bool one = is_near(matrix, i, j, share_at(pattern, matrix, i));
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
            if (!zero && (i != j || !is_near(matrix, i, j, share_at(pattern, matrix, i))))
                return -1;
            missing += zero && i == j;
        }
    return missing;
}

static bool fits_read_off(const struct pattern_matrix *matrix, const struct pattern *pattern,
                          int *number)
{
    if (matrix->rows != matrix->columns || rows_of_block(matrix) > 1 ||
        pattern->rows != PATTERN_ANY)
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
    int first, count, found = 0;
    size_t size = (size_t)matrix->rows * (size_t)matrix->columns;
    if (!number)
        number = &found;
    if (pattern_is_read_off(pattern->shape))
        return fits_read_off(matrix, pattern, number);
    pattern_choices(pattern, matrix, &first, &count);
    for (int k = first; k < first + count; k++) {
        g_autofree double *expected = g_new0(double, MAX(size, 1));
        if (!pattern_means(pattern, matrix, k))
            continue;
        pattern_add(pattern, matrix, k, expected);
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
