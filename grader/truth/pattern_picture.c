/*
 * A matrix of coefficients as a heat map; see patterns.h.
 */
#include "grader/pictures/gnuplot.h"
#include "grader/truth/patterns.h"

#include <math.h>

/* Up to so many rows and columns its numbers fit in. */
#define MOST_WITH_NUMBERS 10

bool pattern_picture(const struct pattern_matrix *matrix, const char *title, const char *rows,
                     const char *columns, const char *path)
{
    int largest_side = MAX(matrix->rows, matrix->columns);
    bool numbers = largest_side <= MOST_WITH_NUMBERS;
    g_autofree char *quoted = gnuplot_quote(title);
    g_autofree char *quoted_rows = gnuplot_quote(rows);
    g_autofree char *quoted_columns = gnuplot_quote(columns);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    GString *script = g_string_new("$matrix << END\n");
    double largest = 1;
    for (int i = 0; i < matrix->rows; i++)
        for (int j = 0; j < matrix->columns; j++) {
            double value = matrix->value[i * matrix->columns + j];
            g_string_append_printf(script, "%d %d %.4g\n", j, i, value);
            largest = fmax(largest, fabs(value));
        }
    g_string_append_printf(
        script,
        "END\nset terminal svg size %d,%d font 'sans,13' background 'white'\nset output '%s.svg'\n"
        "set title %s\nset xlabel %s\n"
        "set ylabel %s\nset xrange [-0.5:%g]\nset yrange [%g:-0.5]\n"
        "set xtics 1\nset ytics 1\nset size ratio %g\nunset key\n"
        "set palette defined (-1 '#f4a582', 0 'white', 1 '#92c5de')\nset cbrange [%g:%g]\n"
        "plot $matrix using 1:2:3 with image pixels%s\n",
        numbers ? 420 + 30 * largest_side : 760, numbers ? 360 + 30 * largest_side : 700, name,
        quoted, quoted_columns, quoted_rows, matrix->columns - 0.5, matrix->rows - 0.5,
        (double)matrix->rows / matrix->columns, -largest, largest,
        numbers ? ", $matrix using 1:2:(abs($3) < 5e-4 ? '0' : sprintf('%.3g', $3)) with labels"
                : "");
    bool drawn = gnuplot_run(script->str, script_path, NULL);
    g_string_free(script, TRUE);
    return drawn;
}
