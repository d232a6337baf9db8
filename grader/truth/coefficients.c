/*
 * The coefficient matrix; see coefficients.h: a fit (fit.h) whose candidates are the products of all
 * micro-batches.
 */
#include "grader/truth/coefficients.h"
#include "grader/truth/fit.h"
#include "grader/truth/patterns.h"

static struct coefficients *new_coefficients(int layer, int m)
{
    struct coefficients *coefficients = g_new0(struct coefficients, 1);
    coefficients->layer = layer;
    coefficients->micro_batches = m;
    coefficients->value = g_new0(double, m *m);
    return coefficients;
}

void coefficients_free(struct coefficients *coefficients)
{
    if (!coefficients)
        return;
    g_free(coefficients->value);
    g_free(coefficients);
}

/* By all candidates of the products, into value[]; the products are freed. */
static void fit_value(struct coefficients *coefficients, struct fit_products *products,
                      double *value)
{
    g_autofree int *all = g_new(int, products->candidates);
    for (int k = 0; k < products->candidates; k++)
        all[k] = k;
    coefficients->unique =
        fit_least_squares(products, products->candidates, all, value, &coefficients->left, NULL);
    fit_products_free(products);
}

struct coefficients *coefficients_fit(int layer, int m, struct tensor *const *x,
                                      struct tensor *const *dy, const struct tensor *gradient)
{
    if (m < 1 || gradient->shape.dimensions != 2)
        return NULL;
    int outputs = gradient->shape.size[0], inputs = gradient->shape.size[1];
    int rows = inputs > 0 ? x[0]->count / inputs : 0;
    g_autofree struct fit_view *x_view = g_new(struct fit_view, m);
    g_autofree struct fit_view *dy_view = g_new(struct fit_view, m);
    g_autofree struct fit_pair *pair = g_new(struct fit_pair, m * m);
    for (int i = 0; i < m; i++) {
        if (rows < 1 || x[i]->count != rows * inputs || dy[i]->count != rows * outputs)
            return NULL;
        x_view[i] = fit_view_matrix(tensor_floats(x[i]), rows, inputs);
        dy_view[i] = fit_view_matrix(tensor_floats(dy[i]), rows, outputs);
        for (int j = 0; j < m; j++)
            pair[i * m + j] = (struct fit_pair){i, j};
    }
    struct fit_outer outer = {m, m, m * m, x_view, dy_view, pair};
    struct fit_view target = fit_view_matrix(tensor_floats(gradient), outputs, inputs);
    struct coefficients *coefficients = new_coefficients(layer, m);
    fit_value(coefficients, fit_products_of_outer(&outer, &target), coefficients->value);
    return coefficients;
}

struct coefficients *coefficients_fit_parts(int layer, int m, const float *const *part, int count,
                                            const float *gradient)
{
    g_autofree double *c = g_new(double, m);
    g_autofree struct fit_candidate *candidate = g_new0(struct fit_candidate, m);
    for (int i = 0; i < m; i++)
        candidate[i].numbers = fit_view_flat(part[i], count);
    struct fit_problem problem = {
        .target = fit_view_flat(gradient, count), .candidates = m, .candidate = candidate};
    struct coefficients *coefficients = new_coefficients(layer, m);
    coefficients->diagonal = true;
    fit_value(coefficients, fit_products_of(&problem), c);
    for (int i = 0; i < m; i++)
        coefficients->value[i * m + i] = c[i];
    return coefficients;
}

bool coefficients_picture(const struct coefficients *coefficients, const char *title,
                          const char *path)
{
    int m = coefficients->micro_batches;
    struct pattern_matrix matrix = {.rows = m, .columns = m, .value = coefficients->value};
    return pattern_picture(&matrix, title, "input of micro-batch", "output gradient of micro-batch",
                           path);
}
