/*
 * Inner products of candidates dyᵀ x, which are never built; see fit.h.
 *
 * The inner product of two of them is a sum over pairs of rows,
 *
 *     ⟨dy_jᵀ x_i, dy_lᵀ x_k⟩ = sum of (x_i x_kᵀ) ∘ (dy_j dy_lᵀ),
 *
 * so all that is needed are the products of the rows of all x, and of all dy, each once. With the target
 * T it is the sum over rows a of dy_j[a] · T x_i[a].
 */
#include "grader/truth/fit.h"

#include <glib.h>

/* BLAS: C = alpha Aᵀ B + beta C. All by reference, column-major. */
void dgemm_(const char *transpose_a, const char *transpose_b, const int *m, const int *n,
            const int *k, const double *alpha, const double *a, const int *lda, const double *b,
            const int *ldb, const double *beta, double *c, const int *ldc);

/* Row-major matrices of doubles. */
struct rows {
    int count, width;
    double *value;
    int *first; /* where the rows of each view begin */
};

static struct rows rows_of(int views, const struct fit_view *view)
{
    struct rows rows = {.first = g_new(int, views + 1)};
    for (int v = 0; v < views; v++) {
        rows.first[v] = rows.count;
        rows.count += view[v].rows;
        rows.width = view[v].columns;
    }
    rows.value = g_new(double, MAX((gsize)rows.count * (gsize)rows.width, 1));
    double *to = rows.value;
    for (int v = 0; v < views; v++)
        for (int i = 0; i < view[v].rows; i++)
            for (int j = 0; j < view[v].columns; j++)
                *to++ = (double)view[v].number[i * view[v].row_step + j * view[v].column_step];
    return rows;
}

static void free_rows(struct rows *rows)
{
    g_free(rows->value);
    g_free(rows->first);
}

/* out[i * b.count + j] = row i of a · row j of b. For g_free. */
static double *products_of_rows(const struct rows *a, const struct rows *b)
{
    double one = 1, zero = 0, *out = g_new0(double, MAX((gsize)a->count * (gsize)b->count, 1));
    if (a->count > 0 && b->count > 0 && a->width > 0)
        dgemm_("T", "N", &b->count, &a->count, &a->width, &one, b->value, &b->width, a->value,
               &a->width, &zero, out, &b->count);
    return out;
}

/* Sum over a and b of one[(i + a), (k + b)] · other[(j + a), (l + b)]. */
static double sum_of_products(const double *one, int one_width, int i, int k, const double *other,
                              int other_width, int j, int l, int count_a, int count_b)
{
    double sum = 0;
    for (int a = 0; a < count_a; a++) {
        const double *u = &one[(size_t)(i + a) * (size_t)one_width + (size_t)k];
        const double *v = &other[(size_t)(j + a) * (size_t)other_width + (size_t)l];
        for (int b = 0; b < count_b; b++)
            sum += u[b] * v[b];
    }
    return sum;
}

static bool fits_together(const struct fit_outer *outer, const struct fit_view *target)
{
    for (int v = 0; v < outer->inputs; v++)
        if (outer->x[v].columns != target->columns)
            return false;
    for (int v = 0; v < outer->gradients; v++)
        if (outer->dy[v].columns != target->rows)
            return false;
    for (int k = 0; k < outer->candidates; k++)
        if (outer->x[outer->pair[k].x].rows != outer->dy[outer->pair[k].dy].rows)
            return false;
    return true;
}

struct fit_products *fit_products_of_outer(const struct fit_outer *outer,
                                           const struct fit_view *target)
{
    if (!fits_together(outer, target))
        return NULL;
    int n = outer->candidates, largest = 0;
    struct fit_products *products = fit_products_new(n);
    struct rows x = rows_of(outer->inputs, outer->x), dy = rows_of(outer->gradients, outer->dy);
    struct rows t = rows_of(1, target);
    g_autofree double *xx = products_of_rows(&x, &x), *dd = products_of_rows(&dy, &dy);
    g_autofree double *tx = products_of_rows(&x, &t); /* a row of outputs for each row of x */
    for (int p = 0; p < n; p++) {
        int i = outer->pair[p].x, j = outer->pair[p].dy, rows = outer->x[i].rows;
        largest = MAX(largest, rows);
        for (int q = 0; q <= p; q++) {
            int k = outer->pair[q].x, l = outer->pair[q].dy;
            *fit_product(products, p, q) = *fit_product(products, q, p) =
                sum_of_products(xx, x.count, x.first[i], x.first[k], dd, dy.count, dy.first[j],
                                dy.first[l], rows, outer->x[k].rows);
        }
        *fit_product(products, p, n) = *fit_product(products, n, p) = sum_of_products(
            tx, t.count, x.first[i], 0, dy.value, dy.width, dy.first[j], 0, rows, t.count);
    }
    for (size_t k = 0; k < (size_t)t.count * (size_t)t.width; k++)
        *fit_product(products, n, n) += t.value[k] * t.value[k];
    products->additions =
        (double)MAX(x.width, dy.width) + (double)largest * largest + (double)t.count * t.width;
    free_rows(&x);
    free_rows(&dy);
    free_rows(&t);
    return products;
}
