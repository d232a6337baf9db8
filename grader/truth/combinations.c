/*
 * Known combinations; see combinations.h.
 *
 * A row with columns, shifts or places that it leaves open is tried with each of them: that gives the
 * coefficients of all candidates of all blocks, which are then compared with the fitted ones, and tested
 * on the tensors.
 */
#include "grader/truth/combinations.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* ---- families as matrices ------------------------------------------------------------------------ */

static bool are_alike(const struct combination_blocks *blocks)
{
    const struct fit_problem *first = &blocks->problem[0];
    for (int b = 0; b < blocks->blocks; b++) {
        const struct fit_problem *problem = &blocks->problem[b];
        if (!blocks->fit[b] || problem->candidates != first->candidates)
            return false;
        for (int k = 0; k < first->candidates; k++) {
            const struct fit_candidate *one = &first->candidate[k], *other = &problem->candidate[k];
            if (one->family != other->family || one->row != other->row ||
                one->column != other->column || one->row < 0 || one->column < 0)
                return false;
        }
    }
    return true;
}

/* How many rows a family has in each block, and columns. */
static void size_of(const struct fit_problem *problem, int family, int *rows, int *columns)
{
    *rows = *columns = 0;
    for (int k = 0; k < problem->candidates; k++) {
        const struct fit_candidate *candidate = &problem->candidate[k];
        if (candidate->family == family) {
            *rows = MAX(*rows, candidate->row + 1);
            *columns = MAX(*columns, candidate->column + 1);
        }
    }
}

struct pattern_matrix combination_matrix(const struct combination_blocks *blocks, int family)
{
    int rows = 0, columns = 0;
    if (blocks->blocks > 0 && are_alike(blocks))
        size_of(&blocks->problem[0], family, &rows, &columns);
    double *value = g_new0(double, MAX(blocks->blocks * rows * columns, 1));
    for (int b = 0; rows > 0 && b < blocks->blocks; b++)
        for (int k = 0; k < blocks->fit[b]->candidates; k++) {
            const struct fit_candidate *candidate = &blocks->problem[b].candidate[k];
            if (candidate->family == family)
                value[(b * rows + candidate->row) * columns + candidate->column] =
                    blocks->fit[b]->value[k];
        }
    return (struct pattern_matrix){.rows = blocks->blocks * rows,
                                   .columns = columns,
                                   .value = value,
                                   .rows_of_block = blocks->blocks > 1 ? rows : 1,
                                   .own = blocks->own};
}

/* ---- one row with all its numbers chosen --------------------------------------------------------- */

struct attempt {
    const struct combination_blocks *blocks;
    const struct combination *row;
    int families;
    struct pattern_matrix *found; /* of each family */
    double **expected;            /* of each family, as large as found */
    double *coefficient;          /* room for those of one block */
    bool same, explains;          /* so far: with some choice of the numbers */
};

static double power_of(const int *scale, const int *power)
{
    double product = 1;
    for (int s = 0; s < FIT_SCALES; s++)
        if (scale[s] > 0)
            product *= pow(scale[s], power[s]);
    return product;
}

static struct pattern pattern_of(const struct attempt *attempt, const struct combination_term *term)
{
    const int *scale = attempt->blocks->problem[0].scale;
    double times = term->times != 0 ? term->times : 1;
    return (struct pattern){term->shape, term->which, term->rows,
                            times * power_of(scale, term->power), power_of(scale, term->growth)};
}

static size_t bytes_of(const struct pattern_matrix *matrix)
{
    return (size_t)matrix->rows * (size_t)matrix->columns * sizeof(double);
}

/* Are the fitted coefficients the expected ones? Both are products of the same numbers. */
static bool is_what_was_found(const struct attempt *attempt)
{
    for (int f = 0; f < attempt->families; f++)
        for (int k = 0; k < attempt->found[f].rows * attempt->found[f].columns; k++) {
            double found = attempt->found[f].value[k], expected = attempt->expected[f][k];
            if (!(fabs(found - expected) <= 1e-9 * MAX(fabs(found), fabs(expected))))
                return false;
        }
    return true;
}

static bool explains_all(struct attempt *attempt)
{
    const struct combination_blocks *blocks = attempt->blocks;
    for (int b = 0; b < blocks->blocks; b++) {
        const struct fit_problem *problem = &blocks->problem[b];
        for (int k = 0; k < problem->candidates; k++) {
            const struct fit_candidate *candidate = &problem->candidate[k];
            const struct pattern_matrix *matrix = &attempt->found[candidate->family];
            int row = b * (matrix->rows / blocks->blocks) + candidate->row;
            attempt->coefficient[k] =
                attempt->expected[candidate->family][row * matrix->columns + candidate->column];
        }
        if (!fit_explains(problem, blocks->fit[b], attempt->coefficient))
            return false;
    }
    return true;
}

static void try_terms(struct attempt *attempt, int t);

/* With every number that the term leaves open. */
static void try_numbers(struct attempt *attempt, int t, const struct pattern *pattern)
{
    int family = attempt->row->term[t].family, first, count;
    const struct pattern_matrix *matrix = &attempt->found[family];
    double *expected = attempt->expected[family];
    pattern_choices(pattern, matrix, &first, &count);
    for (int number = first; number < first + count; number++) {
        if (!pattern_means(pattern, matrix, number))
            continue;
        g_autofree double *before = g_memdup2(expected, bytes_of(matrix));
        pattern_add(pattern, matrix, number, expected);
        try_terms(attempt, t + 1);
        memcpy(expected, before, bytes_of(matrix));
    }
}

/* A shape that is read off is expected as it was found, and alone in its family. */
static void try_read_off(struct attempt *attempt, int t, const struct pattern *pattern)
{
    int family = attempt->row->term[t].family;
    struct pattern_matrix matrix = attempt->found[family];
    matrix.tolerance = 1e-9 * fabs(pattern->share);
    if (!pattern_fits(&matrix, pattern, NULL))
        return;
    memcpy(attempt->expected[family], matrix.value, bytes_of(&matrix));
    try_terms(attempt, t + 1);
    memset(attempt->expected[family], 0, bytes_of(&matrix));
}

static void try_terms(struct attempt *attempt, int t)
{
    if (t == COMBINATION_TERMS || attempt->row->term[t].shape == PATTERN_NOTHING) {
        bool explains = explains_all(attempt);
        attempt->explains = attempt->explains || explains;
        attempt->same = attempt->same || (explains && is_what_was_found(attempt));
        return;
    }
    struct pattern pattern = pattern_of(attempt, &attempt->row->term[t]);
    int family = attempt->row->term[t].family;
    if (family < 0 || family >= attempt->families || attempt->found[family].rows == 0)
        return;
    if (pattern_is_read_off(pattern.shape))
        try_read_off(attempt, t, &pattern);
    else
        try_numbers(attempt, t, &pattern);
}

/* ---- the table ----------------------------------------------------------------------------------- */

static void begin(struct attempt *attempt, const struct combination_blocks *blocks)
{
    *attempt = (struct attempt){.blocks = blocks};
    const struct fit_problem *problem = &blocks->problem[0];
    for (int k = 0; k < problem->candidates; k++)
        attempt->families = MAX(attempt->families, problem->candidate[k].family + 1);
    attempt->found = g_new0(struct pattern_matrix, MAX(attempt->families, 1));
    attempt->expected = g_new0(double *, MAX(attempt->families, 1));
    attempt->coefficient = g_new0(double, MAX(problem->candidates, 1));
    for (int f = 0; f < attempt->families; f++) {
        attempt->found[f] = combination_matrix(blocks, f);
        attempt->expected[f] = g_malloc0(MAX(bytes_of(&attempt->found[f]), sizeof(double)));
    }
}

static void end(struct attempt *attempt)
{
    for (int f = 0; f < attempt->families; f++) {
        g_free((double *)attempt->found[f].value);
        g_free(attempt->expected[f]);
    }
    g_free(attempt->found);
    g_free(attempt->expected);
    g_free(attempt->coefficient);
}

static bool all_certain(const struct combination_blocks *blocks)
{
    if (blocks->blocks < 1 || !are_alike(blocks))
        return false;
    for (int b = 0; b < blocks->blocks; b++)
        if (!blocks->fit[b]->certain)
            return false;
    return true;
}

static bool is_same_mistake(const struct combination *a, const struct combination *b)
{
    return g_strcmp0(a->mistake.name, b->mistake.name) == 0;
}

/* Among the rows that are general, or those that are not: the one that says it; *several: they say
 * different things. */
static const struct combination *find_among(struct attempt *attempt,
                                            const struct combination *table, int rows, bool general,
                                            bool *several)
{
    const struct combination *explaining = NULL, *found = NULL;
    for (int r = 0; r < rows; r++) {
        if (table[r].general != general)
            continue;
        attempt->row = &table[r];
        attempt->same = attempt->explains = false;
        try_terms(attempt, 0);
        if (!attempt->explains)
            continue;
        *several = *several || (explaining && !is_same_mistake(explaining, &table[r]));
        explaining = &table[r];
        found = attempt->same && !found ? &table[r] : found;
    }
    /* It explains the tensors, but so do the other coefficients that were found. */
    *several = *several || (explaining && !found);
    return *several ? NULL : found;
}

const struct combination *combination_find(const struct combination_blocks *blocks,
                                           const struct combination *table, int rows)
{
    if (!all_certain(blocks))
        return NULL;
    struct attempt attempt;
    bool several = false;
    begin(&attempt, blocks);
    const struct combination *found = find_among(&attempt, table, rows, false, &several);
    if (!found && !several)
        found = find_among(&attempt, table, rows, true, &several);
    end(&attempt);
    return found;
}

const struct mistake *combination_mistake(const struct combination_blocks *blocks,
                                          const struct combination *table, int rows)
{
    const struct combination *found = combination_find(blocks, table, rows);
    return found && found->mistake.name ? &found->mistake : NULL;
}
