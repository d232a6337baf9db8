/*
 * A fit against named candidates; see fit.h.
 *
 * With unit roundoff u = 2⁻²⁴ and K float32 terms added up in any order, a sum is off by at most
 * γ(K) = K u / (1 - K u) times the sum of the terms' magnitudes (Higham, Accuracy and Stability of
 * Numerical Algorithms, 4.2). Candidate and target have each been added up, so that 2K count; a
 * combination of n candidates multiplies and adds up to n + 1 times more.
 */
#include "grader/truth/fit_parts.h"

#include <glib.h>
#include <math.h>

#define ROUNDOFF            0x1p-24
#define ROUNDOFF_OF_DOUBLES 0x1p-53

static double rounding_of(double terms)
{
    double share = terms * ROUNDOFF;
    return share < 1 ? share / (1 - share) : INFINITY;
}

double fit_norm(struct fit_products *products, int k)
{
    return sqrt(MAX(*fit_product(products, k, k), 0));
}

double fit_rounding_bound(const struct fit_problem *problem, struct fit_products *products,
                          const double *coefficient)
{
    int n = problem->candidates, used = 0;
    double sum = 0, terms = problem->rounding.terms;
    for (int k = 0; k < n; k++) {
        used += coefficient[k] != 0;
        sum += fabs(coefficient[k]) * fit_norm(products, k);
    }
    double cancellation =
        problem->rounding.cancellation > 0 ? problem->rounding.cancellation : sqrt(MAX(terms, 1));
    double of_floats = rounding_of(2 * terms) * cancellation + rounding_of(used + 1);
    /* What is left is the root of a sum of products that cancel: half of a double's digits. */
    double additions = products->additions + 2 * (n + 1); /* and fit_left's own, row by row */
    double of_doubles = sqrt(additions * ROUNDOFF_OF_DOUBLES);
    return of_floats * sum + of_doubles * (sum + fit_norm(products, n));
}

double fit_left(struct fit_products *products, const double *coefficient)
{
    int n = products->candidates;
    double left = *fit_product(products, n, n);
    for (int p = 0; p < n; p++) {
        double row = 0;
        if (coefficient[p] == 0)
            continue;
        for (int q = 0; q < n; q++)
            row += *fit_product(products, p, q) * coefficient[q];
        left += coefficient[p] * (row - 2 * *fit_product(products, p, n));
    }
    return sqrt(MAX(left, 0));
}

bool fit_explains(const struct fit_problem *problem, const struct fit *fit,
                  const double *coefficients)
{
    return fit_left(fit->products, coefficients) <=
           fit_rounding_bound(problem, fit->products, coefficients);
}

/* Sets value to the numbers that a program multiplies by, where there is just one for each and they
 * explain the target. */
static bool round_all(const struct fit_problem *problem, struct fit *fit)
{
    int n = fit->candidates;
    g_autofree double *rounded = g_new(double, MAX(n, 1));
    g_autoptr(GArray) factors = fit_factors(problem->scale);
    for (int k = 0; k < n; k++)
        if (!fit_only_factor(factors, fit->value[k], fit->uncertainty[k], &rounded[k]))
            return false;
    if (!fit_explains(problem, fit, rounded))
        return false;
    for (int k = 0; k < n; k++)
        fit->value[k] = rounded[k];
    return true;
}

static bool all_finite(struct fit_products *products)
{
    size_t size = (size_t)products->candidates + 1;
    for (size_t k = 0; k < size * size; k++)
        if (!isfinite(products->value[k]))
            return false;
    return true;
}

/* With all candidates. */
static void fit_all(const struct fit_problem *problem, struct fit *fit)
{
    int n = fit->candidates;
    g_autofree int *all = g_new(int, MAX(n, 1));
    for (int k = 0; k < n; k++)
        all[k] = k;
    fit->unique =
        fit_least_squares(fit->products, n, all, fit->value, &fit->left, fit->uncertainty);
    double norm = fit_norm(fit->products, n);
    double bound = fit_rounding_bound(problem, fit->products, fit->value);
    for (int k = 0; k < n; k++)
        fit->uncertainty[k] *=
            isfinite(fit->uncertainty[k]) ? bound : 1; /* open, though bound is 0 */
    fit->bound = norm > 0 ? bound / norm : 0;
    fit->exact = fit->unique && fit->left * norm <= bound;
    fit->certain = fit->exact && round_all(problem, fit);
}

struct fit *fit_solve(const struct fit_problem *problem, struct fit_products *products)
{
    struct fit *fit = g_new0(struct fit, 1);
    int n = fit->candidates = problem->candidates;
    fit->products = products;
    fit->value = g_new0(double, MAX(n, 1));
    fit->uncertainty = g_new(double, MAX(n, 1));
    fit->left = 1;
    for (int k = 0; k < n; k++)
        fit->uncertainty[k] = INFINITY;
    if (!all_finite(products))
        return fit;
    fit_all(problem, fit);
    if (!fit->certain && fit_smallest_set(problem, fit))
        fit->certain = round_all(problem, fit);
    return fit;
}

struct fit *fit_tensor(const struct fit_problem *problem)
{
    struct fit_products *products = fit_products_of(problem);
    return products ? fit_solve(problem, products) : NULL;
}

void fit_free(struct fit *fit)
{
    if (!fit)
        return;
    g_free(fit->value);
    g_free(fit->uncertainty);
    fit_products_free(fit->products);
    g_free(fit);
}

/* ---- in words ------------------------------------------------------------------------------------ */

static void add_words(GString *text, double share, const char *name)
{
    double size = fabs(share);
    g_string_append(text, text->len == 0 ? (share < 0 ? "-" : "") : share < 0 ? " - " : " + ");
    if (fit_same_factor(size, 1))
        g_string_append(text, name);
    else if (fit_same_factor(size, round(size)))
        g_string_append_printf(text, "%.0f times %s", size, name);
    else if (fit_same_factor(1 / size, round(1 / size)))
        g_string_append_printf(text, "1/%.0f of %s", 1 / size, name);
    else
        g_string_append_printf(text, "%.6g times %s", size, name);
}

char *fit_words(const struct fit_problem *problem, const struct fit *fit)
{
    if (!fit->certain)
        return NULL;
    GString *text = g_string_new(NULL);
    for (int k = 0; k < fit->candidates; k++)
        if (fit->value[k] != 0)
            add_words(text, fit->value[k], problem->candidate[k].name);
    if (text->len == 0)
        g_string_append(text, "0");
    return g_string_free(text, FALSE);
}
