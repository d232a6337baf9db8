/* Learning curves by gnuplot. */
#include "grader/pictures/picture_curve.h"

#include "common/files/curve.h"
#include "grader/pictures/gnuplot.h"
#include "grader/pictures/smooth.h"

#include <math.h>

#define MOST_POINTS 5000 /* of a curve; more can't be seen */

/* Colours that people with any colour vision can tell apart (Okabe and Ito), and line styles
 * for those who print in black and white. */
static const struct {
    const char *colour, *style;
} styles[] = {
    {"0072b2", "lw 1.8 dt 1"},
    {"d55e00", "lw 1.8 dt 2"},
    {"009e73", "lw 1.8 dt 4"},
};
static const char reference_colour[] = "9a9a9a", reference_style[] = "lw 5 dt 1";
static const char window_colour[] = "#f0e442";

/* One curve in the script. */
struct drawn {
    struct curve curve;
    double *smooth; /* its losses */
    const char *title, *colour, *style;
};

/* False, and an error, if it can't be read. */
static bool read_line(const struct picture_line *line, struct drawn *drawn, GString *error)
{
    char why[CURVE_ERROR_SIZE];
    if (!curve_read(line->path, &drawn->curve, why)) {
        g_string_append_printf(error, "%s\n", why);
        return false;
    }
    drawn->title = line->title;
    return true;
}

static void smooth_all(struct drawn *drawn, int count)
{
    int longest = 0;
    for (int i = 0; i < count; i++)
        longest = MAX(longest, drawn[i].curve.count);
    for (int i = 0; i < count; i++) {
        const struct curve *curve = &drawn[i].curve;
        g_autofree double *loss = g_new(double, curve->count);
        for (int k = 0; k < curve->count; k++)
            loss[k] = curve->point[k].loss;
        drawn[i].smooth = smooth_values(loss, curve->count, smooth_reach(longest));
    }
}

static void append_number(GString *script, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf(script, " %s",
                           isfinite(number) ? g_ascii_formatd(text, sizeof text, "%.6g", number)
                                            : "NaN");
}

/* The points of a curve as a data block of the script: step, loss, smooth loss. */
static void add_data(GString *script, int number, const struct drawn *drawn)
{
    const struct curve *curve = &drawn->curve;
    const int stride = 1 + curve->count / MOST_POINTS;
    g_string_append_printf(script, "$curve%d << END\n", number);
    for (int i = 0; i < curve->count; i += stride) {
        g_string_append_printf(script, "%d", curve->point[i].step);
        append_number(script, curve->point[i].loss);
        append_number(script, drawn->smooth[i]);
        g_string_append_c(script, '\n');
    }
    g_string_append(script, "END\n");
}

/* How high the picture reaches: single batches that jump, and a run that goes astray, must not press the
 * others flat; where each begins is seen. */
static double highest_loss(const struct drawn *drawn, int count)
{
    double highest = 0;
    for (int i = 0; i < count; i++) {
        const double first = drawn[i].curve.point[0].loss;
        highest = isfinite(first) ? fmax(highest, first) : highest;
        /* The first is the reference, where there is one. */
        for (int k = 0; i == 0 && k < drawn[i].curve.count; k++)
            if (isfinite(drawn[i].smooth[k]))
                highest = fmax(highest, drawn[i].smooth[k]);
    }
    return highest > 0 ? 1.25 * highest : 1;
}

/* Title, and small below it what there is to know. */
static void add_title(GString *script, const struct picture_curves *curves)
{
    g_autofree char *title = gnuplot_quote(curves->title);
    g_string_append_printf(script, "set title %s", title);
    g_auto(GStrv) lines = g_strsplit(curves->told ? curves->told : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *told = gnuplot_quote(*line);
        g_string_append_printf(script, " . \"\\n{/*0.9 \" . %s . \"}\"", told);
    }
    g_string_append_c(script, '\n');
}

/* Without a height they are of the picture's. */
static void add_windows(GString *script, const struct picture_curves *curves)
{
    for (int i = 0; i < curves->windows; i++)
        g_string_append_printf(script,
                               "set object rectangle from %d,graph 0 to %d,graph 1 fc rgb '%s' "
                               "fs solid noborder behind\n",
                               curves->window[i], curves->window[i] + curves->window_steps,
                               window_colour);
}

static char *plot_of(const struct picture_curves *curves, const struct drawn *drawn, int count)
{
    GString *plot = g_string_new("plot ");
    for (int i = 0; i < count; i++)
        g_string_append_printf(plot, "$curve%d using 1:2 with lines lw 1 lc rgb '#c8%s' notitle, ",
                               i, drawn[i].colour);
    for (int i = 0; i < count; i++) {
        g_autofree char *quoted = gnuplot_quote(drawn[i].title);
        g_string_append_printf(plot, "%s$curve%d using 1:3 with lines lc rgb '#%s' %s title %s",
                               i > 0 ? ", " : "", i, drawn[i].colour, drawn[i].style, quoted);
    }
    if (curves->windows > 0) {
        g_autofree char *quoted = gnuplot_quote(curves->window_title);
        g_string_append_printf(plot, ", keyentry with boxes fs solid lc rgb '%s' title %s",
                               window_colour, quoted);
    }
    g_string_append_c(plot, '\n');
    return g_string_free(plot, FALSE);
}

/* Reads and smooths the lines; their number. What can't be read is left out. */
static int read_lines(const struct picture_curves *curves, struct drawn *drawn, GString *error)
{
    int count = 0, own = 0;
    for (int i = 0; i < curves->lines; i++) {
        if (!read_line(&curves->line[i], &drawn[count], error))
            continue;
        const bool reference = curves->line[i].reference;
        const int style = own % (int)G_N_ELEMENTS(styles);
        drawn[count].colour = reference ? reference_colour : styles[style].colour;
        drawn[count++].style = reference ? reference_style : styles[style].style;
        own += reference ? 0 : 1;
    }
    smooth_all(drawn, count);
    return count;
}

/* Has any of them a loss that can be drawn? */
static bool any_is_finite(const struct drawn *drawn, int count)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < drawn[i].curve.count; k++)
            if (isfinite(drawn[i].smooth[k]))
                return true;
    return false;
}

/* Where the picture ends: the last window is seen whole. */
static int last_step(const struct picture_curves *curves, const struct drawn *drawn, int count)
{
    int last = 1;
    for (int i = 0; i < count; i++)
        last = MAX(last, drawn[i].curve.point[drawn[i].curve.count - 1].step);
    for (int i = 0; i < curves->windows; i++)
        last = MAX(last, curves->window[i] + curves->window_steps);
    return last;
}

static bool draw(const struct picture_curves *curves, const struct drawn *drawn, int count,
                 const char *path, GString *error)
{
    static const char *const terminals[][2] = {
        {"svg size 600,440 font 'sans-serif,14' background rgb 'white'", "svg"},
        {"pngcairo size 1080,720 font 'sans-serif,16'", "png"}};
    g_autoptr(GString) script = g_string_new("# Draws the picture again: gnuplot THIS-FILE\n"
                                             "set datafile missing 'NaN'\n");
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    g_autofree char *plot = plot_of(curves, drawn, count);
    for (int i = 0; i < count; i++)
        add_data(script, i, &drawn[i]);
    g_string_append(script, "set encoding utf8\n");
    add_title(script, curves);
    add_windows(script, curves);
    g_string_append(script, "set xlabel 'step'\nset ylabel 'loss'\nset grid lc rgb '#dddddd'\n"
                            "set key top right opaque\nset yrange [0:");
    append_number(script, highest_loss(drawn, count));
    g_string_append_printf(script, "]\nset xrange [0:%d]\n", last_step(curves, drawn, count));
    for (gsize i = 0; i < G_N_ELEMENTS(terminals); i++)
        g_string_append_printf(script, "set terminal %s\nset output '%s.%s'\n%sunset output\n",
                               terminals[i][0], name, terminals[i][1], plot);
    return gnuplot_run(script->str, script_path, error);
}

bool picture_curve(const struct picture_curves *curves, const char *path, GString *error)
{
    struct drawn *drawn = g_new0(struct drawn, curves->lines);
    const int count = read_lines(curves, drawn, error);
    const bool done = any_is_finite(drawn, count) && draw(curves, drawn, count, path, error);
    for (int i = 0; i < count; i++) {
        curve_destroy(&drawn[i].curve);
        g_free(drawn[i].smooth);
    }
    g_free(drawn);
    return done;
}
