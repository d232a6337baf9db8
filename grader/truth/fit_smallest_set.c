/*
 * The smallest set of candidates that explains a tensor; see fit.h.
 *
 * A set is only as good as the others are bad: two of one size that both explain the tensor leave it
 * open, and so do two candidates that look alike, or one that is too small to be seen.
 */
#include "grader/truth/fit_parts.h"

#include <math.h>
#include <string.h>

#define LARGEST_SET 2

/* By how much a coefficient changes at most where the target changes by 1, with another one free. */
static double spread_in_pair(struct fit_products *products, int k, int other)
{
    double own = *fit_product(products, k, k), square = *fit_product(products, other, other);
    double both = *fit_product(products, k, other);
    double rest = own - (square > 0 ? both * both / square : 0);
    return rest > 1e-12 * own ? 1 / sqrt(rest) : INFINITY;
}

/* Could another coefficient of one candidate, together with any of another one, hide in rounding? */
static bool any_look_alike(struct fit_products *products, double bound, double step)
{
    int n = products->candidates;
    for (int k = 0; k < n; k++) {
        if (!(step * fit_norm(products, k) > 2 * bound))
            return true;
        for (int other = 0; other < n; other++)
            if (other != k && !(step / spread_in_pair(products, k, other) > 2 * bound))
                return true;
    }
    return false;
}

struct search {
    const struct fit_problem *problem;
    struct fit *fit;
    int found;         /* sets that explain the target, of the size that is tried */
    double *value;     /* of all candidates, with the last one found … */
    double *spread;    /* … as in fit_least_squares */
    double *candidate; /* room for the one being tried */
};

static void try_set(struct search *search, int size, const int *set)
{
    struct fit_products *products = search->fit->products;
    int n = products->candidates;
    double value[LARGEST_SET] = {0}, spread[LARGEST_SET] = {0}, left = 0;
    if (!fit_least_squares(products, size, set, value, &left, spread))
        return;
    memset(search->candidate, 0, (size_t)n * sizeof(double));
    for (int p = 0; p < size; p++)
        search->candidate[set[p]] = value[p];
    double bound = fit_rounding_bound(search->problem, products, search->candidate);
    if (!(left * fit_norm(products, n) <= bound))
        return;
    search->found++;
    memcpy(search->value, search->candidate, (size_t)n * sizeof(double));
    for (int k = 0; k < n; k++)
        search->spread[k] = 0;
    for (int p = 0; p < size; p++)
        search->spread[set[p]] = spread[p];
}

static void try_size(struct search *search, int size)
{
    int n = search->problem->candidates, set[LARGEST_SET] = {0};
    if (size == 0)
        try_set(search, 0, set);
    for (set[0] = 0; size >= 1 && set[0] < n; set[0]++) {
        if (size == 1)
            try_set(search, 1, set);
        for (set[1] = set[0] + 1; size == 2 && set[1] < n; set[1]++)
            try_set(search, 2, set);
    }
}

bool fit_smallest_set(const struct fit_problem *problem, struct fit *fit)
{
    int n = fit->candidates, room = MAX(n, 1);
    g_autofree double *value = g_new0(double, room);
    g_autofree double *spread = g_new0(double, room);
    g_autofree double *candidate = g_new0(double, room);
    struct search search = {problem, fit, 0, value, spread, candidate};
    for (int size = 0; size <= LARGEST_SET && search.found == 0; size++)
        try_size(&search, size);
    if (search.found != 1)
        return false;
    double norm = fit_norm(fit->products, n);
    double bound = fit_rounding_bound(problem, fit->products, value);
    if (any_look_alike(fit->products, bound, fit_smallest_step(problem->scale)))
        return false;
    for (int k = 0; k < n; k++) {
        fit->value[k] = value[k];
        fit->uncertainty[k] = spread[k] * bound;
    }
    fit->left = norm > 0 ? fit_left(fit->products, value) / norm : 0;
    fit->bound = norm > 0 ? bound / norm : 0;
    fit->exact = true;
    return true;
}
