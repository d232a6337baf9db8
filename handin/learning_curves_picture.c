/*
 * The picture of the learning curves: loss above, accuracy below, narrow enough for a phone; both
 * smoothed, with every step faint behind. The reference is black.
 */
#include "grader/pictures/gnuplot.h"
#include "grader/pictures/smooth.h"
#include "handin/learning_curves.h"

#include <math.h>

/* Okabe and Ito's colours without the yellow, which is too light for a line. */
static const char *const colours[] = {"#000000", "#d55e00", "#0072b2", "#009e73",
                                      "#cc79a7", "#e69f00", "#56b4e9"};

/* A picture shows no more points of a curve than this. */
#define MOST_POINTS 4000

static bool is_reference(const struct learning_curves *curves, int i)
{
    return i == 0 && curves->has_reference;
}

static const char *colour_of(const struct learning_curves *curves, int i)
{
    const int others = (int)G_N_ELEMENTS(colours) - 1;
    const int own = i - (curves->has_reference ? 1 : 0);
    return is_reference(curves, i) ? colours[0] : colours[1 + own % others];
}

static void append_number(GString *script, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (isfinite(number))
        g_string_append_printf(script, " %s", g_ascii_formatd(text, sizeof text, "%.6g", number));
    else
        g_string_append(script, " NaN");
}

/* $curveI: step, loss, smoothed loss, accuracy, smoothed accuracy. */
static void append_data(GString *script, int number, const struct curve *curve, int reach)
{
    g_autofree double *loss = g_new(double, curve->count);
    g_autofree double *accuracy = g_new(double, curve->count);
    for (int i = 0; i < curve->count; i++) {
        loss[i] = curve->point[i].loss;
        accuracy[i] = curve->point[i].accuracy;
    }
    g_autofree double *smooth_loss = smooth_values(loss, curve->count, reach);
    g_autofree double *smooth_accuracy = smooth_values(accuracy, curve->count, reach);
    const int stride = 1 + (curve->count - 1) / MOST_POINTS;
    g_string_append_printf(script, "$curve%d << END\n", number);
    for (int i = 0; i < curve->count; i += stride) {
        g_string_append_printf(script, "%d", curve->point[i].step);
        append_number(script, loss[i]);
        append_number(script, smooth_loss[i]);
        append_number(script, accuracy[i]);
        append_number(script, smooth_accuracy[i]);
        g_string_append(script, "\n");
    }
    g_string_append(script, "END\n");
}

/* A run that went astray must not press the others flat; but where each begins is seen, since models
 * for many classes begin higher than the reference. */
static double highest_loss(const struct learning_curves *curves)
{
    double highest = 0;
    for (int i = 0; i < curves->count; i++)
        if (isfinite(curves->curve[i].curve.point[0].loss))
            highest = MAX(highest, curves->curve[i].curve.point[0].loss);
    const struct curve *reference = &curves->curve[0].curve;
    for (int i = 0; curves->has_reference && i < reference->count; i++)
        if (isfinite(reference->point[i].loss))
            highest = MAX(highest, reference->point[i].loss);
    return highest > 0 ? 1.25 * highest : 1;
}

/* One panel: `raw` and `raw + 1` are the columns of $curveI. */
static void append_panel(GString *script, const struct learning_curves *curves, int raw)
{
    g_string_append(script, "plot ");
    for (int i = 0; i < curves->count; i++)
        g_string_append_printf(script,
                               "%s$curve%d using 1:%d with lines lw 1 lc rgb '#c0%s' notitle",
                               i > 0 ? ", " : "", i, raw, colour_of(curves, i) + 1);
    for (int i = 0; i < curves->count; i++) {
        g_autofree char *label = learning_curves_label(curves, i);
        g_autofree char *quoted = gnuplot_quote(label);
        /* The reference is wide and the others lie on it, so that both show where they agree. */
        g_string_append_printf(
            script, ", $curve%d using 1:%d with lines lw %s lc rgb '%s' title %s", i, raw + 1,
            is_reference(curves, i) ? "5" : "1.8", colour_of(curves, i), quoted);
    }
    g_string_append(script, "\n");
}

static void append_panels(GString *script, const struct learning_curves *curves, const char *title)
{
    g_autofree char *quoted = gnuplot_quote(title);
    char highest[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(highest, sizeof highest, "%.6g", highest_loss(curves));
    g_string_append_printf(script,
                           "set multiplot layout 2,1 title %s . \"\\n{/*0.8 Bold: means of "
                           "neighbouring steps. Faint: each step.}\" font ',16'\n",
                           quoted);
    g_string_append(script, "set xlabel 'step'\nset grid lc rgb '#dddddd'\nset key top right\n");
    g_string_append_printf(script, "set ylabel 'loss'\nset yrange [0:%s]\n", highest);
    append_panel(script, curves, 2);
    g_string_append(script, "set ylabel 'accuracy on the batch'\nset yrange [0:1]\n"
                            "set key bottom right\n");
    append_panel(script, curves, 4);
    g_string_append(script, "unset multiplot\n");
}

bool learning_curves_draw(const struct learning_curves *curves, const char *title,
                          const char *folder, GString *problems)
{
    g_autoptr(GString) script = g_string_new("# Draws curves.svg and curves.png.\n"
                                             "set datafile missing 'NaN'\n");
    int longest = 0;
    for (int i = 0; i < curves->count; i++)
        longest = MAX(longest, curves->curve[i].curve.count);
    for (int i = 0; i < curves->count; i++)
        append_data(script, i, &curves->curve[i].curve, smooth_reach(longest));
    g_string_append(script, "set terminal svg size 640,760 font 'sans,14' background '#ffffff'\n"
                            "set output 'curves.svg'\n");
    append_panels(script, curves, title);
    g_string_append(script, "set terminal pngcairo size 960,1140 font 'sans,15'\n"
                            "set output 'curves.png'\n");
    append_panels(script, curves, title);
    g_autofree char *path = g_build_filename(folder, "curves.gnuplot", NULL);
    g_autoptr(GString) error = g_string_new(NULL);
    if (gnuplot_run(script->str, path, error))
        return true;
    /* Such an error is about gnuplot, the disk or the folder. */
    g_string_replace(error, "\n", " ", 0);
    g_string_append_printf(problems,
                           "the learning curves can't be drawn: %s. make setup installs gnuplot "
                           "where it is missing; if it is there, see that %s can be written to and "
                           "that its disk has space.\n",
                           error->str, folder);
    return false;
}
