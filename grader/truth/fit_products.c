/*
 * Views of numbers, and their inner products; see fit.h.
 *
 * All inner products come from one pass: a block of each candidate and of the target becomes the rows
 * of a small matrix A of doubles that stays in the cache, and A Aᵀ is added up.
 */
#include "grader/truth/fit.h"

#include <glib.h>
#include <string.h>

/* BLAS: C = alpha A Aᵀ + beta C, for one triangle of C. All by reference, column-major. */
void dsyrk_(const char *triangle, const char *transposed, const int *n, const int *k,
            const double *alpha, const double *a, const int *lda, const double *beta, double *c,
            const int *ldc);

#define BLOCK 512

struct fit_view fit_view_matrix(const float *number, int rows, int columns)
{
    return (struct fit_view){number, rows, columns, columns, 1};
}

struct fit_view fit_view_flat(const float *number, int count)
{
    return fit_view_matrix(number, 1, count);
}

struct fit_view fit_view_transposed(struct fit_view view)
{
    return (struct fit_view){view.number, view.columns, view.rows, view.column_step, view.row_step};
}

struct fit_view fit_view_part(struct fit_view view, int first_row, int rows, int first_column,
                              int columns)
{
    g_assert(first_row >= 0 && rows >= 0 && first_row + rows <= view.rows);
    g_assert(first_column >= 0 && columns >= 0 && first_column + columns <= view.columns);
    view.number += first_row * view.row_step + first_column * view.column_step;
    view.rows = rows;
    view.columns = columns;
    return view;
}

struct fit_view fit_view_repeated(const float *row, int rows, int columns)
{
    return (struct fit_view){row, rows, columns, 0, 1};
}

struct fit_products *fit_products_new(int candidates)
{
    struct fit_products *products = g_new0(struct fit_products, 1);
    size_t size = (size_t)candidates + 1;
    products->candidates = candidates;
    products->value = g_new0(double, size *size);
    return products;
}

void fit_products_free(struct fit_products *products)
{
    if (!products)
        return;
    g_free(products->value);
    g_free(products);
}

/* Elements `first` … of the view, row by row. */
static void load(const struct fit_view *view, size_t first, int count, double *out)
{
    size_t width = (size_t)view->columns;
    size_t i = first / width, j = first % width;
    for (int k = 0; k < count;) {
        int here = (int)MIN(width - j, (size_t)(count - k));
        const float *from =
            view->number + (ptrdiff_t)i * view->row_step + (ptrdiff_t)j * view->column_step;
        for (int e = 0; e < here; e++)
            out[k + e] = (double)from[e * view->column_step];
        k += here;
        i++;
        j = 0;
    }
}

static const struct fit_view *view_of(const struct fit_problem *problem, int k)
{
    return k < problem->candidates ? &problem->candidate[k].numbers : &problem->target;
}

struct fit_products *fit_products_of(const struct fit_problem *problem)
{
    const struct fit_view *target = &problem->target;
    int size = problem->candidates + 1, depth = BLOCK;
    for (int k = 0; k < problem->candidates; k++)
        if (view_of(problem, k)->rows != target->rows ||
            view_of(problem, k)->columns != target->columns)
            return NULL;
    struct fit_products *products = fit_products_new(problem->candidates);
    size_t count = (size_t)target->rows * (size_t)target->columns, blocks = 0;
    g_autofree double *a = g_new(double, (gsize)size *BLOCK);
    for (size_t first = 0; first < count; first += BLOCK, blocks++) {
        int here = (int)MIN((size_t)BLOCK, count - first);
        double one = 1;
        for (int k = 0; k < size; k++)
            load(view_of(problem, k), first, here, &a[(size_t)k * BLOCK]);
        dsyrk_("U", "T", &size, &here, &one, a, &depth, &one, products->value, &size);
    }
    for (int i = 0; i < size; i++)
        for (int j = 0; j < i; j++)
            *fit_product(products, j, i) = *fit_product(products, i, j);
    products->additions = (double)blocks + BLOCK;
    return products;
}
