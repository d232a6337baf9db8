/*
 * The coefficient matrix: what a gradient was really added up from.
 *
 * The right gradient of a linear layer's weight is the sum over micro-batches i
 * of dy_iᵀ x_i. A wrong one is often a sum of other products dy_jᵀ x_i. Least
 * squares over all m² products finds the m×m coefficients C: element (i, j) says
 * how much of "input of micro-batch i with output gradient of micro-batch j" is
 * in it. Right (with the loss scaled by 1/m): the identity.
 */
#ifndef GRADER_TRUTH_COEFFICIENTS_H
#define GRADER_TRUTH_COEFFICIENTS_H

#include "common/base/tensor.h"

#include <glib.h>
#include <stdbool.h>

struct coefficients {
    int micro_batches;
    int layer;     /* of the model */
    double *value; /* value[i * micro_batches + j]: share of x_i with dy_j */
    bool diagonal; /* only the products with i = j were tried: the rest of value is 0 */
    bool unique;   /* the products are independent, so that C is the only answer */
    double left; /* ‖gradient - what C explains‖ / ‖gradient‖; 0 for a gradient of zeros */
};

/* gradient: (outputs, inputs). x[i]: (…, inputs) and dy[i]: (…, outputs) of micro-batch i, both
 * with as many rows as the micro-batch has samples (or tokens); dy already scaled by 1/m. The
 * caller frees with coefficients_free. NULL if the shapes don't fit. */
struct coefficients *coefficients_fit(int layer, int micro_batches, struct tensor *const *x,
                                      struct tensor *const *dy, const struct tensor *gradient);
/* For any layer: part[i] is what micro-batch i adds to the gradient, `count` numbers each. Finds
 * the diagonal only. */
struct coefficients *coefficients_fit_parts(int layer, int micro_batches, const float *const *part,
                                            int count, const float *gradient);
void coefficients_free(struct coefficients *coefficients); /* NULL is allowed */

/* Draws C as a heat map, with its numbers in it where they fit, to PATH.svg; the script stays beside
 * it as PATH.gnuplot. False: it could not be drawn. */
bool coefficients_picture(const struct coefficients *coefficients, const char *title,
                          const char *path);

#endif
