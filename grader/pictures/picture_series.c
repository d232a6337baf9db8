/* Figures over a number that doubles, by gnuplot; see picture_series.h. */
#include "grader/pictures/picture_series.h"

#include "grader/pictures/gnuplot.h"

#include <math.h>

/* Colours that people with any colour vision can tell apart (Okabe and Ito), and dashes and marks for
 * those who print in black and white. */
static const char *const lines[] = {"lc rgb '#0072b2' lw 2 dt 1", "lc rgb '#d55e00' lw 2 dt 2",
                                    "lc rgb '#009e73' lw 2 dt 4", "lc rgb '#cc79a7' lw 2 dt 5"};
static const char *const points[] = {"lc rgb '#0072b2' pt 7", "lc rgb '#d55e00' pt 5",
                                     "lc rgb '#009e73' pt 9", "lc rgb '#cc79a7' pt 13"};

static bool add_data(GString *script, int number, const struct picture_series *series)
{
    bool any = false;
    g_string_append_printf(script, "$series%d << END\n", number);
    for (int i = 0; i < series->count; i++)
        if (isfinite(series->y[i]) && series->y[i] > 0) {
            g_string_append_printf(script, "%.6g %.6g\n", series->x[i], series->y[i]);
            any = true;
        }
    g_string_append(script, "END\n");
    return any;
}

static void add_axes(GString *script, const struct picture_axes *axes)
{
    g_autofree char *title = gnuplot_quote(axes->title);
    g_autofree char *x = gnuplot_quote(axes->x), *y = gnuplot_quote(axes->y);
    g_string_append_printf(script,
                           "set encoding utf8\nset title %s\nset xlabel %s\nset ylabel %s\n"
                           "set logscale x 2\nset grid\nset key below spacing 1.1\n"
                           /* so that marks at the ends are whole */
                           "set offsets graph 0.02, graph 0.02, 0, 0\n%s",
                           title, x, y, axes->plain_y ? "set yrange [0:*]\n" : "set logscale y\n");
}

bool picture_series(const struct picture_axes *axes, const struct picture_series *series, int count,
                    const char *path, GString *error)
{
    g_autoptr(GString) script = g_string_new("# Draws the picture again: gnuplot THIS-FILE\n");
    g_autoptr(GString) plot = g_string_new(NULL);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    int line = 0, point = 0;
    for (int i = 0; i < count; i++) {
        if (!add_data(script, i, &series[i]))
            continue;
        g_autofree char *title = gnuplot_quote(series[i].title);
        g_string_append_printf(plot, "%s$series%d with %s %s title %s", plot->len ? ", " : "plot ",
                               i, series[i].points ? "points ps 1.3" : "lines",
                               series[i].points ? points[point++ % (int)G_N_ELEMENTS(points)]
                                                : lines[line++ % (int)G_N_ELEMENTS(lines)],
                               title);
    }
    if (plot->len == 0) {
        g_string_append(error, "there is nothing to draw");
        return false;
    }
    add_axes(script, axes);
    static const char *const terminals[][2] = {
        {"svg size 720,440 font 'sans-serif,13' background rgb 'white'", "svg"},
        {"pngcairo size 1080,660 font 'sans-serif,14'", "png"}};
    for (gsize i = 0; i < G_N_ELEMENTS(terminals); i++)
        g_string_append_printf(script, "set terminal %s\nset output '%s.%s'\n%s\nunset output\n",
                               terminals[i][0], name, terminals[i][1], plot->str);
    return gnuplot_run(script->str, script_path, error);
}
