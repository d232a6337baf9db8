/*
 * Least squares from inner products; see fit.h.
 */
#include "grader/truth/fit.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* LAPACK: minimum-norm least squares by singular values. All by reference, column-major. */
void dgelsd_(const int *m, const int *n, const int *nrhs, double *a, const int *lda, double *b,
             const int *ldb, double *s, const double *rcond, int *rank, double *work,
             const int *lwork, int *iwork, int *info);

/* Singular values below this share of the largest count as zero. Products come from float32
 * numbers, and the normal equations square the condition. */
#define SMALLEST_SHARE 1e-9

/* Solves gram · c = right for the n unknowns and each of the right-hand sides (gram is overwritten,
 * each of them becomes its c). Returns the rank; 0 and zeros if LAPACK gives up. */
static int solve(int n, int sides, double *gram, double *right)
{
    int rank = 0, info = 0, size = -1, integer_size = 0;
    double share = SMALLEST_SHARE, best = 0;
    g_autofree double *singular = g_new(double, n);
    dgelsd_(&n, &n, &sides, gram, &n, right, &n, singular, &share, &rank, &best, &size,
            &integer_size, &info);
    size = info == 0 ? (int)best : 0;
    if (size > 0) {
        g_autofree double *work = g_new(double, size);
        g_autofree int *integer_work = g_new(int, integer_size > 0 ? integer_size : 1);
        dgelsd_(&n, &n, &sides, gram, &n, right, &n, singular, &share, &rank, work, &size,
                integer_work, &info);
        if (info == 0)
            return rank;
    }
    memset(right, 0, (size_t)n * (size_t)sides * sizeof(*right));
    return 0;
}

/* What the fit leaves of ‖t‖²: ⟨t,t⟩ - 2⟨c,right⟩ + ⟨c, gram c⟩, as a relative norm. */
static double left_over(struct fit_products *products, int chosen, const int *candidate,
                        const double *c)
{
    int t = products->candidates;
    double square = *fit_product(products, t, t), left = square;
    if (square <= 0)
        return 0;
    for (int p = 0; p < chosen; p++) {
        double row = 0;
        for (int q = 0; q < chosen; q++)
            row += *fit_product(products, candidate[p], candidate[q]) * c[q];
        left += c[p] * (row - 2 * *fit_product(products, candidate[p], t));
    }
    return sqrt(left > 0 ? left / square : 0);
}

/* An unknown is open if it can change without any change of what is explained: then its row of
 * inverse · gram is not that of the identity. Both are scaled: `inverse` is of gram / (norm norm). */
static double spread_of(struct fit_products *products, int chosen, const int *candidate, int k,
                        const double *norm, const double *inverse)
{
    double one = 0;
    for (int q = 0; q < chosen; q++)
        one += inverse[(size_t)q * (size_t)chosen + (size_t)k] *
               *fit_product(products, candidate[q], candidate[k]) / (norm[q] * norm[k]);
    double variance = inverse[(size_t)k * (size_t)chosen + (size_t)k];
    return one > 1 - 1e-6 && variance > 0 ? sqrt(variance) / norm[k] : INFINITY;
}

bool fit_least_squares(struct fit_products *products, int chosen, const int *candidate,
                       double *value, double *left, double *spread)
{
    size_t n = (size_t)chosen;
    int sides = spread ? chosen + 1 : 1;
    g_autofree double *scaled = g_new(double, n *n);
    g_autofree double *right = g_new0(double, n *(size_t)sides);
    g_autofree double *norm = g_new(double, n);
    /* Each unknown is scaled by the norm of its candidate, so that small ones count, too. */
    for (int p = 0; p < chosen; p++) {
        double square = *fit_product(products, candidate[p], candidate[p]);
        norm[p] = square > 0 ? sqrt(square) : 1;
    }
    for (int p = 0; p < chosen; p++) {
        right[p] = *fit_product(products, candidate[p], products->candidates) / norm[p];
        if (spread)
            right[n * (size_t)(p + 1) + (size_t)p] = 1;
        for (int q = 0; q < chosen; q++)
            scaled[(size_t)p * n + (size_t)q] =
                *fit_product(products, candidate[p], candidate[q]) / (norm[p] * norm[q]);
    }
    int rank = chosen > 0 ? solve(chosen, sides, scaled, right) : 0;
    for (int p = 0; p < chosen; p++) {
        value[p] = right[p] / norm[p];
        if (spread)
            spread[p] = spread_of(products, chosen, candidate, p, norm, &right[n]);
    }
    *left = left_over(products, chosen, candidate, value);
    return rank == chosen;
}
