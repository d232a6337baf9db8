/*
 * The numbers that a program may have multiplied a part by, wrongly or rightly; see fit.h.
 */
#include "grader/truth/fit_parts.h"

#include <math.h>

/* Of each scale p: p^-2 … p^2, and more where the sum over ranks was summed again. */
#define SMALLEST_POWER (-2)
#define LARGEST_POWER  4
#define LARGEST_FACTOR 1e6

bool fit_same_factor(double a, double b)
{
    return fabs(a - b) <= 1e-12 * MAX(fabs(a), fabs(b));
}

double fit_smallest_step(const int *scale)
{
    double step = 1;
    for (int s = 0; s < FIT_SCALES; s++)
        if (scale[s] > 1)
            step /= scale[s];
    return step;
}

static void add(GArray *factors, double factor)
{
    double opposite = -factor;
    g_array_append_val(factors, factor);
    g_array_append_val(factors, opposite);
}

static int in_order(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* All products of a power of each scale from s on, times `factor`. */
static void add_powers(GArray *factors, const int *scale, int s, double factor)
{
    while (s < FIT_SCALES && scale[s] <= 1)
        s++;
    if (s == FIT_SCALES) {
        if (factor <= LARGEST_FACTOR)
            add(factors, factor);
        return;
    }
    for (int power = SMALLEST_POWER; power <= LARGEST_POWER; power++)
        add_powers(factors, scale, s + 1, factor * pow(scale[s], power));
}

GArray *fit_factors(const int *scale)
{
    GArray *factors = g_array_new(FALSE, FALSE, sizeof(double)), *once;
    for (double times = 0.5; times <= 2; times *= 2) /* once, half or twice */
        add_powers(factors, scale, 0, times);
    for (int s = 0; s < FIT_SCALES; s++) /* all but one, and their part of a mean */
        if (scale[s] > 1) {
            add(factors, scale[s] - 1);
            add(factors, (scale[s] - 1.0) / scale[s]);
        }
    double zero = 0;
    g_array_append_val(factors, zero);
    g_array_sort(factors, in_order);
    once = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < factors->len; i++) {
        double factor = g_array_index(factors, double, i);
        if (once->len == 0 || !fit_same_factor(factor, g_array_index(once, double, once->len - 1)))
            g_array_append_val(once, factor);
    }
    g_array_unref(factors);
    return once;
}

bool fit_only_factor(const GArray *factors, double value, double uncertainty, double *factor)
{
    int found = 0;
    for (guint i = 0; i < factors->len; i++) {
        double here = g_array_index(factors, double, i);
        if (fabs(here - value) <= uncertainty + 1e-12 * fabs(value)) {
            *factor = here;
            found++;
        }
    }
    return found == 1;
}
