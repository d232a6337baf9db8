/* Learning curves by gnuplot. */
#include "grader/pictures/picture_curve.h"

#include "common/files/curve.h"
#include "grader/pictures/gnuplot.h"

#include <math.h>

#define MOST_POINTS 5000 /* of a curve; more can't be seen */

/* Colours that people with any colour vision can tell apart (Okabe and Ito), and line styles
 * for those who print in black and white. */
static const char *const styles[] = {
    "lc rgb '#0072b2' lw 1 dt 1",
    "lc rgb '#d55e00' lw 1 dt 2",
    "lc rgb '#009e73' lw 1 dt 4",
};
static const char reference_style[] = "lc rgb '#c8c8c8' lw 5 dt 1";

/* Adds the points of a curve as a data block of the script. */
static bool add_data(GString *script, int number, const struct picture_line *line, GString *error)
{
    struct curve curve = {0};
    char why[CURVE_ERROR_SIZE];
    if (!curve_read(line->path, &curve, why)) {
        g_string_append_printf(error, "%s\n", why);
        return false;
    }
    bool any = false;
    int stride = 1 + curve.count / MOST_POINTS;
    g_string_append_printf(script, "$curve%d << END\n", number);
    for (int i = 0; i < curve.count; i += stride)
        if (isfinite(curve.point[i].loss)) {
            g_string_append_printf(script, "%ld %.6g\n", curve.point[i].samples,
                                   curve.point[i].loss);
            any = true;
        }
    g_string_append(script, "END\n");
    curve_destroy(&curve);
    return any;
}

static void add_output(GString *script, const char *terminal, const char *name, const char *ending,
                       const char *plot)
{
    g_string_append_printf(script, "set terminal %s\nset output '%s.%s'\n%sunset output\n",
                           terminal, name, ending, plot);
}

bool picture_curve(const char *title, const struct picture_line *lines, int count, const char *path,
                   GString *error)
{
    g_autoptr(GString) script = g_string_new("# Draws the picture again: gnuplot THIS-FILE\n");
    g_autoptr(GString) plot = g_string_new(NULL);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    g_autofree char *quoted_title = gnuplot_quote(title);
    int own = 0;
    for (int i = 0; i < count; i++) {
        if (!add_data(script, i, &lines[i], error))
            continue;
        g_autofree char *quoted = gnuplot_quote(lines[i].title);
        g_string_append_printf(
            plot, "%s$curve%d with lines %s title %s", plot->len > 0 ? ", " : "plot ", i,
            lines[i].reference ? reference_style : styles[own++ % (int)G_N_ELEMENTS(styles)],
            quoted);
    }
    if (plot->len == 0)
        return false;
    g_string_append_c(plot, '\n');
    g_string_append_printf(script,
                           "set encoding utf8\nset title %s\nset xlabel 'samples seen'\n"
                           "set ylabel 'loss'\nset grid\nset key top right\n",
                           quoted_title);
    add_output(script, "svg size 720,400 font 'sans-serif,13' background rgb 'white'", name, "svg",
               plot->str);
    add_output(script, "pngcairo size 1080,600 font 'sans-serif,14'", name, "png", plot->str);
    return gnuplot_run(script->str, script_path, error);
}
