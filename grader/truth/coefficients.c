/*
 * The coefficient matrix; see coefficients.h.
 *
 * The products themselves are never built. With P_ij = dy_jᵀ x_i the inner
 * product of two of them is a sum over pairs of rows,
 *
 *     ⟨P_ij, P_kl⟩ = sum of (x_i x_kᵀ) ∘ (dy_j dy_lᵀ),
 *
 * so the normal equations need only small matrices. Their right-hand side is
 * ⟨P_ij, G⟩ = sum over rows a of dy_j[a] · G x_i[a].
 */
#include "grader/truth/coefficients.h"
#include "grader/pictures/gnuplot.h"

#include <math.h>
#include <string.h>

/* LAPACK: minimum-norm least squares by singular values. All by reference, column-major. */
void dgelsd_(const int *m, const int *n, const int *nrhs, double *a, const int *lda, double *b,
             const int *ldb, double *s, const double *rcond, int *rank, double *work,
             const int *lwork, int *iwork, int *info);

/* Singular values below this share of the largest count as zero. Products come from float32
 * numbers, and the normal equations square the condition. */
#define SMALLEST_SHARE 1e-9

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

/* Solves gram · c = right for the n unknowns (gram is overwritten, right becomes c). Returns
 * whether the solution is unique; false and zeros if LAPACK gives up. */
static bool solve(int n, double *gram, double *right)
{
    int one = 1, rank = 0, info = 0, size = -1, integer_size = 0;
    double share = SMALLEST_SHARE, best = 0;
    g_autofree double *singular = g_new(double, n);
    dgelsd_(&n, &n, &one, gram, &n, right, &n, singular, &share, &rank, &best, &size, &integer_size,
            &info);
    size = info == 0 ? (int)best : 0;
    if (size > 0) {
        g_autofree double *work = g_new(double, size);
        g_autofree int *integer_work = g_new(int, integer_size > 0 ? integer_size : 1);
        dgelsd_(&n, &n, &one, gram, &n, right, &n, singular, &share, &rank, work, &size,
                integer_work, &info);
    }
    if (size > 0 && info == 0)
        return rank == n;
    memset(right, 0, (size_t)n * sizeof(*right));
    return false;
}

/* What the fit leaves of ‖g‖²: ⟨g,g⟩ - 2⟨c,right⟩ + ⟨c, gram c⟩, as a relative norm. */
static double left_over(int n, const double *gram, const double *right, const double *c,
                        double square)
{
    if (square <= 0)
        return 0;
    double left = square;
    for (int p = 0; p < n; p++) {
        double row = 0;
        for (int q = 0; q < n; q++)
            row += gram[p * n + q] * c[q];
        left += c[p] * (row - 2 * right[p]);
    }
    return sqrt(left > 0 ? left / square : 0);
}

/* Each unknown is scaled by the norm of its product, so that small micro-batches count, too. */
static bool fit(int n, const double *gram, const double *right, double square, double *c,
                double *left)
{
    g_autofree double *scaled = g_new(double, (gsize)n *(gsize)n);
    g_autofree double *norm = g_new(double, n);
    for (int p = 0; p < n; p++)
        norm[p] = gram[p * n + p] > 0 ? sqrt(gram[p * n + p]) : 1;
    for (int p = 0; p < n; p++) {
        c[p] = right[p] / norm[p];
        for (int q = 0; q < n; q++)
            scaled[p * n + q] = gram[p * n + q] / (norm[p] * norm[q]);
    }
    bool unique = solve(n, scaled, c);
    for (int p = 0; p < n; p++)
        c[p] /= norm[p];
    *left = left_over(n, gram, right, c, square);
    return unique;
}

/* out[a * rows_b + b] = row a of left · row b of right. */
static void products_of_rows(const float *left, int rows_a, const float *right, int rows_b,
                             int width, double *out)
{
    for (int a = 0; a < rows_a; a++)
        for (int b = 0; b < rows_b; b++) {
            const float *u = &left[(size_t)a * (size_t)width],
                        *v = &right[(size_t)b * (size_t)width];
            double sum = 0;
            for (int k = 0; k < width; k++)
                sum += (double)u[k] * v[k];
            out[a * rows_b + b] = sum;
        }
}

/* All pairs of micro-batches: a rows×rows block for each (i, k). */
static double *all_products(int m, struct tensor *const *t, int rows, int width)
{
    size_t block = (size_t)rows * (size_t)rows;
    double *all = g_new(double, (size_t)m *(size_t)m *block);
    for (int i = 0; i < m; i++)
        for (int k = 0; k < m; k++)
            products_of_rows(tensor_floats(t[i]), rows, tensor_floats(t[k]), rows, width,
                             &all[(size_t)(i * m + k) * block]);
    return all;
}

static double inner(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* right[i * m + j] = sum over rows a of dy_j[a] · G x_i[a]. */
static void right_hand_side(int m, struct tensor *const *x, struct tensor *const *dy, int rows,
                            int inputs, int outputs, const float *gradient, double *right)
{
    g_autofree double *gx = g_new(double, (size_t)rows *(size_t)outputs);
    for (int i = 0; i < m; i++) {
        products_of_rows(tensor_floats(x[i]), rows, gradient, outputs, inputs, gx);
        for (int j = 0; j < m; j++) {
            const float *d = tensor_floats(dy[j]);
            double sum = 0;
            for (int k = 0; k < rows * outputs; k++)
                sum += gx[k] * d[k];
            right[i * m + j] = sum;
        }
    }
}

static double sum_of_squares(const float *value, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)value[i] * value[i];
    return sum;
}

struct coefficients *coefficients_fit(int layer, int m, struct tensor *const *x,
                                      struct tensor *const *dy, const struct tensor *gradient)
{
    if (m < 1 || gradient->shape.dimensions != 2)
        return NULL;
    int outputs = gradient->shape.size[0], inputs = gradient->shape.size[1];
    int rows = inputs > 0 ? x[0]->count / inputs : 0;
    for (int i = 0; i < m; i++)
        if (rows < 1 || x[i]->count != rows * inputs || dy[i]->count != rows * outputs)
            return NULL;
    int n = m * m;
    size_t block = (size_t)rows * (size_t)rows;
    g_autofree double *xx = all_products(m, x, rows, inputs);
    g_autofree double *dd = all_products(m, dy, rows, outputs);
    g_autofree double *gram = g_new(double, (gsize)n *(gsize)n);
    g_autofree double *right = g_new(double, n);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++)
            for (int k = 0; k < m; k++)
                for (int l = 0; l < m; l++)
                    gram[(i * m + j) * n + k * m + l] = inner(
                        &xx[(size_t)(i * m + k) * block], &dd[(size_t)(j * m + l) * block], block);
    right_hand_side(m, x, dy, rows, inputs, outputs, tensor_floats(gradient), right);
    struct coefficients *coefficients = new_coefficients(layer, m);
    double square = sum_of_squares(tensor_floats(gradient), gradient->count);
    coefficients->unique = fit(n, gram, right, square, coefficients->value, &coefficients->left);
    return coefficients;
}

struct coefficients *coefficients_fit_parts(int layer, int m, const float *const *part, int count,
                                            const float *gradient)
{
    g_autofree double *gram = g_new(double, (gsize)m *(gsize)m);
    g_autofree double *right = g_new(double, m);
    g_autofree double *c = g_new(double, m);
    for (int i = 0; i < m; i++) {
        products_of_rows(part[i], 1, gradient, 1, count, &right[i]);
        for (int k = 0; k < m; k++)
            products_of_rows(part[i], 1, part[k], 1, count, &gram[i * m + k]);
    }
    struct coefficients *coefficients = new_coefficients(layer, m);
    coefficients->diagonal = true;
    coefficients->unique =
        fit(m, gram, right, sum_of_squares(gradient, count), c, &coefficients->left);
    for (int i = 0; i < m; i++)
        coefficients->value[i * m + i] = c[i];
    return coefficients;
}

bool coefficients_picture(const struct coefficients *coefficients, const char *title,
                          const char *path)
{
    int m = coefficients->micro_batches;
    g_autofree char *quoted = gnuplot_quote(title);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    GString *script = g_string_new("$matrix << END\n");
    double largest = 1;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) {
            double value = coefficients->value[i * m + j];
            g_string_append_printf(script, "%d %d %.4g\n", j, i, value);
            largest = fmax(largest, fabs(value));
        }
    g_string_append_printf(
        script,
        "END\nset terminal svg size %d,%d font 'sans,13' background 'white'\nset output '%s.svg'\n"
        "set title %s\nset xlabel 'output gradient of micro-batch'\n"
        "set ylabel 'input of micro-batch'\nset xrange [-0.5:%g]\nset yrange [%g:-0.5]\n"
        "set xtics 1\nset ytics 1\nset size ratio 1\nunset key\n"
        "set palette defined (-1 '#f4a582', 0 'white', 1 '#92c5de')\nset cbrange [%g:%g]\n"
        "plot $matrix using 1:2:3 with image pixels%s\n",
        m <= 10 ? 420 + 30 * m : 760, m <= 10 ? 360 + 30 * m : 700, name, quoted, m - 0.5, m - 0.5,
        -largest, largest,
        m <= 10 ? ", $matrix using 1:2:(abs($3) < 5e-4 ? '0' : sprintf('%.3g', $3)) with labels"
                : "");
    bool drawn = gnuplot_run(script->str, script_path, NULL);
    g_string_free(script, TRUE);
    return drawn;
}
