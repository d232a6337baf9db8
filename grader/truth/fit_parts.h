/*
 * What the files of fit.c share.
 */
#ifndef GRADER_TRUTH_FIT_PARTS_H
#define GRADER_TRUTH_FIT_PARTS_H

#include "grader/truth/fit.h"

#include <glib.h>

/* The norm of candidate k; k = candidates: of the target. */
double fit_norm(struct fit_products *products, int k);
/* ‖target - what the coefficients explain‖, and how much of that rounding can account for. */
double fit_left(struct fit_products *products, const double *coefficient);
double fit_rounding_bound(const struct fit_problem *problem, struct fit_products *products,
                          const double *coefficient);

/* ---- fit_factors.c ---- */

/* The numbers that a program multiplies by: doubles in order, each once. For the caller to free. */
GArray *fit_factors(const int *scale);
/* Is exactly one of them within `uncertainty` of value? Then it is in *factor. */
bool fit_only_factor(const GArray *factors, double value, double uncertainty, double *factor);
bool fit_same_factor(double a, double b);
/* 1 / the product of all scales: how far apart coefficients are that mean something else. */
double fit_smallest_step(const int *scale);

/* ---- fit_smallest_set.c ---- */

/* The candidates depend on each other, or nearly: is there just one smallest set of them, of none, one
 * or two, that explains the target? Then the fit gets its coefficients and how far they can be from the
 * truth; those of all others are 0. */
bool fit_smallest_set(const struct fit_problem *problem, struct fit *fit);

#endif
