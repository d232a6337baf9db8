/* Pictures of timelines, by gnuplot. */
#include "grader/pictures/picture_timeline_parts.h"

#include "grader/pictures/gnuplot.h"

#include <math.h>

#define NARROWEST  760 /* pictures, points */
#define WIDEST     1900
#define LEFT       66 /* of the rows: their names */
#define RIGHT      16
#define TOP        36  /* with a title */
#define BOTTOM     100 /* axis and key */
#define ROW_HEIGHT 30
#define HIGHEST    900 /* all rows together */
#define LANES      10  /* what is in flight takes of a row, besides that */
#define MOST_LANES 4
#define HEADER     39 /* of a panel */
#define LINE       15 /* one more line in it */

/* ---- layout ------------------------------------------------------------------------------- */

/* Rows are lower where there are many, headers are not. */
static double header_rows(const struct picture_layout *layout, int panel)
{
    int lines = 0;
    if (layout->hidden[panel])
        lines++;
    for (const char *c = layout->hidden[panel]; c && *c; c++)
        lines += *c == '\n';
    return (HEADER + lines * LINE) / layout->row_height;
}

double picture_row(const struct picture_layout *layout, int panel)
{
    double row = header_rows(layout, panel);
    for (int before = 0; before < panel; before++)
        row += layout->panel[before].timeline->ranks + header_rows(layout, before);
    return row;
}

/* Where a row below the last would be. */
static double rows_end(const struct picture_layout *layout)
{
    int last = layout->panels - 1;
    return picture_row(layout, last) + layout->panel[last].timeline->ranks - 0.5;
}

/* The mean length of the forwards. */
static double mean_forward(const struct timeline_panel *panel, int panels)
{
    double time = 0, count = 0;
    for (int i = 0; i < panels; i++)
        for (int rank = 0; rank < panel[i].timeline->ranks; rank++)
            for (guint k = 0; k < panel[i].timeline->bar[rank]->len; k++) {
                const struct timeline_bar *bar =
                    &g_array_index(panel[i].timeline->bar[rank], struct timeline_bar, k);
                if (bar->kind != TIMELINE_FORWARD)
                    continue;
                time += bar->end - bar->begin;
                count++;
            }
    return count > 0 ? time / count : 0;
}

struct picture_layout picture_layout_new(const struct timeline_panel *panel, int panels)
{
    struct picture_layout layout = {
        .panel = panel, .panels = panels, .hidden = g_new(char *, (gsize)panels)};
    for (int i = 0; i < panels; i++)
        layout.hidden[i] = picture_hidden_text(panel[i].timeline);
    int ranks = 0;
    for (int i = 0; i < panels; i++) {
        ranks += panel[i].timeline->ranks;
        layout.lanes = MAX(layout.lanes, MIN(panel[i].timeline->lanes, MOST_LANES));
        layout.end = fmax(layout.end, panel[i].timeline->end);
    }
    /* Wide enough for the numbers in the forwards, where that is possible. */
    double forward = mean_forward(panel, panels);
    double box = panel[0].timeline->micro_batches > 10 ? 15 : 10;
    double wanted = forward > 0 ? layout.end / forward * box + LEFT + RIGHT : 0;
    layout.width = (int)fmin(fmax(wanted, NARROWEST), WIDEST);
    layout.plot_width = layout.width - LEFT - RIGHT;
    layout.font_size = forward / layout.end * layout.plot_width >= 20 ? 11 : 9;
    picture_choose_detail(&layout);
    if (!layout.calls)
        layout.lanes = 0;
    double row = layout.lanes > 0 ? ROW_HEIGHT + LANES : ROW_HEIGHT;
    layout.row_height = fmin(row, fmax((double)HIGHEST / MAX(ranks, 1), 1.5));
    return layout;
}

void picture_layout_clear(struct picture_layout *layout)
{
    for (int i = 0; i < layout->panels; i++)
        g_free(layout->hidden[i]);
    g_free(layout->hidden);
}

int picture_height(const struct picture_layout *layout, const char *title)
{
    return (int)(rows_end(layout) * layout->row_height) + (title ? TOP : 2) + BOTTOM;
}

/* ---- units -------------------------------------------------------------------------------- */

/* The largest unit that `end` has one or more of. */
static const char *choose_scale(enum timeline_unit unit, double end, double *scale)
{
    static const char *const seconds[] = {"ns", "µs", "ms", "s"};
    static const char *const flops[] = {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"};
    *scale = 1;
    if (unit == TIMELINE_FORWARDS)
        return "";
    gsize last = unit == TIMELINE_FLOPS ? G_N_ELEMENTS(flops) - 1 : G_N_ELEMENTS(seconds) - 1;
    gsize i = 0;
    for (; i < last && end / *scale >= 1000; i++)
        *scale *= 1000;
    return unit == TIMELINE_FLOPS ? flops[i] : seconds[i];
}

static char *axis_label(enum timeline_unit unit, const char *name)
{
    if (unit == TIMELINE_FORWARDS)
        return g_strdup("time; 1 is the forward of one micro-batch on one rank");
    if (unit == TIMELINE_FLOPS)
        return g_strdup_printf("time, in %s of computation; messages are free", name);
    return g_strdup_printf("time, in %s", name);
}

/* ---- the script --------------------------------------------------------------------------- */

/* Does a collective end behind the makespan? */
static bool collectives_follow(const struct timeline *timeline)
{
    for (int rank = 0; rank < timeline->ranks; rank++)
        for (guint i = 0; i < timeline->bar[rank]->len; i++) {
            const struct timeline_bar *bar =
                &g_array_index(timeline->bar[rank], struct timeline_bar, i);
            if (bar->call != NO_COLLECTIVE_CALL && bar->end > timeline->makespan)
                return true;
        }
    return false;
}

/* "your run: 33.0 ms; bubble (idle / makespan) 27.3 %, by the formula … 27.3 %". */
static char *panel_text(const struct timeline_panel *panel, const char *hidden, double scale,
                        const char *unit)
{
    GString *text = g_string_new(panel->label);
    g_string_append_printf(text, "%s%.4g%s%s", panel->label[0] ? ": " : "",
                           panel->timeline->makespan / scale, unit[0] ? " " : "", unit);
    if (collectives_follow(panel->timeline))
        g_string_append_printf(text, ", %.4g %s with what follows", panel->timeline->end / scale,
                               unit);
    g_string_append_printf(text, "; bubble (idle / makespan) %.1f %%",
                           100 * timeline_bubble(panel->timeline));
    if (panel->formula)
        g_string_append_printf(text, ", formula %s: %.1f %%", panel->formula,
                               100 * panel->formula_bubble);
    if (panel->timeline->stuck)
        g_string_append(text, "; it got stuck where the boxes end");
    if (hidden)
        g_string_append_printf(text, "\n%s", hidden);
    return g_string_free(text, FALSE);
}

/* The panel's label, its rows' outlines, the end of its makespan, and the ranks' names. */
static void add_panel(const struct picture_layout *layout, int index, const char *unit,
                      GString *script, GString *tics)
{
    const struct timeline_panel *panel = &layout->panel[index];
    const int ranks = panel->timeline->ranks;
    double row = picture_row(layout, index);
    g_autofree char *text = panel_text(panel, layout->hidden[index], layout->scale, unit);
    g_autofree char *quoted = gnuplot_quote(text);
    double above = header_rows(layout, index) * layout->row_height - HEADER + 10;
    g_string_append_printf(script, "set label %d %s at 0,%g left font ',11'\n", index + 1, quoted,
                           row - 0.5 - above / layout->row_height);
    double makespan = panel->timeline->makespan / layout->scale;
    g_string_append_printf(script, "set arrow from %.7g,%g to %.7g,%g nohead lc rgb '#404040'\n",
                           makespan, row - 0.5, makespan, row + ranks - 0.5);
    for (int line = 0; line <= ranks && (line == ranks || layout->row_height >= 6); line++)
        g_string_append_printf(script,
                               "set arrow from 0,%g to %.7g,%g nohead lw 0.5 lc rgb '#d0d0d0'\n",
                               row + line - 0.5, makespan, row + line - 0.5);
    int every = 1;
    while (every * layout->row_height < 18)
        every *= 2;
    for (int rank = 0; rank < ranks; rank += every)
        g_string_append_printf(tics, "%s'rank %d' %g", tics->len ? ", " : "", rank, row + rank);
}

static void add_axes(const struct picture_layout *layout, const char *title, const char *unit,
                     GString *script)
{
    g_autoptr(GString) tics = g_string_new(NULL);
    for (int panel = 0; panel < layout->panels; panel++)
        add_panel(layout, panel, unit, script, tics);
    g_autofree char *label = axis_label(layout->panel[0].timeline->unit, unit);
    int height = picture_height(layout, title);
    g_string_append_printf(
        script,
        "set encoding utf8\nset xrange [0:%.7g]\nset yrange [%g:0]\n"
        "set ytics (%s) scale 0\nset xlabel '%s' offset 0,0.3\n"
        "set xtics nomirror out\nset border 1\n"
        "set lmargin at screen %g\nset rmargin at screen %g\n"
        "set tmargin at screen %g\nset bmargin at screen %g\n"
        "set key at screen 0.5,screen %g center center horizontal maxrows 2 samplen 1.5 width 1\n",
        layout->end / layout->scale, rows_end(layout), tics->str, label,
        (double)LEFT / layout->width, 1 - (double)RIGHT / layout->width,
        1 - (title ? TOP : 2.0) / height, (double)BOTTOM / height, 22.0 / height);
    if (title) {
        g_autofree char *quoted = gnuplot_quote(title);
        g_string_append_printf(script, "set title %s offset 0,-0.3\n", quoted);
    }
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

void picture_compose(struct picture_layout *layout, const char *title, GString *script,
                     GString *plot)
{
    const char *unit = choose_scale(layout->panel[0].timeline->unit, layout->end, &layout->scale);
    g_string_append(script, "# Draws the picture again: gnuplot THIS-FILE\n");
    add_axes(layout, title, unit, script);
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
    struct picture_layout layout = picture_layout_new(panel, panels);
    g_autoptr(GString) script = g_string_new(NULL);
    g_autoptr(GString) plot = g_string_new(NULL);
    picture_compose(&layout, title, script, plot);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    int width = layout.width, height = picture_height(&layout, title);
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
                                struct timeline_panel beside, const char *title, const char *path,
                                GString *error)
{
    struct timeline *above = timeline_of_replay(own, TIMELINE_FLOPS);
    struct timeline *below = reference ? timeline_of_replay(reference, TIMELINE_FLOPS) : NULL;
    const struct timeline_panel panel[] = {
        {.timeline = above,
         .label = reference ? "this program" : "the run",
         .formula = beside.formula,
         .formula_bubble = beside.formula_bubble,
         .stage_word = beside.stage_word},
        {.timeline = below, .label = "reference, with the same computations"}};
    bool drawn = timeline_picture(panel, reference ? 2 : 1, title, path, error);
    timeline_free(above);
    timeline_free(below);
    return drawn;
}
