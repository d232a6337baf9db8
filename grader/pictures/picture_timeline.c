/* Pictures of timelines, by gnuplot. */
#include "grader/pictures/picture_timeline_parts.h"

#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_legend.h"

#include <math.h>

#define HEADING_LINE 15 /* points */
#define AXIS_LABEL   32 /* below the last row */

/* ---- the frame ---------------------------------------------------------------------------- */

static char *axis_label(enum timeline_unit unit, const char *name)
{
    if (unit == TIMELINE_FORWARDS)
        return g_strdup("time; 1 is the forward of one micro-batch on one rank");
    if (unit == TIMELINE_FLOPS)
        return g_strdup_printf("time, in %s of computation; messages are free", name);
    return g_strdup_printf("time, in %s", name);
}

/* A panel's heading, in the margin above its first row. */
static void add_heading(const struct picture_layout *layout, int panel, GString *script)
{
    g_autofree char *quoted = gnuplot_quote(layout->text[panel]);
    double above = 8 + (picture_lines_count(layout->text[panel]) - 1) * HEADING_LINE;
    g_string_append_printf(script, "set label %s at screen %.4f, first %g left font ',11'\n",
                           quoted, 8.0 / layout->width,
                           picture_row(layout, panel, 0) - 0.5 - above / layout->row_height);
}

static void add_line(double x, double y, double to_x, double to_y, const char *style,
                     GString *script)
{
    g_string_append_printf(script, "set arrow from %.7g,%g to %.7g,%g nohead %s\n", x, y, to_x,
                           to_y, style);
}

/* 1, 2 or 5 times a power of ten: some seven of them in a span. */
static double step_of(double span)
{
    double rough = span / 7, power = pow(10, floor(log10(rough)));
    return rough <= power       ? power
           : rough <= 2 * power ? 2 * power
           : rough <= 5 * power ? 5 * power
                                : 10 * power;
}

/* The axis below a band, and its figures: gnuplot's own would stand below the last one only. */
static void add_figures(const struct picture_layout *layout, int band, double length, double below,
                        GString *script)
{
    const double span = layout->span / layout->scale, step = step_of(span);
    const double mark = 4 / layout->row_height;
    add_line(0, below, length, below, "lw 0.7 lc rgb '#404040'", script);
    for (double k = fmax(0, ceil(band * span / step - 1e-9));
         k * step <= band * span + length * (1 + 1e-9); k++) {
        const double x = k * step - band * span;
        add_line(x, below, x, below + mark, "lw 0.7 lc rgb '#404040'", script);
        g_string_append_printf(script, "set label '%.6g' at %.7g,%g center font ',10'\n", k * step,
                               x, below + 13 / layout->row_height);
    }
}

/* The outlines of a band's rows, the end of the makespan if it is in it, and the ranks' names. */
static void add_band(const struct picture_layout *layout, int index, int band, GString *script,
                     GString *tics)
{
    const struct timeline_panel *panel = &layout->panel[index];
    const int ranks = panel->timeline->ranks;
    const double row = picture_row(layout, index, band), top = row - 0.5, below = top + ranks;
    double from = 0, to = picture_frame_end(panel);
    if (!picture_clip(layout, band, &from, &to))
        return;
    const double end = to / layout->scale;
    for (int line = 0; line <= ranks && (line == ranks || layout->row_height >= 6); line++)
        add_line(0, top + line, end, top + line, "lw 0.5 lc rgb '#d0d0d0'", script);
    if (band == picture_bands(layout, index) - 1)
        add_line(end, top, end, below, "lw 0.5 lc rgb '#d0d0d0'", script);
    const double makespan = panel->timeline->makespan - band * layout->span;
    if (makespan > 0 && makespan <= layout->span)
        add_line(makespan / layout->scale, top, makespan / layout->scale, below, "lc rgb '#404040'",
                 script);
    if (layout->bands > 1)
        add_figures(layout, band, end, below, script);
    else if (index == layout->panels - 1) /* one axis for all */
        add_figures(layout, band, layout->span / layout->scale, below, script);
    int every = 1;
    while (every * layout->row_height < 18)
        every *= 2;
    for (int rank = 0; rank < ranks; rank += every)
        g_string_append_printf(tics, "%s'rank %d' %g", tics->len ? ", " : "", rank, row + rank);
}

/* What is not shown, below the axis. */
static void add_note(const struct picture_layout *layout, int height, GString *script)
{
    if (!layout->note)
        return;
    g_autofree char *quoted = gnuplot_quote(layout->note);
    g_string_append_printf(script, "set label %s at screen %.4f,%.5f left font ',11'\n", quoted,
                           8.0 / layout->width,
                           (double)(picture_legend_height(layout->legend) +
                                    picture_lines_count(layout->note) * HEADING_LINE - 4) /
                               height);
}

static void add_axes(const struct picture_layout *layout, GString *script)
{
    g_autoptr(GString) tics = g_string_new(NULL);
    for (int panel = 0; panel < layout->panels; panel++) {
        add_heading(layout, panel, script);
        for (int band = 0; band < picture_bands(layout, panel); band++)
            add_band(layout, panel, band, script, tics);
    }
    g_autofree char *label = axis_label(layout->panel[0].timeline->unit, layout->unit);
    const int height = picture_height(layout);
    g_string_append_printf(
        script,
        "set encoding utf8\nset xrange [0:%.7g]\nset yrange [%g:0]\n"
        "set ytics (%s) scale 0 font ',11'\nunset xtics\nset border 0\nunset key\n"
        "set label '%s' at screen 0.5,%.5f center font ',11'\n"
        "set lmargin at screen %g\nset rmargin at screen %g\n"
        "set tmargin at screen %g\nset bmargin at screen %g\n",
        layout->span / layout->scale, picture_rows_end(layout), tics->str, label,
        (picture_bottom(layout) - AXIS_LABEL) / height, (double)PICTURE_LEFT / layout->width,
        1 - (double)PICTURE_RIGHT / layout->width, 1 - picture_top(layout) / height,
        picture_bottom(layout) / height);
    if (layout->title) {
        g_autofree char *quoted = gnuplot_quote(layout->title);
        g_string_append_printf(script, "set label %s at screen 0.5,%.5f center font ',12'\n",
                               quoted, 1 - 14.0 / height);
    }
    add_note(layout, height, script);
    picture_legend_draw(layout->legend, height, script);
}

bool picture_is_possible(const struct timeline_panel *panel, int panels, GString *error)
{
    bool same_unit = true, something = false;
    for (int i = 0; i < panels; i++) {
        something |= panel[i].timeline->makespan > 0;
        same_unit &= panel[i].timeline->unit == panel[0].timeline->unit;
    }
    if (!something)
        g_string_append(error, "no computation was recorded");
    else if (!same_unit)
        g_string_append(error, "timelines in different units can't share an axis");
    return something && same_unit;
}

void picture_compose(const struct picture_layout *layout, GString *script, GString *plot)
{
    g_string_append(script, "# Draws the picture again: gnuplot THIS-FILE\n");
    add_axes(layout, script);
    /* Without anything to begin with, the boxes' commas would be wrong. */
    g_string_append(plot, "plot NaN notitle");
    picture_add_boxes(layout, script, plot);
    g_string_append_c(plot, '\n');
}

bool timeline_picture(const struct timeline_panel *panel, int panels, const char *title,
                      const char *path, GString *error)
{
    if (!picture_is_possible(panel, panels, error))
        return false;
    struct picture_layout layout = picture_layout_new(panel, panels, title);
    g_autoptr(GString) script = g_string_new(NULL);
    g_autoptr(GString) plot = g_string_new(NULL);
    picture_compose(&layout, script, plot);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    int width = layout.width, height = picture_height(&layout);
    g_string_append_printf(script,
                           "set terminal svg size %d,%d font 'sans-serif,12' background rgb "
                           "'white'\nset output '%s.svg'\n%sunset output\n",
                           width, height, name, plot->str);
    g_string_append_printf(script,
                           "set terminal pngcairo size %d,%d fontscale 1.13 font 'sans-serif,12' "
                           "background rgb 'white'\nset output '%s.png'\n%sunset output\n",
                           width * 3 / 2, height * 3 / 2, name, plot->str);
    picture_layout_clear(&layout);
    return gnuplot_run(script->str, script_path, error);
}

/* ---- replays ------------------------------------------------------------------------------ */

bool timeline_picture_of_replay(const struct replay *own, const struct replay *reference,
                                struct timeline_panel beside, const char *reference_label,
                                const char *title, const char *path, GString *error)
{
    struct timeline *above = timeline_of_replay(own, TIMELINE_FLOPS);
    struct timeline *below = reference ? timeline_of_replay(reference, TIMELINE_FLOPS) : NULL;
    const struct timeline_panel panel[] = {
        {.timeline = above,
         .label = reference ? "this program" : "the run",
         .formula = beside.formula,
         .formula_bubble = beside.formula_bubble,
         .stage_word = beside.stage_word},
        {.timeline = below,
         .label = reference_label ? reference_label : "reference, with the same computations"}};
    bool drawn = timeline_picture(panel, reference ? 2 : 1, title, path, error);
    timeline_free(above);
    timeline_free(below);
    return drawn;
}
